// Rows → text for people; see report.h. No meaning depends on colour: where there may be one, the best rows are bold.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/plural.h"
#include "sweep/report/display.h"
#include "sweep/report/fit.h"
#include "sweep/report/leaderboard.h"
#include "sweep/report/report.h"
#include "sweep/report/table_words.h"

namespace sweep {
namespace {

constexpr std::size_t kValuesWidth = 100;  // of a line of constants, where no terminal is narrower
constexpr std::size_t kShortId = 8;        // nobody writes less of an id
constexpr std::size_t kNamesLeftOut = 12;  // so many are named

const char* mark_of(Lead lead) {
  switch (lead) {
    case Lead::kBest:
      return "*";
    case Lead::kIndistinct:
      return "≈";
    case Lead::kNone:
      break;
  }
  return "";
}

// The shortest beginning that every trial of the report has for itself.
std::size_t id_size(const std::vector<Row>& own) {
  std::set<std::string_view> ids;
  for (const Row& row : own)
    for (const TrialState* trial : row.trials()) ids.insert(trial->trial);
  std::size_t size = kShortId;
  std::string_view before;
  for (const std::string_view id : ids) {
    const auto differs = std::mismatch(before.begin(), before.end(), id.begin(), id.end()).first;
    size = std::max(size, static_cast<std::size_t>(differs - before.begin()) + 1);
    before = id;
  }
  return size;
}

TextColumn text_column(const Column& column, const Leaderboard& board, const Leaders& leaders) {
  CellTexts cells = cell_texts(column, board.shown.rows);
  const bool has_marks = column.ranks && leaders.any();
  for (std::size_t i = 0; has_marks && i < cells.parts.size(); ++i) {
    std::vector<std::string>& parts = cells.parts[i];
    parts.resize(column.beside ? 3 : 1);
    parts.emplace_back(mark_of(leaders.lead(board.shown.rows[i])));
  }
  TextColumn text;
  text.name = printable(column.title, kNameColumns);
  text.stays = column.ranks || column.title == "rank";
  text.align = cells.is_numbers ? Align::kPoint : Align::kLeft;
  if (has_marks || column.beside) {
    text.texts = joined_parts(cells.parts);
    if (cells.is_numbers) text.align = Align::kRight;  // all are equally wide
  } else {
    for (std::vector<std::string>& parts : cells.parts) text.texts.push_back(std::move(parts.front()));
  }
  text.texts.insert(text.texts.begin(), printable(column.title, kCellColumns));
  return text;
}

// Every line made to fit; continued ones are moved in.
std::string wrapped_lines(const std::string& text, const ReportOptions& options) {
  if (!options.width) return text;
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    all += wrapped(text.substr(at, end - at), *options.width, 2) + "\n";
    at = end + 1;
  }
  return all;
}

// What has no room, and how to see it.
std::string left_out_text(const std::vector<std::string>& left_out, std::size_t width, const ReportOptions& options) {
  if (left_out.empty()) return {};
  std::string names;
  for (std::size_t i = 0; i < left_out.size() && i < kNamesLeftOut; ++i) names += (i > 0 ? ", " : "") + left_out[i];
  if (left_out.size() > kNamesLeftOut) names += fmt::format(" and {} more", left_out.size() - kNamesLeftOut);
  return fmt::format(
      "no room for {}: {}; --columns A,B chooses, and `COLUMNS={} sweep report{}{} | less -S` shows all\n",
      core::counted(left_out.size(), "column"), names, width, options.sweep_word, options.runs_flag);
}

// The table itself; below it what has no room.
std::string body(const Leaderboard& board, const std::vector<Row>& own, const Leaders& leaders,
                 const ReportOptions& options) {
  std::vector<TextColumn> columns;
  for (const Column& column : board.columns) columns.push_back(text_column(column, board, leaders));
  const std::size_t whole = options.width ? width_of(columns) : 0;
  const bool is_wide = options.width && whole > *options.width;
  for (std::size_t i = 0; is_wide && i < columns.size(); ++i)
    if (board.columns[i].is_id) columns[i].id_size = id_size(own);  // only then: there may be many rows
  const std::vector<std::string> left_out = options.width ? fit(columns, *options.width) : std::vector<std::string>{};
  std::string text;
  const std::vector<std::string> lines = table_lines(columns);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_bold = options.color && i > 0 && leaders.lead(board.shown.rows[i - 1]) == Lead::kBest;
    text += is_bold ? "\x1b[1m" + lines[i] + "\x1b[0m\n" : lines[i] + "\n";
  }
  return text + "\n" + wrapped_lines(left_out_text(left_out, whole, options), options);
}

std::string filter_text(const Leaderboard& board, const ReportOptions& options) {
  std::string text;
  if (!options.filter.empty())
    text +=
        fmt::format("filter: {} of {} {} {}\n", board.shown.without_top, core::counted(board.shown.candidates, "row"),
                    board.shown.without_top == 1 ? "meets" : "meet", printable(options.filter, 200));
  std::string by;
  for (const std::string& word : options.sort) by += (by.empty() ? "" : ", ") + printable(word, kNameColumns);
  if (!by.empty()) text += "sorted by " + by + "\n";
  return text;
}

}  // namespace

std::string report_table(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options) {
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, options, some);
  const Leaderboard board = make_leaderboard(sweep, own, options);
  const std::size_t values_width = std::min(options.width.value_or(kValuesWidth), kValuesWidth);
  std::string above = wrapped_lines(heading_text(sweep, rows), options);
  if (!board.constants.empty()) above += values_text("constant", board.constants, values_width);
  above += wrapped_lines(filter_text(board, options), options);
  if (!board.alike.empty()) above += values_text("the same in all these rows", board.alike, values_width);
  if (board.shown.rows.empty())
    return above + (board.shown.candidates == 0 ? "\nno trial has ended yet\n" : "\nno row meets the filter\n");

  const Leaders leaders(own);
  std::string below;
  const std::size_t hidden = board.shown.without_top - board.shown.rows.size();
  if (hidden > 0) below += core::counted(hidden, "more row") + " not shown\n";
  const bool shows_marks =
      std::any_of(board.columns.begin(), board.columns.end(), [](const Column& column) { return column.ranks; });
  if (shows_marks) below += marks_text(leaders);
  below += runs_text(own);
  const Row& best = own.front();
  if (!sweep.metric) below += no_metric_text(own);
  if (best.rank) below += best_text(best, sweep);
  const std::string replay = best.rank ? replay_text(best, options) : "";  // whole, so that it can be copied
  return above + "\n" + body(board, own, leaders, options) + wrapped_lines(below, options) + replay;
}

}  // namespace sweep
