// The condition of `sweep report --filter`: text → whether a row meets it. Called by choice.cpp. It knows names of
// columns and their cells, and nothing of rows.
//
//   condition = both { "or" both }          both  = not { "and" not }
//   not       = "not" not | "(" condition ")" | test
//   test      = name ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
//             | name [ "not" ] "in" "(" value { "," value } ")"
//
// A name or a value is a bare word or quoted, in '…' or "…", a backslash before a quote. A bare value that is JSON (a
// number, true, null, [256,128]) means that, or the text that is spelled so; a quoted one is a text. `nan` and `inf`
// are numbers. < and its kin compare numbers. A value that is missing meets nothing but != and `not in`.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace sweep {

/// What a condition may name.
struct FilterColumn {
  std::string name;
  std::vector<std::string> words = {};  ///< its values, where they are a list; empty: any
};

class Filter {
 public:
  /// Of the column with this place in the list; nothing where the row has none.
  using Cell = std::function<std::optional<core::Json>(std::size_t column)>;

  /// `is_open`: other names than these are columns without any value, for there is no row yet that could tell them.
  /// Errors: UserError with the place in the text, and the nearest name.
  Filter(const std::string& text, const std::vector<FilterColumn>& columns, bool is_open);
  ~Filter();
  Filter(Filter&&) noexcept;

  bool matches(const Cell& cell) const;

  struct Node;

 private:
  std::unique_ptr<const Node> root_;
};

}  // namespace sweep
