// Where a character of UTF-8 ends, and which it is. Used by the JSON writer, which refuses what is not UTF-8, by
// printable() and by whoever counts columns.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

/// Length in bytes of the well-formed character at `text[at]`; 0 where there is none (Unicode 15, table 3-7).
inline std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool in_range = !(lead == 0xE0 && byte(1) < 0xA0) && !(lead == 0xED && byte(1) > 0x9F);
    return in_range && continues(1) && continues(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool in_range = !(lead == 0xF0 && byte(1) < 0x90) && !(lead == 0xF4 && byte(1) > 0x8F);
    return in_range && continues(1) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

/// One character; where `valid` is false a byte that begins none.
struct Utf8Character {
  char32_t code;
  std::size_t bytes;
  bool valid;
};

/// The character at `text[at]`. Requires: at < text.size().
inline Utf8Character utf8_character(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> char32_t { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t bytes = utf8_length(text, at);
  if (bytes < 2) return {byte(0), 1, bytes == 1};
  char32_t code = byte(0) & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6) | (byte(i) & 0x3Fu);
  return {code, bytes, true};
}

/// The beginning of `text`: at most so many bytes, and no character cut in two. Requires: `text` is UTF-8.
inline std::string_view utf8_prefix(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80u) --bytes;
  return text.substr(0, bytes);
}

/// `text` with a question mark for each byte that is no UTF-8.
inline std::string valid_utf8(std::string_view text) {
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    valid += length > 0 ? text.substr(at, length) : "?";
    at += length > 0 ? length : 1;
  }
  return valid;
}

}  // namespace core
