// See csv.h.
#include "trainer/data/csv.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/plural.h"
#include "core/utf8.h"

namespace trainer {
namespace {

constexpr std::size_t kMaxProblems = 10;
constexpr std::size_t kLookForZeroBytes = 4096;

bool blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Without a mark at its beginning it is known by its zero bytes: each digit and each comma has one.
void refuse_utf16(std::string_view text, const std::string& place) {
  const bool marked = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
  if (marked || text.substr(0, kLookForZeroBytes).find('\0') != std::string_view::npos)
    throw core::UserError(place, marked ? "is UTF-16 text" : "has zero bytes, so it is UTF-16 text or no text",
                          "save it as UTF-8");
}

void refuse_other_codings(std::string_view text, const std::string& place) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = core::utf8_length(text, at);
    if (length == 0) break;
    at += length;
  }
  if (at == text.size()) return;
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
  throw core::UserError(
      fmt::format("{}:{}", place, line),
      fmt::format("is no UTF-8 at byte {} of the file ({:02x})", at, static_cast<unsigned char>(text[at])),
      "save it as UTF-8");
}

}  // namespace

void LineProblems::add(std::size_t line, std::string problem, std::string remedy, std::string_view kind) {
  if (!kind.empty()) {
    const auto known = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& each) { return each.name == kind; });
    if (known != kinds_.end()) {
      ++known->count;
      return;
    }
    kinds_.push_back({kind, found_.size(), 1});
  }
  found_.push_back({fmt::format("{}:{}", file_, line), std::move(problem), std::move(remedy), {}});
  if (found_.size() == kMaxProblems) throw_if_any();
}

void LineProblems::throw_if_any() {
  for (const Kind& kind : kinds_)
    if (kind.count > 1) found_[kind.first].problem += fmt::format(" ({})", core::counted(kind.count, "such row"));
  if (!found_.empty()) throw core::UserError(std::move(found_));
}

// `at` stands on the opening quote, and then behind the closing one.
std::string_view CsvRows::read_quoted(std::size_t& at, std::size_t& line, LineProblems& problems) {
  const std::size_t begin = ++at, first_line = line;
  bool escaped = false;
  for (; at < text_.size(); ++at) {
    if (text_[at] == '\n') ++line;
    if (text_[at] != '"') continue;
    if (at + 1 == text_.size() || text_[at + 1] != '"') break;
    escaped = true;
    ++at;
  }
  if (at == text_.size()) {
    problems.add(first_line, "a quoted field that begins here does not end");
    return {};
  }
  const std::string_view raw = std::string_view(text_).substr(begin, at++ - begin);
  if (!escaped) return raw;
  std::string& field = unescaped_.emplace_back();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    field += raw[i];
    if (raw[i] == '"') ++i;  // the second of two
  }
  return field;
}

// From `at`, the row's first character, to behind its line break.
void CsvRows::read_row(std::size_t& at, std::size_t& line, LineProblems& problems) {
  const std::string_view text = text_;
  const std::size_t first_line = line;
  begins_.push_back(fields_.size());
  lines_.push_back(line);
  for (;;) {
    while (at < text.size() && blank(text[at])) ++at;
    const bool quoted = at < text.size() && text[at] == '"';
    const std::string_view field = quoted ? read_quoted(at, line, problems) : std::string_view();
    const std::size_t end = std::min(text.find_first_of(",\n", at), text.size());
    std::string_view rest = text.substr(at, end - at);
    if ((end == text.size() || text[end] == '\n') && rest.ends_with('\r')) rest.remove_suffix(1);
    if (rest.find('\r') != std::string_view::npos)
      throw core::UserError(fmt::format("{}:{}", problems.file(), line), "has a CR that no LF follows",
                            "save the file with lines that end in LF");
    if (quoted && !trimmed(rest).empty()) problems.add(line, "text follows a closing quote");
    fields_.push_back(quoted ? field : trimmed(rest));
    at = std::min(end + 1, text.size());
    if (end < text.size() && text[end] == ',') {
      if (fields_.size() - begins_.back() >= kMaxColumns) {
        problems.add(first_line, fmt::format("has more than {} fields", kMaxColumns));
        problems.throw_if_any();
      }
      if (at < text.size()) continue;
      fields_.emplace_back();  // nothing follows the last comma of the file
    }
    ++line;
    return;
  }
}

CsvRows::CsvRows(std::string text, const std::string& place) : text_(std::move(text)) {
  refuse_utf16(text_, place);
  refuse_other_codings(text_, place);
  LineProblems problems(place);
  std::size_t at = text_.starts_with("\xef\xbb\xbf") ? 3 : 0;  // a byte order mark
  for (std::size_t line = 1; at < text_.size();) {
    const std::size_t end = std::min(text_.find('\n', at), text_.size());
    std::string_view whole = std::string_view(text_).substr(at, end - at);
    if (whole.ends_with('\r')) whole.remove_suffix(1);
    if (trimmed(whole).empty()) {
      at = std::min(end + 1, text_.size());
      ++line;
      continue;
    }
    read_row(at, line, problems);
    if (fields_.size() > kMaxCells) throw core::UserError(place, fmt::format("has more than {} fields", kMaxCells));
  }
  problems.throw_if_any();
}

}  // namespace trainer
