// The columns of a table for people made to fit a terminal: identifiers, texts and headings are shortened first, then
// columns are left out from the right. Called by table.cpp. Knows nothing of trials.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweep/report/display.h"

namespace sweep {

/// One column of a table, its heading first.
struct TextColumn {
  std::vector<std::string> texts;
  Align align = Align::kLeft;
  std::string name = {};                    ///< whole, for the line that says what has no room
  bool stays = false;                       ///< is never left out
  std::optional<std::size_t> id_size = {};  ///< an identifier: so many characters of it are enough to find it again
};

/// Columns that they take side by side.
std::size_t width_of(const std::vector<TextColumn>& columns);

/// What has no room is taken out of `columns`. Returns their names, in order. `width`: of the terminal in columns.
std::vector<std::string> fit(std::vector<TextColumn>& columns, std::size_t width);

/// The columns side by side as lines; see aligned().
std::vector<std::string> table_lines(const std::vector<TextColumn>& columns);

/// Cells of several parts: the first ones stand with their decimal points below each other, the others begin below each
/// other. All have the same width then.
std::vector<std::string> joined_parts(const std::vector<std::vector<std::string>>& cells);

/// `line` broken at spaces where it is wider than `width`; what follows is moved in by `indent`. A word that is wider
/// stands alone and whole.
std::string wrapped(const std::string& line, std::size_t width, std::size_t indent);

}  // namespace sweep
