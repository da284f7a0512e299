// Numbers and pairs; see printed_line.h.
#include "sweep/program/printed_line.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sweep {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
/// What a name may hold; one begins with a letter.
bool in_name(char c) { return is_word(c) || c == '.' || c == '@' || c == '/' || c == '-'; }

bool begins_with_word(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size() || (text.size() > lower.size() && is_word(text[lower.size()]))) return false;
  return std::equal(lower.begin(), lower.end(), text.begin(),
                    [](char want, char c) { return want == (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && is_blank(text[at])) ++at;
  return at;
}

/// Length of the escape sequence at `at`, which holds ESC.
std::size_t escape_length(std::string_view text, std::size_t at) {
  std::size_t i = at + 1;
  if (i >= text.size()) return 1;
  if (text[i] == '[') {  // CSI … final byte
    for (++i; i < text.size(); ++i)
      if (text[i] >= '@' && text[i] <= '~') return i + 1 - at;
    return text.size() - at;
  }
  if (text[i] == ']') {  // OSC … BEL or ESC backslash
    for (++i; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1 - at;
      if (text[i] == '\x1b') return std::min(i + 2, text.size()) - at;
    }
    return text.size() - at;
  }
  return 2;
}

std::string without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\x1b') {
      i += escape_length(text, i);
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i++]);
    out += byte < 0x20 && byte != '\t' ? ' ' : static_cast<char>(byte);
  }
  return out;
}

/// The value behind a separator at `at`, where a separator stands there.
std::optional<PrintedNumber> value_behind(std::string_view text, std::size_t at, char separator, bool count) {
  const std::size_t begin = at;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) ++at;
  at = skip_blanks(text, at);
  if (at >= text.size() || text[at] != separator) return {};
  at = skip_blanks(text, at + 1);
  auto number = scan_value(text.substr(at));
  if (!number) return {};
  const std::string_view rest = text.substr(at + number->length);
  const bool of_a_total = count && rest.size() > 1 && rest[0] == '/' && is_digit(rest[1]);
  if (!of_a_total && !number_ends_before(rest)) return {};
  number->length += at - begin;
  return number;
}

}  // namespace

std::string terminal_text(std::string_view line, std::size_t longest) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.size() > longest) {
    // Of a progress bar the end counts, of any other line the beginning.
    const std::string_view end = line.substr(line.size() - longest);
    const std::size_t bar = end.find('\r');
    line = bar == end.npos ? line.substr(0, longest) : end.substr(bar + 1);
  }
  for (;;) {
    const std::size_t bar = line.rfind('\r');
    std::string text = without_escapes(bar == line.npos ? line : line.substr(bar + 1));
    if (bar == line.npos || !std::all_of(text.begin(), text.end(), is_blank)) return text;
    line = line.substr(0, bar);
  }
}

std::optional<PrintedNumber> scan_number(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
  const bool negative = at == 1 && text[0] == '-';
  const std::string_view bare = text.substr(at);
  for (const std::string_view word : {"infinity", "inf", "nan"}) {
    if (!begins_with_word(bare, word)) continue;
    const double value =
        word == "nan" ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return PrintedNumber{negative && word != "nan" ? -value : value, at + word.size()};
  }
  const bool numeric = !bare.empty() && (is_digit(bare[0]) || (bare[0] == '.' && bare.size() > 1 && is_digit(bare[1])));
  if (!numeric) return {};
  double value = 0;
  const auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), value);
  if (error != std::errc()) return {};
  at += static_cast<std::size_t>(end - bare.data());
  if (at < text.size() && is_word(text[at])) return {};
  return PrintedNumber{negative ? -value : value, at};
}

std::optional<PrintedNumber> scan_value(std::string_view text) {
  if (const auto number = scan_number(text)) return number;
  constexpr std::string_view kWrappings[] = {"np.", "numpy.", "tensor(", "Array(", "array("};
  constexpr std::size_t kLongestWrapping = 200;
  if (std::none_of(std::begin(kWrappings), std::end(kWrappings), [&](auto w) { return text.starts_with(w); }))
    return {};
  text = text.substr(0, kLongestWrapping);
  const std::size_t open = text.find('('), close = text.find(')');
  if (open == text.npos || close == text.npos) return {};
  const std::string_view inside = text.substr(open + 1, close - open - 1);
  const auto number = scan_number(inside);
  if (!number) return {};
  const std::size_t rest = skip_blanks(inside, number->length);
  if (rest < inside.size() && inside[rest] != ',') return {};
  return PrintedNumber{number->value, close + 1};
}

bool number_ends_before(std::string_view rest) {
  if (rest.empty() || is_blank(rest[0])) return true;
  const char c = rest[0];
  if (is_word(c) || c == '@') return false;
  const char next = rest.size() > 1 ? rest[1] : ' ';
  if (c == ',') return !is_digit(next);
  if (c == '.' || c == '/' || c == '-' || c == '+' || c == ':') return !is_word(next);
  return true;
}

void scan_pairs(std::string_view text, char separator, const std::function<bool(std::string_view)>& counts,
                const FoundValue& found) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && in_name(text[end])) ++end;
    if (end == at) {
      ++at;
      continue;
    }
    std::string_view name = text.substr(at, end - at);
    at = end;
    while (!name.empty() && !is_word(name.front())) name.remove_prefix(1);
    if (!is_pair_name(name)) continue;
    if (const auto number = value_behind(text, end, separator, counts(name))) {
      found(name, number->value);
      at = end + number->length;
    }
  }
}

std::optional<double> scan_literal(std::string_view text, std::string_view name, char separator) {
  std::optional<double> value;
  for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    if (at > 0 && in_name(text[at - 1])) continue;
    if (const auto number = value_behind(text, at + name.size(), separator, false)) value = number->value;
  }
  return value;
}

bool is_pair_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), in_name);
}

}  // namespace sweep
