// Rows → text for people; see report.h. No meaning depends on colour: where there may be one, the best rows are bold.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/plural.h"
#include "sweep/report/display.h"
#include "sweep/report/fit.h"
#include "sweep/report/fit_height.h"
#include "sweep/report/leaderboard.h"
#include "sweep/report/report.h"
#include "sweep/report/table_words.h"

namespace sweep {
namespace {

constexpr std::size_t kValuesWidth = 100;  // of a line of constants, where no terminal is narrower
constexpr std::size_t kShortId = 8;        // nobody writes less of an id
constexpr std::size_t kNamesLeftOut = 12;  // so many are named
constexpr std::size_t kFewRows = 3;        // a terminal with few lines has at least so many of the rows

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
std::string left_out_text(const std::vector<std::string>& left_out, std::size_t width) {
  if (left_out.empty()) return {};
  std::string names;
  for (std::size_t i = 0; i < left_out.size() && i < kNamesLeftOut; ++i) names += (i > 0 ? ", " : "") + left_out[i];
  if (left_out.size() > kNamesLeftOut) names += fmt::format(" and {} more", left_out.size() - kNamesLeftOut);
  return fmt::format(
      "no room for {}: {}; --columns A,B chooses; COLUMNS={} before this command and `| less -S` after it show all\n",
      core::counted(left_out.size(), "column"), names, width);
}

// The table itself, its heading first, and what has no room.
struct Body {
  std::vector<std::string> lines;
  std::string left_out;
};

Body body_of(const Leaderboard& board, const std::vector<Row>& own, const Leaders& leaders,
             const ReportOptions& options) {
  std::vector<TextColumn> columns;
  for (const Column& column : board.columns) columns.push_back(text_column(column, board, leaders));
  const std::size_t whole = options.width ? width_of(columns) : 0;
  const bool is_wide = options.width && whole > *options.width;
  for (std::size_t i = 0; is_wide && i < columns.size(); ++i)
    if (board.columns[i].is_id) columns[i].id_size = id_size(own);  // only then: there may be many rows
  const std::vector<std::string> left_out = options.width ? fit(columns, *options.width) : std::vector<std::string>{};
  Body body{table_lines(columns), wrapped_lines(left_out_text(left_out, whole), options)};
  for (std::size_t i = 0; i < body.lines.size(); ++i) {
    const bool is_bold = options.color && i > 0 && leaders.lead(board.shown.rows[i - 1]) == Lead::kBest;
    body.lines[i] = is_bold ? "\x1b[1m" + body.lines[i] + "\x1b[0m\n" : body.lines[i] + "\n";
  }
  return body;
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

std::string joined(const std::vector<TextPart>& parts) {
  std::string text;
  for (const TextPart& part : parts) text += part.text;
  return text;
}

// Leaves out of the parts around the table what has no room; returns how many rows have some.
std::size_t rows_with_room(std::vector<TextPart>& parts, const Choice& choice, const ReportOptions& options) {
  const std::size_t rows = choice.rows.size();
  if (!options.height) return rows;
  const std::size_t few = std::min(rows, kFewRows) + 1;  // and the line that counts the others
  const std::size_t height = std::max<std::size_t>(*options.height, 1);
  const std::size_t around = fit_height(parts, height > few ? height - few : 0);
  if (around + rows + (rows < choice.without_top) <= height) return rows;
  return height > around + 1 ? std::min(rows, height - around - 1) : 0;
}

}  // namespace

std::string report_table(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options) {
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, options, some);
  const Leaderboard board = make_leaderboard(sweep, own, options);
  const std::size_t values_width = std::min(options.width.value_or(kValuesWidth), kValuesWidth);
  const auto values = [&](const char* label, const auto& named) {
    return named.empty() ? "" : values_text(label, named, values_width);
  };
  // Where a terminal has few lines, what weighs least is left out first.
  enum Weight {
    kReplay = 1,
    kRuns,
    kNoRoom,
    kConstant,
    kAlike,
    kMarks,
    kSpaceBelow,
    kSpace,
    kTerms,
    kFilter,
    kBest,
    kHeading
  };
  std::vector<TextPart> parts = {{wrapped_lines(heading_text(sweep, rows), options), kHeading},
                                 {wrapped_lines(terms_text(sweep), options), kTerms},
                                 {values("constant", board.constants), kConstant},
                                 {wrapped_lines(filter_text(board, options), options), kFilter},
                                 {values("the same in all these rows", board.alike), kAlike},
                                 {"\n", kSpace}};
  if (board.shown.rows.empty()) {
    parts.push_back({board.shown.candidates == 0 ? "no trial has ended yet\n" : "no row meets the filter\n"});
    if (options.height) fit_height(parts, std::max<std::size_t>(*options.height, 1));
    return joined(parts);
  }
  const Leaders leaders(own);
  const Body body = body_of(board, own, leaders, options);
  parts.push_back({body.lines.front()});
  const std::size_t table = parts.size();
  const bool shows_marks =
      std::any_of(board.columns.begin(), board.columns.end(), [](const Column& column) { return column.ranks; });
  const Row& best = own.front();
  const auto below = [&](const std::string& text, int weight) {
    parts.push_back({wrapped_lines(text, options), weight});
  };
  parts.push_back({"\n", kSpaceBelow});
  parts.push_back({body.left_out, kNoRoom});
  const std::size_t hidden = parts.size();
  parts.push_back({});
  below(shows_marks ? marks_text(leaders) : "", kMarks);
  below(runs_text(own), kRuns);
  below(sweep.metric ? "" : no_metric_text(own), kBest);
  below(best.rank ? best_text(best, sweep, options) : "", kBest);
  parts.push_back({best.rank ? replay_text(best, options) : "", kReplay});  // whole, so that it can be copied

  const std::size_t shown = rows_with_room(parts, board.shown, options);
  if (const std::size_t others = board.shown.without_top - shown; others > 0)
    parts[hidden].text = core::counted(others, "more row") + " not shown\n";
  std::string lines;
  for (std::size_t i = 1; i <= shown; ++i) lines += body.lines[i];
  parts.insert(parts.begin() + static_cast<std::ptrdiff_t>(table), {lines});
  return joined(parts);
}

}  // namespace sweep
