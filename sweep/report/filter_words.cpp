// See filter_words.h.
#include "sweep/report/filter_words.h"

#include <charconv>
#include <cmath>

#include "core/error.h"

namespace sweep {
namespace {

using Kind = FilterWord::Kind;

constexpr std::string_view kSpaces = " \t\r\n", kSigns = "(),=!<>";

bool is_quote(char c) { return c == '\'' || c == '"'; }

// '…' or "…" from `at`; `at` is behind it then.
std::string take_quoted(const SourceText& source, std::size_t& at) {
  const std::string& text = source.text();
  const std::size_t begin = at;
  const char quote = text[at++];
  std::string inner;
  for (; at < text.size() && text[at] != quote; ++at) {
    const bool escapes = text[at] == '\\' && at + 1 < text.size() && (is_quote(text[at + 1]) || text[at + 1] == '\\');
    if (escapes) ++at;
    inner += text[at];
  }
  if (at == text.size()) refuse_filter(source, begin, "this quote is not closed");
  ++at;
  return inner;
}

// Up to a space or a sign; a list or an object is a part of it, with whatever stands inside.
std::string take_word(const std::string& text, std::size_t& at) {
  const std::size_t begin = at;
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (depth == 0 && (kSpaces.find(c) != std::string_view::npos || kSigns.find(c) != std::string_view::npos)) break;
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return text.substr(begin, at - begin);
}

std::string take_sign(const SourceText& source, std::size_t& at) {
  const std::string& text = source.text();
  const char sign = text[at];
  const bool has_equals = at + 1 < text.size() && text[at + 1] == '=';
  if (sign == '!' && !has_equals) refuse_filter(source, at, "'!' compares nothing", "write != or not");
  const bool is_two = has_equals && (sign == '!' || sign == '<' || sign == '>' || sign == '=');
  at += is_two ? 2 : 1;
  if (!is_two) return {sign};
  return sign == '=' ? "=" : std::string{sign, '='};
}

// std::from_chars knows nan and inf too, but no plus sign.
std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_nan(const core::Json& value) { return value.is_number_float() && std::isnan(value.get<double>()); }

}  // namespace

void refuse_filter(const SourceText& source, std::size_t at, std::string problem, std::string remedy) {
  throw core::UserError({source.problem_at(source.mark_at(at), std::move(problem), std::move(remedy))});
}

std::vector<FilterWord> filter_words(const SourceText& source) {
  const std::string& text = source.text();
  std::vector<FilterWord> words;
  for (std::size_t at = 0;;) {
    at = std::min(text.find_first_not_of(kSpaces, at), text.size());
    const std::size_t begin = at;
    if (at == text.size()) {
      words.push_back({Kind::kEnd, "", at});
      return words;
    }
    if (is_quote(text[at]))
      words.push_back({Kind::kQuoted, take_quoted(source, at), begin});
    else if (kSigns.find(text[at]) != std::string_view::npos)
      words.push_back({Kind::kSign, take_sign(source, at), begin});
    else
      words.push_back({Kind::kWord, take_word(text, at), begin});
  }
}

FilterValue::FilterValue(const FilterWord& word) : text(word.text) {
  if (word.kind != Kind::kWord) return;
  if (core::Json::accept(text))
    json = core::parse_json(text, "--filter");
  else if (const auto number = number_of(text))
    json = *number;
}

bool FilterValue::equals(const core::Json& cell) const {
  if (cell.is_string()) return cell.get_ref<const std::string&>() == text;
  if (!json) return false;
  if (json->is_number() && cell.is_number()) return core::same_number(*json, cell) || (is_nan(*json) && is_nan(cell));
  return *json == cell;
}

}  // namespace sweep
