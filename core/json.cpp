// The one JSON writer; see json.h.
#include "core/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/object_text.h"
#include "core/utf8.h"

namespace core {
namespace {

constexpr int kMaxJsonDepth = 1000;

void append_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  for (std::size_t i = 0; i < text.size();) {
    std::size_t plain = i;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text, i, plain - i);
    i = plain;
    if (i == text.size()) break;
    const char c = text[i];
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default: {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20) {
          out += "\\u00";
          out += kHex[code >> 4];
          out += kHex[code & 15];
          break;
        }
        const std::size_t length = utf8_length(text, i);
        if (length == 0) throw UserError("", "a string is not valid UTF-8 at its byte " + std::to_string(i));
        out.append(text.substr(i, length));
        i += length;
        continue;
      }
    }
    ++i;
  }
  out += '"';
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

// The shortest digits that read back, with a '.' or an 'e'. Requires: value is finite.
void append_finite(std::string& out, double value) {
  char buffer[32];
  char* end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  if (std::none_of(buffer, end, [](char c) { return c == '.' || c == 'e'; })) {
    *end++ = '.';
    *end++ = '0';
  }
  out.append(buffer, end);
}

void append(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
      append_number(out, value.get<std::int64_t>());
      return;
    case Json::value_t::number_unsigned:
      append_integer(out, value.get<std::uint64_t>());
      return;
    case Json::value_t::number_float:
      append_number(out, value.get<double>());
      return;
    case Json::value_t::string:
      append_string(out, value.get_ref<const std::string&>());
      return;
    case Json::value_t::array: {
      out += '[';
      bool first = true;
      for (const Json& item : value) {
        if (!first) out += ',';
        first = false;
        append(out, item);
      }
      out += ']';
      return;
    }
    case Json::value_t::object: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.get_ref<const Json::object_t&>()) {
        if (!first) out += ',';
        first = false;
        append_string(out, key);
        out += ':';
        append(out, item);
      }
      out += '}';
      return;
    }
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  check(false, "a JSON value of a kind that the project never makes");
}

// What walks or writes a value recurses as deep as it is: what is nested deeper than the stack allows is not built.
Json parse_shallow(std::string_view text, std::string_view place) {
  const auto opens = std::count_if(text.begin(), text.end(), [](char c) { return c == '{' || c == '['; });
  if (opens <= kMaxJsonDepth) return Json::parse(text);  // the faster way
  bool too_deep = false;
  Json value = Json::parse(text, [&](int depth, Json::parse_event_t event, Json&) {
    const bool opens_one = event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
    const bool is_beyond = opens_one && depth >= kMaxJsonDepth;  // that of the outermost is 0
    too_deep = too_deep || is_beyond;
    return !is_beyond;
  });
  if (too_deep)
    throw UserError(std::string(place), "is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  return value;
}

// {"float": "nan"} back to a double, in place and all the way down.
void restore_not_finite(Json& value) {
  if (value.is_object() && value.size() == 1 && value.contains("float") && value["float"].is_string()) {
    const std::string& name = value["float"].get_ref<const std::string&>();
    if (name == "nan")
      value = std::numeric_limits<double>::quiet_NaN();
    else if (name == "inf")
      value = std::numeric_limits<double>::infinity();
    else if (name == "-inf")
      value = -std::numeric_limits<double>::infinity();
    return;
  }
  if (value.is_structured())
    for (Json& item : value) restore_not_finite(item);
}

bool is_above_signed(const Json& number) {
  return number.is_number_unsigned() && number.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
}

}  // namespace

std::string format_double(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text;
  append_finite(text, value);
  return text;
}

void append_number(std::string& out, double value) {
  if (std::isfinite(value)) {
    append_finite(out, value);
  } else {
    out += "{\"float\":\"" + format_double(value) + "\"}";
  }
}

void append_number(std::string& out, std::int64_t value) { append_integer(out, value); }

void append_json(std::string& out, const Json& value) { append(out, value); }
void append_json(std::string& out, std::string_view text) { append_string(out, text); }

std::string canonical_json(const Json& value) {
  std::string out;
  append(out, value);
  return out;
}

bool same_number(const Json& a, const Json& b) {
  if (a.is_number_integer() && b.is_number_integer() && is_above_signed(a) != is_above_signed(b)) return false;
  return a == b;
}

bool less_number(const Json& a, const Json& b) {
  if (a.is_number_integer() && b.is_number_integer() && is_above_signed(a) != is_above_signed(b))
    return is_above_signed(b);
  return a < b;
}

Json parse_json(std::string_view text, std::string_view place) {
  try {
    Json value = parse_shallow(text, place);
    restore_not_finite(value);
    return value;
  } catch (const Json::parse_error& error) {
    throw UserError(std::string(place), "not valid JSON at byte " + std::to_string(error.byte));
  } catch (const Json::out_of_range&) {
    throw UserError(std::string(place), "holds a number that no double holds", "write one of at most 1.8e308");
  }
}

}  // namespace core
