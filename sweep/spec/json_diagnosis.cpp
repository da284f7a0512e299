// See json_diagnosis.h.
#include "sweep/spec/json_diagnosis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "core/utf8.h"

namespace sweep {
namespace {

using After = JsonState::After;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

class Diagnosis {
 public:
  Diagnosis(const SourceText& source, const JsonState& state) : source_(source), text_(source.text()), state_(state) {}

  core::Problem find() const {
    if (state_.after != After::kNothing && at_end_of_word()) return bad_word(state_.last_start);
    std::size_t at = skip_space(state_.cursor);
    if (const auto problem = ends_or_comments(at)) return *problem;
    switch (state_.after) {
      case After::kDocument:
        return problem(at, "text follows the end of the sweep file's value", "remove it");
      case After::kNothing:
      case After::kListStart:
        return bad_value(at);
      case After::kObjectStart:
        return bad_key(at);
      case After::kKey:
        if (text_[at] != ':') return problem(at, "a ':' is missing after the key");
        at = skip_space(at + 1);
        if (const auto found = ends_or_comments(at)) return *found;
        return bad_value(at);
      case After::kItem:
        return after_value(at, ']');
      case After::kMember:
        return after_value(at, '}');
    }
    return problem(at, "not valid JSON");
  }

 private:
  core::Problem problem(std::size_t at, std::string what, std::string remedy = {}) const {
    return source_.problem_at(source_.mark_at(at), std::move(what), std::move(remedy));
  }

  std::size_t skip_space(std::size_t at) const {
    return std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
  }

  // The characters up to the next that ends a word of JSON.
  std::string_view word(std::size_t at) const {
    return std::string_view(text_).substr(at, text_.find_first_of(" \t\r\n,:[]{}\"'/#", at) - at);
  }

  // Whether the last token runs on, as the 1 in 01 and the ish in trueish.
  bool at_end_of_word() const {
    const char first = text_[state_.last_start];
    const bool was_word = is_digit(first) || first == '-' || (first >= 'a' && first <= 'z');
    return was_word && word(state_.last_start).size() > state_.cursor - state_.last_start;
  }

  std::optional<core::Problem> ends_or_comments(std::size_t at) const {
    if (at == text_.size()) {
      if (state_.after == After::kNothing) return problem(0, "the file is empty", "write a JSON object");
      return source_.problem_at(state_.open, "what begins here has no end", "close it before the file ends");
    }
    if (text_[at] == '#' || text_[at] == '/') return problem(at, "JSON has no comments", "remove it");
    return std::nullopt;
  }

  core::Problem after_value(std::size_t at, char close) const {
    if (text_[at] != ',') return problem(at, std::string("a ',' or '") + close + "' is missing before this");
    const std::size_t next = skip_space(at + 1);
    if (next < text_.size() && text_[next] == close)
      return problem(at, std::string("a comma stands before the closing '") + close + "'", "remove it");
    if (const auto found = ends_or_comments(next)) return *found;
    return close == '}' ? bad_key(next) : bad_value(next);
  }

  core::Problem bad_key(std::size_t at) const {
    if (text_[at] == '"') return bad_string(at);
    if (text_[at] == '\'') return problem(at, "a string stands in single quotes", "write double quotes");
    if (text_[at] == ',') return problem(at, "a comma with nothing before it", "remove it");
    const std::string_view name = word(at);
    if (!name.empty()) return problem(at, "the key " + std::string(name) + " stands without quotes", quoted(name));
    return problem(at, std::string("a key is missing before '") + text_[at] + "'");
  }

  core::Problem bad_value(std::size_t at) const {
    if (text_[at] == '"') return bad_string(at);
    if (text_[at] == '\'') return problem(at, "a string stands in single quotes", "write double quotes");
    if (!word(at).empty()) return bad_word(at);
    return problem(at, std::string("a value is missing before '") + text_[at] + "'");
  }

  static std::string quoted(std::string_view name) { return "write \"" + std::string(name) + "\""; }

  core::Problem bad_word(std::size_t at) const {
    const std::string name(word(at));
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPython = {{{"True", "true"},
                                                                                       {"False", "false"},
                                                                                       {"None", "null"},
                                                                                       {"TRUE", "true"},
                                                                                       {"FALSE", "false"},
                                                                                       {"NULL", "null"}}};
    for (const auto& [theirs, ours] : kPython)
      if (name == theirs) return problem(at, "'" + name + "' is not JSON", "did you mean '" + std::string(ours) + "'?");
    std::string lower = name.substr(name.find_first_not_of("+-") == 1 ? 1 : 0);
    for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (lower == "nan" || lower == "inf" || lower == "infinity")
      return problem(at, "'" + name + "' is not a number of JSON", "write a finite one");
    if (is_digit(name[0]) || ((name[0] == '-' || name[0] == '+' || name[0] == '.') && name.size() > 1))
      return bad_number(at, name);
    return problem(at, "the word " + name + " stands without quotes", quoted(name));
  }

