// Lines, columns, carets; see source_text.h.
#include "sweep/spec/source_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "core/utf8.h"

namespace sweep {
namespace {

constexpr int kLongestLine = 120;  // of a longer one only what stands around the caret is shown
constexpr int kShownBefore = 70;
constexpr int kShownAfter = 40;

struct Character {
  std::string_view bytes;  // as they lie in the text
  bool valid = true;       // well-formed UTF-8
};

// The characters of a line; a byte that is not UTF-8 stands for itself.
std::vector<Character> characters(std::string_view line) {
  std::vector<Character> result;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t length = core::utf8_length(line, at);
    result.push_back({line.substr(at, std::max<std::size_t>(length, 1)), length > 0});
    at += std::max<std::size_t>(length, 1);
  }
  return result;
}

std::uint32_t code_point(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
  if (bytes.size() == 1) return byte(0);
  std::uint32_t code = byte(0) & (0xFFu >> (bytes.size() + 1));
  for (std::size_t i = 1; i < bytes.size(); ++i) code = (code << 6) | (byte(i) & 0x3Fu);
  return code;
}

// Columns of a terminal that a character takes. Source: Unicode 15, EastAsianWidth (W and F) and general category Mn,
// by blocks.
int width(std::uint32_t code) {
  using Range = std::pair<std::uint32_t, std::uint32_t>;
  constexpr std::array<Range, 4> kNone = {Range{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}};
  constexpr std::array<Range, 10> kTwo = {Range{0x1100, 0x115F}, {0x2E80, 0x303E},  {0x3041, 0xA4CF}, {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},      {0xFE30, 0xFE6F},  {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1FAFF},    {0x20000, 0x3FFFD}};
  const auto holds = [code](const Range& range) { return code >= range.first && code <= range.second; };
  if (std::any_of(kNone.begin(), kNone.end(), holds)) return 0;
  return std::any_of(kTwo.begin(), kTwo.end(), holds) ? 2 : 1;
}

}  // namespace

SourceText::SourceText(std::string text, std::filesystem::path file) : text_(std::move(text)), file_(std::move(file)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i)
    if (text_[i] == '\n') line_starts_.push_back(i + 1);
}

Mark SourceText::mark_at(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t start = *std::prev(next);
  const std::string_view before = std::string_view(text_).substr(start, offset - start);
  return {static_cast<int>(next - line_starts_.begin()), static_cast<int>(characters(before).size()) + 1};
}

core::Problem SourceText::problem_at(Mark mark, std::string problem, std::string remedy) const {
  return {file_.string() + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column), std::move(problem),
          std::move(remedy), excerpt(mark)};
}

std::string SourceText::excerpt(Mark mark) const {
  const std::size_t start = line_starts_[static_cast<std::size_t>(mark.line) - 1];
  std::string_view line = std::string_view(text_).substr(start, text_.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);

  const std::vector<Character> all = characters(line);
  const int count = static_cast<int>(all.size());
  const bool whole = count <= kLongestLine;
  const int first = whole ? 0 : std::max(0, mark.column - 1 - kShownBefore);
  const int last = whole ? count : std::min(count, mark.column + kShownAfter);
  std::string shown = first > 0 ? "  …" : "  ";
  std::string pad = first > 0 ? "   " : "  ";
  for (int i = first; i < last; ++i) {
    const Character& character = all[static_cast<std::size_t>(i)];
    const bool control = character.bytes.size() == 1 && static_cast<unsigned char>(character.bytes[0]) < 0x20;
    const bool tab = character.bytes == "\t";
    if (!character.valid || (control && !tab)) {
      shown += "\uFFFD";
    } else {
      shown += character.bytes;
    }
    if (i + 1 < mark.column)
      pad += tab ? "\t"
                 : std::string(static_cast<std::size_t>(character.valid ? width(code_point(character.bytes)) : 1), ' ');
  }
  if (last < count) shown += "…";
  return shown + "\n" + pad + "^";
}

Mark MarkCounter::at(std::size_t offset) {
  const std::string& text = source_.text();
  offset = std::min(offset, text.size());
  if (offset < offset_) {
    mark_ = source_.mark_at(offset);
    offset_ = offset;
  }
  for (; offset_ < offset; ++offset_) {
    if (text[offset_] == '\n') {
      mark_ = {mark_.line + 1, 1};
    } else if ((static_cast<unsigned char>(text[offset_]) & 0xC0u) != 0x80u) {
      ++mark_.column;
    }
  }
  return mark_;
}

void require_text(const SourceText& source, bool control_characters) {
  const std::string& text = source.text();
  const auto refuse = [&](std::size_t at, std::string problem, std::string remedy) {
    throw core::UserError({source.problem_at(source.mark_at(at), std::move(problem), std::move(remedy))});
  };
  if (text.starts_with("\xEF\xBB\xBF")) refuse(0, "the file begins with a byte order mark", "save it as UTF-8 without");
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = core::utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool line_end = byte == '\n' || (byte == '\r' && text.compare(at, 2, "\r\n") == 0);
    const bool control = (byte < 0x20 && byte != '\t' && !line_end) || byte == 0x7f;
    if (length == 0 || byte == 0 || (control_characters && control)) {
      constexpr char kHex[] = "0123456789abcdef";
      refuse(at, std::string("the byte 0x") + kHex[byte >> 4] + kHex[byte & 15] + " is not text",
             length == 0 || byte == 0 ? "save the file as UTF-8" : "remove it");
    }
    at += length;
  }
}

}  // namespace sweep
