// Cells as CSV. Quoting: RFC 4180, section 2, rules 5 to 7. Lines end with LF, which every reader of CSV takes and
// every Unix tool expects. Used by the leaderboard and by `sweep plan`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace sweep {

/// A heading or a text: quoted where it must be, "" where it is empty.
std::string csv_field(const std::string& field);
/// Numbers and structures in canonical form; nothing where there is no value. Appended to `line`.
void append_csv_cell(std::string& line, const std::optional<core::Json>& cell);
std::string csv_cell(const std::optional<core::Json>& cell);
/// Fields, already in CSV form, as one line with its LF.
std::string csv_line(const std::vector<std::string>& fields);

}  // namespace sweep
