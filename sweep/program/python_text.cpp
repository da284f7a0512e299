// See python_text.h. The rule for floats is that of CPython's float_repr (Python/pystrtod.c, format code 'r'); that for
// strings is unicode_repr (Objects/unicodeobject.c).
#include "sweep/program/python_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "core/error.h"
#include "core/utf8.h"

namespace sweep {
namespace {

using core::Json;

struct Range {
  char32_t first, last;
};

// What Python does not print as it is: separators other than the space, controls, format characters, private use,
// surrogates and noncharacters (categories Z*, Cc, Cf, Co, Cs). Code points that a version of Unicode has not assigned
// yet are printed: which those are depends on the version of Python.
constexpr Range kNotPrinted[] = {
    {0x00, 0x1F},       {0x7F, 0xA0},       {0xAD, 0xAD},       {0x600, 0x605},      {0x61C, 0x61C},
    {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},      {0x1680, 0x1680},
    {0x180E, 0x180E},   {0x2000, 0x200F},   {0x2028, 0x202F},   {0x205F, 0x2064},    {0x2066, 0x206F},
    {0x3000, 0x3000},   {0xD800, 0xF8FF},   {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},    {0xFFF9, 0xFFFB},
    {0xFFFE, 0xFFFF},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x13438},  {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0001, 0xE0001}, {0xE0020, 0xE007F}, {0xF0000, 0x10FFFF},
};

bool printed(char32_t code) {
  const auto* range = std::upper_bound(std::begin(kNotPrinted), std::end(kNotPrinted), code,
                                       [](char32_t c, const Range& r) { return c < r.first; });
  return range == std::begin(kNotPrinted) || code > std::prev(range)->last;
}

char32_t decode(std::string_view character) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    case 3:
      return (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    default:
      return (byte(0) & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
  }
}

void append_escape(std::string& out, char32_t code) {
  constexpr char kHex[] = "0123456789abcdef";
  const int digits = code < 0x100 ? 2 : code < 0x10000 ? 4 : 8;
  out += digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
}

void append_quoted(std::string& out, std::string_view text) {
  const bool double_quotes = text.find('\'') != text.npos && text.find('"') == text.npos;
  const char quote = double_quotes ? '"' : '\'';
  out += quote;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(core::utf8_length(text, at), 1);
    const std::string_view character = text.substr(at, length);
    at += length;
    const char c = character[0];
    if (c == quote || c == '\\')
      (out += '\\') += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (const char32_t code = decode(character); printed(code))
      out += character;
    else
      append_escape(out, code);
  }
  out += quote;
}

// Fixed notation from 1e-4 up to, not including, 1e16; an exponent of at least two digits elsewhere.
void append_float(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += core::format_double(value);
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += text;  // to_chars writes the exponent as Python does: a sign and at least two digits
    return;
  }
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  const auto count = static_cast<int>(digits.size());
  if (exponent < 0) {
    (out += "0.").append(static_cast<std::size_t>(-exponent - 1), '0') += digits;
  } else if (count <= exponent + 1) {
    (out += digits).append(static_cast<std::size_t>(exponent + 1 - count), '0') += ".0";
  } else {
    out += digits.insert(static_cast<std::size_t>(exponent + 1), ".");
  }
}

void append_repr(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "None";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "True" : "False";
      return;
    case Json::value_t::number_integer:
      out += std::to_string(value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      out += std::to_string(value.get<std::uint64_t>());
      return;
    case Json::value_t::number_float:
      append_float(out, value.get<double>());
      return;
    case Json::value_t::string:
      append_quoted(out, value.get_ref<const std::string&>());
      return;
    case Json::value_t::array:
    case Json::value_t::object: {
      const bool object = value.is_object();
      out += object ? '{' : '[';
      bool first = true;
      for (const auto& [key, item] : value.items()) {
        if (!first) out += ", ";
        first = false;
        if (object) {
          append_quoted(out, key);
          out += ": ";
        }
        append_repr(out, item);
      }
      out += object ? '}' : ']';
      return;
    }
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  core::check(false, "a JSON value of a kind that the project never makes");
}

void append_json(std::string& out, const Json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {
    const double number = value.get<double>();
    out += std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
    return;
  }
  if (!value.is_structured()) {
    out += core::canonical_json(value);
    return;
  }
  out += value.is_object() ? '{' : '[';
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) out += ',';
    first = false;
    if (value.is_object()) (out += core::canonical_json(key)) += ':';
    append_json(out, item);
  }
  out += value.is_object() ? '}' : ']';
}

}  // namespace

std::string python_str(const Json& value) { return value.is_string() ? value.get<std::string>() : python_repr(value); }

std::string python_repr(const Json& value) {
  std::string out;
  append_repr(out, value);
  return out;
}

std::string program_json(const Json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace sweep
