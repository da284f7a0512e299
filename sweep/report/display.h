// Text for a terminal: its width in columns, cut where it is too wide, numbers rounded for reading, cells aligned.
// Called by report/ and commands/. Exact forms (CSV, JSON) do not come through here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/printable.h"

namespace sweep {

/// Wider cells of a table are cut; CSV and JSON have them whole.
inline constexpr std::size_t kCellColumns = 32;

/// Names of sweeps, metrics and parameters in a sentence are cut to this.
inline constexpr std::size_t kNameColumns = 60;

using core::printable;
using core::printable_lines;

/// Combining marks take no column: a text is cut at so many bytes for each column it may have, too. Letters of every
/// script with the marks that they are written with need fewer.
inline constexpr std::size_t kBytesPerColumn = 16;

/// core::printable(); longer than `max_columns` columns, or than kBytesPerColumn for each: cut, with "…" as the last
/// one.
std::string printable(std::string_view text, std::size_t max_columns);

/// What a message offers in the place of a name that is none of `names`: "did you mean 'x'?", or "one of: x, y".
std::string nearest_or_all(const std::string& typed, const std::vector<std::string>& names);

/// Columns that `text` takes on a terminal. Requires: printable. Wide (East Asian, emoji) characters take two,
/// combining marks none.
std::size_t display_width(std::string_view text);

/// `value` rounded to `digits` significant decimal digits, in canonical form; exact where it has no more than these.
std::string rounded(double value, int digits);

/// A parameter's value as a cell: a text as it stands, unless it could be taken for something else ("3" is not 3);
/// doubles rounded to so many digits.
std::string value_text(const core::Json& value, int digits);

/// Seconds for people: "3.25 s", "4 min 05 s", "2 h 03 min".
std::string duration_text(double seconds);

/// The least number of digits, 6 or more, at which no two different values of `values` look alike.
int digits_that_tell_apart(std::vector<double> values);

enum class Align { kLeft, kRight, kPoint };  ///< kPoint: decimal points stand below each other

/// Where the decimal point of a number stands, or would stand: so many columns before it.
std::size_t point_of(const std::string& number);

/// Lines of cells as columns two spaces apart, without trailing spaces. The first line is the heading. Requires: every
/// line has as many cells as `align`.
std::vector<std::string> aligned_lines(const std::vector<std::vector<std::string>>& lines,
                                       const std::vector<Align>& align);
/// The same as one text; each line ends with a newline.
std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<Align>& align);

}  // namespace sweep
