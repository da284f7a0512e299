// See display.h. Widths follow Unicode 15, EastAsianWidth.txt (W and F) and the general categories Mn, Me and Cf,
// condensed to ranges: what a terminal shows, without a locale.
#include "sweep/report/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "core/utf8.h"

namespace sweep {
namespace {

struct Range {
  char32_t first, last;
};

constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},   {0x23F0, 0x23F0},
    {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x267F, 0x267F},
    {0x2693, 0x2693},   {0x26A1, 0x26A1},   {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},
    {0x26CE, 0x26CE},   {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x27B0, 0x27B0},   {0x27BF, 0x27BF},   {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},
    {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x16FE0, 0x18CD5}, {0x18D00, 0x18D08}, {0x1AFF0, 0x1B2FB}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320}, {0x1F32D, 0x1F335},
    {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA}, {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0},
    {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E}, {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D},
    {0x1F54B, 0x1F54E}, {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4},
    {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2}, {0x1F6D5, 0x1F6D7},
    {0x1F6DC, 0x1F6DF}, {0x1F6EB, 0x1F6EC}, {0x1F6F4, 0x1F6FC}, {0x1F7E0, 0x1F7EB}, {0x1F7F0, 0x1F7F0},
    {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x2FFFD},
    {0x30000, 0x3FFFD},
};

constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F},   {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2}, {0x05C4, 0x05C5},
    {0x05C7, 0x05C7},   {0x0610, 0x061A}, {0x064B, 0x065F}, {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},
    {0x06E7, 0x06E8},   {0x06EA, 0x06ED}, {0x0900, 0x0902}, {0x093A, 0x093A}, {0x093C, 0x093C}, {0x0941, 0x0948},
    {0x094D, 0x094D},   {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1ACE}, {0x1DC0, 0x1DFF},
    {0x20D0, 0x20F0},   {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1F3FB, 0x1F3FF},
    {0xE0100, 0xE01EF},
};

template <std::size_t kCount>
bool within(const Range (&ranges)[kCount], char32_t code) {
  const auto found = std::partition_point(std::begin(ranges), std::end(ranges),
                                          [code](const Range& range) { return range.last < code; });
  return found != std::end(ranges) && found->first <= code;
}

std::size_t columns_of(char32_t code) {
  if (within(kZeroWidth, code)) return 0;
  return within(kWide, code) ? 2 : 1;
}

// Where the decimal point stands, or would stand.
std::size_t point(const std::string& number) { return std::min(number.find_first_of(".e"), number.size()); }

std::string padded(const std::string& cell, Align align, std::size_t width, std::size_t before_point) {
  const std::size_t own = display_width(cell);
  std::size_t left = 0;
  if (align == Align::kRight) left = width - own;
  if (align == Align::kPoint) left = before_point - point(cell);
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
  if (display_width(all) <= max_columns) return all;
  std::size_t end = 0, columns = 0;
  while (end < all.size()) {
    const core::Utf8Character character = core::utf8_character(all, end);
    if (columns + columns_of(character.code) + 1 > max_columns) break;
    columns += columns_of(character.code);
    end += character.bytes;
  }
  return all.substr(0, end) + "…";
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

int digits_that_tell_apart(const std::vector<double>& values) {
  constexpr int kUsual = 6, kExact = 17;
  const std::set<double> different(values.begin(), values.end());
  for (int digits = kUsual; digits < kExact; ++digits) {
    std::set<std::string> texts;
    for (const double value : different) texts.insert(rounded(value, digits));
    if (texts.size() == different.size()) return digits;
  }
  return kExact;
}

std::string aligned(const std::vector<std::vector<std::string>>& lines, const std::vector<Align>& align) {
  std::vector<std::size_t> widths(align.size()), points(align.size());
  for (std::size_t line = 0; line < lines.size(); ++line) {
    core::check(lines[line].size() == align.size(), "a line of a table has too few or too many cells");
    for (std::size_t i = 0; i < align.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(lines[line][i]));
      if (line > 0) points[i] = std::max(points[i], point(lines[line][i]));
    }
  }
  for (std::size_t i = 0; i < align.size(); ++i) {
    if (align[i] != Align::kPoint) continue;
    std::size_t after = 0;
    for (std::size_t line = 1; line < lines.size(); ++line)
      after = std::max(after, display_width(lines[line][i]) - point(lines[line][i]));
    widths[i] = std::max(widths[i], points[i] + after);
    points[i] = widths[i] - after;  // a heading wider than its numbers pushes them to the right
  }
  std::string text;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    std::string row;
    for (std::size_t i = 0; i < align.size(); ++i) {
      const Align how = line == 0 && align[i] == Align::kPoint ? Align::kRight : align[i];
      row += (i == 0 ? "" : "  ") + padded(lines[line][i], how, widths[i], points[i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

}  // namespace sweep
