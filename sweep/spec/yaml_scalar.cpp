// See yaml_scalar.h. Each kind of scalar is one function that takes the text or leaves it.
#include "sweep/spec/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>

namespace sweep {
namespace {

using core::Json;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_digit); }

// `text` is `word` in lower case, Capitalised or in UPPER CASE: the three spellings that YAML 1.1 knows.
bool spells(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  const auto upper = [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); };
  bool lower = true, all_upper = true;
  for (std::size_t i = 1; i < word.size(); ++i) {
    lower = lower && text[i] == word[i];
    all_upper = all_upper && text[i] == upper(word[i]);
  }
  return (text[0] == word[0] && lower) || (text[0] == upper(word[0]) && (lower || all_upper));
}

bool is_null(std::string_view text) { return text.empty() || text == "~" || spells(text, "null"); }

std::optional<bool> boolean(std::string_view text) {
  for (const std::string_view word : {"true", "yes", "on"})
    if (spells(text, word)) return true;
  for (const std::string_view word : {"false", "no", "off"})
    if (spells(text, word)) return false;
  return std::nullopt;
}

struct Signed {
  bool negative = false;
  std::string_view rest;
};

Signed split_sign(std::string_view text) {
  const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  return {sign && text[0] == '-', text.substr(sign ? 1 : 0)};
}

bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Without the '_' that separate digits; nothing where one stands elsewhere.
std::optional<std::string> without_separators(std::string_view text, bool (*is_of_number)(char)) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_')
      result += text[i];
    else if (i == 0 || i + 1 == text.size() || !is_of_number(text[i - 1]) || !is_of_number(text[i + 1]))
      return std::nullopt;
  }
  return result;
}

YamlScalar integer_value(std::string_view written, bool negative, const std::string& digits, int base) {
  std::uint64_t magnitude = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (result.ec != std::errc{} || (negative && magnitude > (std::uint64_t{1} << 63))) {
    const std::string remedy = base == 10 ? "write it as a float (" + std::string(written) + ".0)" : "";
    return {.problem = "the integer " + std::string(written) + " needs more than 64 bits", .remedy = remedy};
  }
  if (!negative || magnitude == 0) return {.value = magnitude};
  return {.value = static_cast<std::int64_t>(std::uint64_t{0} - magnitude)};
}

// A number that begins with a zero: octal for readers of YAML 1.1, decimal for those of 1.2.
YamlScalar leading_zero(std::string_view text, bool negative, const std::string& digits) {
  const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  const std::string plain = digits.substr(first);
  if (plain.size() == 1 && plain[0] < '8') return integer_value(text, negative, plain, 10);
  const std::string sign = negative ? "-" : "";
  if (plain.find_first_of("89") != std::string::npos)
    return {.problem = "the number " + std::string(text) + " begins with a zero",
            .remedy = "write " + sign + plain + ", or '" + std::string(text) + "' for a string"};
  return {.problem = "the number " + std::string(text) + " is octal for some readers of YAML and decimal for others",
          .remedy = "write " + sign + plain + ", " + sign + "0o" + plain + " or '" + std::string(text) + "'"};
}

std::optional<YamlScalar> integer(std::string_view text) {
  const auto [negative, rest] = split_sign(text);
  constexpr std::array<std::pair<std::string_view, int>, 3> kPrefixes = {{{"0x", 16}, {"0o", 8}, {"0b", 2}}};
  for (const auto& [prefix, base] : kPrefixes) {
    if (!rest.starts_with(prefix)) continue;
    const auto digits = without_separators(rest.substr(2), is_hex_digit);
    const auto fits = [b = base](char c) {
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : 16;
      return digit < b;
    };
    if (!digits || digits->empty() || !std::all_of(digits->begin(), digits->end(), fits)) return std::nullopt;
    return integer_value(text, negative, *digits, base);
  }
  const auto digits = without_separators(rest, is_digit);
  if (!digits || !all_digits(*digits)) return std::nullopt;
  if (digits->size() > 1 && (*digits)[0] == '0') return leading_zero(text, negative, *digits);
  return integer_value(text, negative, *digits, 10);
}

// digits [. digits] [e [sign] digits], with a digit on at least one side of the point, and a point or an exponent.
bool is_float(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  if (e < text.size() && !all_digits(split_sign(text.substr(e + 1)).rest)) return false;
  const std::string_view mantissa = text.substr(0, e);
  const std::size_t point = mantissa.find('.');
  if (point == std::string_view::npos) return e < text.size() && all_digits(mantissa);
  const std::string_view before = mantissa.substr(0, point), after = mantissa.substr(point + 1);
  if (before.empty() && after.empty()) return false;
  return (before.empty() || all_digits(before)) && (after.empty() || all_digits(after));
}

