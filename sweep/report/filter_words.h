// The words of a condition, and what a value of it means. Inside of report/: filter.cpp makes the tree of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/spec/source_text.h"

namespace sweep {

struct FilterWord {
  enum class Kind { kWord, kQuoted, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;    ///< without its quotes; of kSign: one of ( ) , = != < <= > >=
  std::size_t at = 0;  ///< byte at which it begins
};

/// The words of `source` with kEnd as the last. Errors: UserError.
std::vector<FilterWord> filter_words(const SourceText& source);

/// Throws the problem with the place of the byte `at`.
[[noreturn]] void refuse_filter(const SourceText& source, std::size_t at, std::string problem, std::string remedy = {});

/// A value that cells are compared with.
struct FilterValue {
  std::string text;
  std::optional<core::Json> json = {};  ///< what a bare word means beside its text; a number also of `nan` and `inf`

  explicit FilterValue(const FilterWord& word);
  /// The same number, text, list, …; 1 and 1.0 are the same.
  bool equals(const core::Json& cell) const;
};

}  // namespace sweep
