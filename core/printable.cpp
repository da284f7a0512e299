// See printable.h.
#include "core/printable.h"

#include <algorithm>
#include <iterator>

#include "core/utf8.h"

namespace core {
namespace {

struct Range {
  char32_t first, last;
};

// Characters that act instead of being seen. U+2028 and U+2029 end lines; U+202A… turn the reading direction; U+200B…
// and U+FEFF are invisible, so that two names could look the same.
constexpr Range kActing[] = {
    {0x0000, 0x001F}, {0x007F, 0x009F}, {0x00AD, 0x00AD}, {0x061C, 0x061C}, {0x180E, 0x180E},   {0x200B, 0x200F},
    {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
};

bool acts(char32_t code) {
  return std::any_of(std::begin(kActing), std::end(kActing),
                     [code](const Range& range) { return range.first <= code && code <= range.last; });
}

std::string hex(char32_t code, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; code >>= 4) text[i] = "0123456789abcdef"[code & 15];
  return text;
}

std::string escaped(const Utf8Character& character) {
  if (!character.valid) return "\\x" + hex(character.code, 2);
  switch (character.code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      break;
  }
  if (character.code < 0x100) return "\\x" + hex(character.code, 2);
  return character.code < 0x10000 ? "\\u" + hex(character.code, 4) : "\\U" + hex(character.code, 8);
}

template <class Keep>
std::string neutralised(std::string_view text, Keep keep) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    if (keep(character.code) || (character.valid && !acts(character.code))) {
      out += text.substr(i, character.bytes);
    } else {
      out += escaped(character);
    }
    i += character.bytes;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return neutralised(text, [](char32_t) { return false; });
}

std::string printable_lines(std::string_view text) {
  return neutralised(text, [](char32_t code) { return code == '\n' || code == '\t'; });
}

}  // namespace core
