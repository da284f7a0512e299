// See display.h.
#include "sweep/report/display.h"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"
#include "core/json.h"
#include "core/suggest.h"
#include "core/utf8.h"

namespace sweep {
namespace {

// The C library's table, of the locale that every glibc has built in since 2.35; the user's own does not matter. Its
// source: Unicode's EastAsianWidth.txt (W and F take two columns) and general categories (Mn and Me take none).
std::size_t columns_of(char32_t code) {
  if (code < 0x300) return 1;
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  if (utf8 == nullptr) return 1;
  const locale_t before = ::uselocale(utf8);
  const int columns = ::wcwidth(static_cast<wchar_t>(code));
  ::uselocale(before);
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);  // one that no table knows is shown as a box
}

std::string padded(const std::string& cell, Align align, std::size_t width, std::size_t before_point) {
  const std::size_t own = display_width(cell);
  std::size_t left = 0;
  if (align == Align::kRight) left = width - own;
  if (align == Align::kPoint) left = before_point - point_of(cell);
  return std::string(left, ' ') + cell + std::string(width - own - left, ' ');
}

// A string as it stands, unless it could be taken for something else.
std::string string_text(const std::string& text) {
  const bool other = text.empty() || text.front() == ' ' || text.back() == ' ' || core::Json::accept(text);
  return other ? core::canonical_json(text) : text;
}

}  // namespace

std::string printable(std::string_view text, std::size_t max_columns) {
  std::string all = core::printable(text);
  const std::size_t max_bytes = kBytesPerColumn * max_columns;
  if (all.size() <= max_bytes && display_width(all) <= max_columns) return all;
  std::size_t end = 0, columns = 0;
  while (end < all.size()) {
    const core::Utf8Character character = core::utf8_character(all, end);
    if (columns + columns_of(character.code) + 1 > max_columns || end + character.bytes > max_bytes) break;
    columns += columns_of(character.code);
    end += character.bytes;
  }
  return all.substr(0, end) + "…";
}

std::string nearest_or_all(const std::string& typed, const std::vector<std::string>& names) {
  if (const auto near = core::nearest_word(typed, names))
    return "did you mean '" + printable(*near, kNameColumns) + "'?";
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "one of: " : ", ") + printable(name, kNameColumns);
  return all;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size();) {
    const core::Utf8Character character = core::utf8_character(text, i);
    width += columns_of(character.code);
    i += character.bytes;
  }
  return width;
}

std::string rounded(double value, int digits) {
  if (!std::isfinite(value)) return core::format_double(value);
  char buffer[64];
  const auto written = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific, digits - 1);
  double nearest = 0;
  std::from_chars(buffer, written.ptr, nearest);
  return core::format_double(nearest);
}

std::string value_text(const core::Json& value, int digits) {
  std::string text;
  if (value.is_string()) {
    text = string_text(value.get_ref<const std::string&>());
  } else if (value.is_number_float()) {
    text = rounded(value.get<double>(), digits);
  } else {
    text = core::canonical_json(value);
  }
  return printable(text, kCellColumns);
}

std::string duration_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : 1);
  const auto whole = static_cast<std::int64_t>(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

int digits_that_tell_apart(std::vector<double> values) {
  constexpr int kUsual = 6, kExact = 17;
  std::erase_if(values, [](double value) { return std::isnan(value); });
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  int digits = kUsual;
  // Rounding keeps the order, so that only neighbours can come to look alike.
  for (std::size_t i = 1; i < values.size(); ++i)
    while (digits < kExact && rounded(values[i - 1], digits) == rounded(values[i], digits)) ++digits;
  return digits;
}

std::size_t point_of(const std::string& number) {
  const std::size_t at = number.find_first_of(".e");
  return at == std::string::npos ? display_width(number) : at;
}

std::vector<std::string> aligned_lines(const std::vector<std::vector<std::string>>& lines,
                                       const std::vector<Align>& align) {
  std::vector<std::size_t> widths(align.size()), points(align.size());
  for (std::size_t line = 0; line < lines.size(); ++line) {
    core::check(lines[line].size() == align.size(), "a line of a table has too few or too many cells");
    for (std::size_t i = 0; i < align.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(lines[line][i]));
      if (line > 0) points[i] = std::max(points[i], point_of(lines[line][i]));
    }
  }
  for (std::size_t i = 0; i < align.size(); ++i) {
    if (align[i] != Align::kPoint) continue;
    std::size_t after = 0;
    for (std::size_t line = 1; line < lines.size(); ++line)
      after = std::max(after, display_width(lines[line][i]) - point_of(lines[line][i]));
    widths[i] = std::max(widths[i], points[i] + after);
    points[i] = widths[i] - after;  // a heading wider than its numbers pushes them to the right
  }
  std::vector<std::string> rows;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    std::string row;
    for (std::size_t i = 0; i < align.size(); ++i) {
      const Align how = line == 0 && align[i] == Align::kPoint ? Align::kRight : align[i];
      row += (i == 0 ? "" : "  ") + padded(lines[line][i], how, widths[i], points[i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<Align>& align) {
  std::string text;
  for (const std::string& line : aligned_lines(lines, align)) text += line + "\n";
  return text;
}

}  // namespace sweep