  core::Problem bad_number(std::size_t at, const std::string& name) const {
    double value = 0;
    const auto result = std::from_chars(name.data(), name.data() + name.size(), value);
    if (result.ec == std::errc::result_out_of_range && result.ptr == name.data() + name.size())
      return problem(at, "the number " + name + " is too large for a double");
    return problem(at, "'" + name + "' is not a number as JSON writes them", "write it like 10, -3, 0.5 or 1e-4");
  }

  core::Problem bad_string(std::size_t start) const {
    for (std::size_t at = start + 1; at < text_.size(); ++at) {
      if (text_[at] == '"') return problem(start, "a string that JSON cannot hold");
      if (text_[at] == '\n' || text_[at] == '\r') break;
      if (static_cast<unsigned char>(text_[at]) < 0x20)
        return problem(at, "a control character inside a string",
                       text_[at] == '\t' ? "write \\t" : "write it as \\u00XX");
      if (text_[at] != '\\') continue;
      if (const auto found = bad_escape(at)) return *found;
      if (at + 1 < text_.size() && text_[at + 1] != '\n') ++at;
    }
    return problem(start, "a string has no end on its line", "add the closing quote");
  }

  std::optional<unsigned> hex4(std::size_t at) const {
    unsigned code = 0;
    for (std::size_t i = at; i < at + 4; ++i)
      if (i >= text_.size() || !is_hex(text_[i])) return std::nullopt;
    std::from_chars(text_.data() + at, text_.data() + at + 4, code, 16);
    return code;
  }

  std::optional<core::Problem> bad_escape(std::size_t at) const {
    if (at + 1 >= text_.size()) return std::nullopt;
    if (text_[at + 1] != 'u') {
      if (std::string_view("\"\\/bfnrt\n\r").find(text_[at + 1]) != std::string_view::npos) return std::nullopt;
      const std::size_t length = std::max<std::size_t>(core::utf8_length(text_, at + 1), 1);
      return problem(at, "'" + text_.substr(at, 1 + length) + "' is no escape of JSON", "a backslash is written \\\\");
    }
    const auto code = hex4(at + 2);
    if (!code) return problem(at, "\\u wants four hexadecimal digits");
    const bool high = *code >= 0xD800 && *code <= 0xDBFF;
    const bool low = *code >= 0xDC00 && *code <= 0xDFFF;
    const bool before = at >= 6 && text_.compare(at - 6, 2, "\\u") == 0 && hex4(at - 4).value_or(0) >> 10 == 0x36;
    const bool after = text_.compare(at + 6, 2, "\\u") == 0 && hex4(at + 8).value_or(0) >> 10 == 0x37;
    if ((high && !after) || (low && !before))
      return problem(at, "'" + text_.substr(at, 6) + "' is half of a surrogate pair", "write both halves");
    return std::nullopt;
  }

  const SourceText& source_;
  const std::string& text_;
  const JsonState& state_;
};

// The longest prefix that is a number of JSON.
std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    while (from < text.size() && is_digit(text[from])) ++from;
    return from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  at = at < text.size() && text[at] == '0' ? at + 1 : digits(at);
  if (at + 1 < text.size() && text[at] == '.' && is_digit(text[at + 1])) at = digits(at + 1);
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const std::size_t sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-') ? 1 : 0;
    if (at + 1 + sign < text.size() && is_digit(text[at + 1 + sign])) at = digits(at + 1 + sign);
  }
  return at;
}

}  // namespace

core::Problem diagnose_json(const SourceText& source, const JsonState& state) {
  return Diagnosis(source, state).find();
}

std::size_t json_token_end(std::string_view text, std::size_t start) {
  switch (text[start]) {
    case '"': {
      std::size_t at = start + 1;
      while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
      return at + 1;
    }
    case 't':
    case 'n':
      return start + 4;
    case 'f':
      return start + 5;
    case '-':
      return number_end(text, start);
    default:
      return is_digit(text[start]) ? number_end(text, start) : start + 1;
  }
}

}  // namespace sweep
