// Plain text, plain or gzip, character by character. Callers: dataset.cpp. Windows are cut by set_context()
// (dataset.h).
//
// A token is a code point; the vocabulary is the distinct code points of the whole training file, ascending. A byte
// order mark at the beginning is skipped; nothing else is changed, line ends included.
#pragma once

#include "trainer/data/dataset.h"

namespace trainer {

/// Errors: UserError with file and byte: not UTF-8, empty, more than kMaxClasses different characters, one of the test
/// file that the training file does not have.
Dataset load_text(const protocol::DataSet& source);

}  // namespace trainer