// `whole`: digits alone will do.
std::optional<YamlScalar> floating(std::string_view text, bool whole = false) {
  const auto [negative, rest] = split_sign(text);
  if (rest.starts_with('.')) {
    const std::string_view word = rest.substr(1);
    const bool all_lower_or_upper = word == "inf" || word == "Inf" || word == "INF";
    const double infinity = std::numeric_limits<double>::infinity();
    if (all_lower_or_upper) return YamlScalar{.value = negative ? -infinity : infinity};
    if (text == ".nan" || text == ".NaN" || text == ".NAN")
      return YamlScalar{.value = std::numeric_limits<double>::quiet_NaN()};
  }
  // None in an exponent: there W&B's reader takes none.
  const std::size_t e = std::min(rest.find_first_of("eE"), rest.size());
  auto digits = without_separators(rest.substr(0, e), is_digit);
  if (digits) *digits += rest.substr(e);
  if (!digits || !(is_float(*digits) || (whole && all_digits(*digits)))) return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(digits->data(), digits->data() + digits->size(), value);
  if (result.ec == std::errc{}) return YamlScalar{.value = negative ? -value : value};
  // from_chars does not say on which side of the doubles the number lies; one with a large exponent lies above.
  const bool large = std::strtod(digits->c_str(), nullptr) > 1;
  const std::string number = "the number " + std::string(text);
  if (large) return YamlScalar{.problem = number + " is too large for a double"};
  return YamlScalar{.problem = number + " is too small for a double", .remedy = "write 0.0 or a larger one"};
}

// 1:30 and 1:30:00.5, which YAML 1.1 reads in base 60.
bool is_sexagesimal(std::string_view text) {
  std::string_view rest = split_sign(text).rest;
  const std::size_t point = std::min(rest.find('.'), rest.size());
  if (point < rest.size() && point + 1 < rest.size() && !all_digits(rest.substr(point + 1))) return false;
  rest = rest.substr(0, point);
  if (rest.find(':') == std::string_view::npos || rest[0] == '0') return false;
  for (bool first = true; !rest.empty() || first; first = false) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string_view part = rest.substr(0, colon);
    if (!all_digits(part) || (!first && (part.size() > 2 || (part.size() == 2 && part[0] > '5')))) return false;
    if (colon + 1 == rest.size()) return false;
    rest = colon < rest.size() ? rest.substr(colon + 1) : std::string_view();
  }
  return true;
}

// A number but for an '_' that separates no two of its digits: 1_, 1__0, 0x_f, 1_e5, 1e1_0. W&B's reader takes some of
// these for the number and the others for a string. What begins with '_' is a string for everybody.
std::optional<YamlScalar> stray_separator(std::string_view text) {
  const std::string_view rest = split_sign(text).rest;
  if (text.find('_') == text.npos || rest.find_first_not_of('.') == rest.find('_')) return std::nullopt;
  std::string plain(text);
  std::erase(plain, '_');
  const bool is_number = integer(plain) || floating(plain);
  if (!is_number) return std::nullopt;
  return YamlScalar{
      .problem = "'" + std::string(text) + "' is a number for some readers of YAML and a string for others",
      .remedy = "write " + plain + ", or '" + std::string(text) + "' in quotes for a string"};
}

}  // namespace

YamlScalar plain_yaml_scalar(std::string_view text) {
  if (is_null(text)) return {};
  if (const auto truth = boolean(text)) return {.value = *truth};
  if (const auto number = integer(text)) return *number;
  if (const auto number = floating(text)) return *number;
  if (const auto stray = stray_separator(text)) return *stray;
  YamlScalar result{.value = std::string(text)};
  if (is_sexagesimal(text)) {
    result.warning =
        "'" + std::string(text) + "' is read as a string, while readers of YAML 1.1 take it for a number of base 60";
    result.advice = "write it in quotes, or as a decimal number";
  }
  return result;
}

YamlScalar tagged_yaml_scalar(std::string_view tag, std::string_view text) {
  const auto refuse = [&](std::string_view what) {
    return YamlScalar{.problem = "'" + std::string(text) + "' is no " + std::string(what) + ", but is tagged !!" +
                                 std::string(tag)};
  };
  if (tag == "str") return {.value = std::string(text)};
  if (tag == "null") return is_null(text) ? YamlScalar{} : refuse("null");
  if (tag == "bool") {
    const auto truth = boolean(text);
    return truth ? YamlScalar{.value = *truth} : refuse("boolean");
  }
  if (tag == "int") return integer(text).value_or(refuse("integer"));
  return floating(text, true).value_or(refuse("number"));
}

}  // namespace sweep
