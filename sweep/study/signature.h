// When two failures are one: the outcome and what is said of it, without what differs from trial to trial. Called by
// the fold (the guard) and by dispatch/ (failures that follow a GPU). Pure.
#pragma once

#include <string>
#include <string_view>

#include "protocol/outcome.h"

namespace sweep {

/// "failed: exit code N: cannot open PATH": the outcome's name and `detail` with every number (in hex, and with digits
/// that stand inside a word, too) as N and every word with a slash as PATH.
std::string failure_signature(protocol::Outcome outcome, std::string_view detail);

}  // namespace sweep
