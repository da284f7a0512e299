// Rows → a table of GitHub's Markdown with a line above it; see report.h. Source: GitHub Flavored Markdown Spec 0.29,
// 2.4 (backslash escapes), 4.10 (tables).
#include <fmt/format.h>

#include "core/plural.h"
#include "sweep/report/display.h"
#include "sweep/report/leaderboard.h"
#include "sweep/report/report.h"
#include "sweep/report/table_words.h"

namespace sweep {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80) != 0;
}

// Text as it is, whatever it would mean in Markdown or HTML. An underscore inside a word means nothing and stays.
std::string literal(std::string_view text) {
  constexpr std::string_view kMeaning = "\\`*[]#|~$";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool inside = i > 0 && i + 1 < text.size() && is_alphanumeric(text[i - 1]) && is_alphanumeric(text[i + 1]);
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else {
      if (kMeaning.find(c) != std::string_view::npos || (c == '_' && !inside)) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string literal_name(const std::string& name) { return literal(printable(name, kNameColumns)); }

std::string cell_text(const std::vector<std::string>& parts, Lead lead) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : " ") + literal(part);
  if (lead == Lead::kBest) return "**" + text + "**";
  return lead == Lead::kIndistinct ? text + " ≈" : text;
}

std::string line(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + cell + " |";
  return text + "\n";
}

std::string table(const Leaderboard& board, const Leaders& leaders) {
  const std::vector<Row>& rows = board.shown.rows;
  std::vector<std::string> heading, rule;
  std::vector<std::vector<std::string>> lines(rows.size());
  for (const Column& column : board.columns) {
    const CellTexts cells = cell_texts(column, rows);
    heading.push_back(literal_name(column.title));
    rule.push_back(cells.is_numbers ? "---:" : "---");
    const bool has_marks = column.ranks && leaders.any();
    for (std::size_t i = 0; i < rows.size(); ++i)
      lines[i].push_back(cell_text(cells.parts[i], has_marks ? leaders.lead(rows[i]) : Lead::kNone));
  }
  std::string text = line(heading) + line(rule);
  for (const std::vector<std::string>& cells : lines) text += line(cells);
  return text;
}

std::string values_sentence(const char* label, const std::map<std::string, core::Json>& values) {
  std::string text;
  for (const auto& [name, value] : values)
    text += (text.empty() ? "" : ", ") + literal_name(name) + " " + literal(value_text(value, 17));
  return values.empty() ? "" : fmt::format(" {}: {}.", label, text);
}

}  // namespace

// How many trials have ended, and how long they took, is not said: that is not the same on every machine.
std::string report_markdown(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options) {
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, options, some);
  const Leaderboard board = make_leaderboard(sweep, own, options);
  std::string text = sweep.name.empty() ? "" : "**" + literal_name(sweep.name) + "**: ";
  text += fmt::format("sweep {}, {}, seed {}, {}.", sweep.id, sweep.method, sweep.seed,
                      core::counted(sweep.trials, "trial"));
  if (sweep.metric) text += " Ranked by " + literal(ranking_text(sweep)) + ".";
  std::string by;
  for (const std::string& word : options.sort) by += (by.empty() ? "" : ", ") + literal_name(word);
  if (!by.empty()) text += " Sorted by " + by + ".";
  if (sweep.repeats > 1)
    text += fmt::format(
        " {} trials of each configuration: their mean ± half of its 95 % confidence interval by "
        "Student's t, in brackets their number.",
        sweep.repeats);
  text += values_sentence("Constant", board.constants) + values_sentence("The same in all these rows", board.alike);
  const std::size_t all = options.filter.empty() ? board.shown.without_top : board.shown.candidates;
  if (board.shown.rows.size() < all)
    text += fmt::format(" {} of {} shown{}.", board.shown.rows.size(), core::counted(all, "row"),
                        options.filter.empty() ? "" : ", where " + literal(printable(options.filter, 200)));
  const Leaders leaders(own);
  text += "\n\n" + table(board, leaders);
  if (leaders.indistinct() > 0)
    text += "\n≈ cannot be told apart from the best by Welch's t-test at 5 %, each row taken by itself.\n";
  return text;
}

}  // namespace sweep
