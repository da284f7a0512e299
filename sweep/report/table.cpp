// Rows → text for people; see report.h. No meaning depends on colour: there is none.
#include <fmt/format.h>

#include <algorithm>

#include "core/plural.h"
#include "sweep/report/columns.h"
#include "sweep/report/display.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

using core::Json;

constexpr std::size_t kNameColumns = 60;

// One column's cells, heading first, and how they are aligned.
struct Cells {
  std::vector<std::string> texts;
  Align align = Align::kLeft;
};

Cells cells_of(const Column& column, const std::vector<Row>& rows) {
  std::vector<std::optional<Json>> values;
  std::vector<double> doubles;
  bool numbers = true;
  for (const Row& row : rows) {
    values.push_back(column.cell(row));
    if (!values.back()) continue;
    numbers = numbers && values.back()->is_number();
    if (values.back()->is_number_float()) doubles.push_back(values.back()->get<double>());
  }
  const int digits = digits_that_tell_apart(doubles);
  Cells cells{{printable(column.title, kCellColumns)}, numbers ? Align::kPoint : Align::kLeft};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string text = !values[i]    ? "-"
                             : column.text ? column.text(rows[i], digits)
                                           : value_text(*values[i], digits);
    cells.texts.push_back(text);
  }
  return cells;
}

std::string outcome_counts(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> counts = outcomes_of(sweep, rows);
  std::string text;
  const auto add = [&](const std::string& word) {
    const auto found = counts.find(word);
    if (found == counts.end() || found->second == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", found->second, word);
    counts.erase(found);
  };
  for (const protocol::OutcomeInfo& outcome : protocol::outcomes()) add(std::string(outcome.name));
  for (const char* word : {"repeat", "running", "waiting"}) add(word);
  return text;
}

std::string ranking_text(const SweepHead& sweep) {
  const protocol::Metric& metric = *sweep.metric;
  const bool maximize = metric.goal == protocol::Goal::kMaximize;
  return fmt::format("{}{}, the {} first; of each trial its {} value", sweep.repeats > 1 ? "the mean of " : "",
                     printable(metric.name, kNameColumns), maximize ? "largest" : "smallest",
                     protocol::name(metric.reduce));
}

std::string target_text(const TargetHead& target, std::uint32_t repeats) {
  const std::string value = core::format_double(target.value);
  const std::string what = (repeats > 1 ? "the mean of " : "") + printable(target.metric, kNameColumns);
  if (!target.bound) return fmt::format("{} has not reached the target {}", what, value);
  if (target.ended) return fmt::format("ended at trial #{}: {} reached the target {}", *target.bound, what, value);
  return fmt::format("ends at trial #{} or earlier: there {} reached the target {}", *target.bound, what, value);
}

// Only once there is something to say.
std::string failures_text(const FailuresHead& failures) {
  if (!failures.bound) return {};
  return fmt::format("{} trial #{}{}: so many trials without a result are too many (max_failures {})\n",
                     failures.ended ? "ended at" : "ends at", *failures.bound, failures.ended ? "" : " or earlier",
                     failures.max_failures);
}

// Short enough for a line of its own; a long list goes on below.
std::string constants_text(const std::map<std::string, Json>& constants) {
  constexpr std::size_t kLineColumns = 100;
  std::string text, line = "constant: ";
  bool first = true;
  for (const auto& [name, value] : constants) {
    const std::string item = printable(name, kCellColumns) + " " + value_text(value, 17);
    if (!first && display_width(line) + display_width(item) + 2 > kLineColumns) {
      text += line + ",\n";
      line = "          ";
      first = true;
    }
    line += (first ? "" : ", ") + item;
    first = false;
  }
  return text + line + "\n";
}

std::string heading(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::string text = "sweep " + sweep.id;
  if (!sweep.name.empty()) text += " '" + printable(sweep.name, kNameColumns) + "'";
  text += fmt::format(": {}, seed {}, {}", sweep.method, sweep.seed, core::counted(sweep.trials, "trial"));
  if (sweep.repeats > 1) text += fmt::format(" ({} of each configuration)", sweep.repeats);
  const std::string counts = outcome_counts(sweep, rows);
  text += (counts.empty() ? "" : ": " + counts) + "\n";
  if (sweep.metric) text += "ranked by " + ranking_text(sweep) + "\n";
  if (sweep.target) text += target_text(*sweep.target, sweep.repeats) + "\n";
  if (sweep.failures) text += failures_text(*sweep.failures);
  return text;
}

// Nothing ranks: by index, with the last values of what was reported, as far as a line has room.
std::vector<Column> columns_without_metric(const std::vector<Row>& shown, const std::vector<std::string>& varying) {
  constexpr std::size_t kMetrics = 6;
  std::vector<Column> columns = {index_column(), trial_column(), outcome_column()};
  for (const std::string& name : varying) columns.push_back(parameter_column(name));
  std::vector<std::string> names = reported_metrics(shown);
  if (names.size() > kMetrics) names.resize(kMetrics);
  for (const std::string& name : names) columns.push_back(other_metric_column(name));
  return columns;
}

std::vector<Column> usual_columns(const SweepHead& sweep, const std::vector<Row>& shown,
                                  const std::vector<std::string>& varying) {
  if (!sweep.metric) return columns_without_metric(shown, varying);
  std::vector<Column> columns = {rank_column(), trial_column()};
  const bool all_ranked = std::all_of(shown.begin(), shown.end(), [](const Row& row) { return row.rank.has_value(); });
  if (!all_ranked) columns.push_back(outcome_column());
  columns.push_back(metric_column(sweep));
  const bool epochs = std::any_of(shown.begin(), shown.end(), [](const Row& row) { return row.epoch().has_value(); });
  if (epochs || shown.empty()) columns.push_back(epoch_column());
  for (const std::string& name : varying) columns.push_back(parameter_column(name));
  return columns;
}

// "; at its end test_accuracy 0.9 (never ranked on)": what the best trial did on data that never ranks.
std::string test_text(const Row& best) {
  std::string test;
  for (const auto& [name, value] : best.trial->final_values) {
    if (!name.starts_with("test_")) continue;
    const auto shown = best.replicates.empty() ? core::Json(value) : other_metric_column(name).cell(best);
    if (!shown) continue;
    test += fmt::format("{}{} {}", test.empty() ? "" : ", ", printable(name, kNameColumns),
                        rounded(shown->get<double>(), 6));
  }
  if (test.empty()) return {};
  return fmt::format("; at {} end {} (never ranked on)", best.replicates.empty() ? "its" : "their", test);
}

// "3 trials were known from sweep A, 1 from sweep B: they did not run here".
std::string reused_text(const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> counts;
  std::uint64_t all = 0;
  for (const Row& row : rows)
    for (const TrialState* trial : row.trials())
      if (!trial->reused_from.empty()) ++counts[trial->reused_from], ++all;
  if (counts.empty()) return {};
  std::string sweeps;
  for (const auto& [sweep, count] : counts)
    sweeps += (sweeps.empty() ? "" : ", ") + sweep + (counts.size() > 1 ? fmt::format(" ({})", count) : "");
  return fmt::format("{} {} known from sweep{} {} and did not run here\n", core::counted(all, "trial"),
                     all == 1 ? "was" : "were", counts.size() == 1 ? "" : "s", sweeps);
}

// The best row and how to see it again.
std::string closing(const Row& best, const SweepHead& sweep, const ReportOptions& options) {
  const TrialState& trial = *best.trial;
  const std::string metric = printable(sweep.metric->name, kNameColumns), value = core::format_double(*best.value());
  std::string text;
  if (best.replicates.empty()) {
    text = fmt::format("best: trial {} (#{}), {} {}", trial.trial, trial.index, metric, value);
  } else {
    text = fmt::format("best: trials #{} to #{}, mean of {} {}", trial.index, best.replicates.back()->index, metric,
                       value);
    if (best.spread.deviation) text += ", std " + core::format_double(*best.spread.deviation);
  }
  if (const auto epoch = best.epoch()) text += fmt::format(" at epoch {}", *epoch);
  return text + test_text(best) + "\nreplay it: sweep replay " + trial.trial + options.runs_flag + "\n";
}

std::string closing_without_metric(const std::vector<Row>& rows) {
  std::string names;
  for (const std::string& name : reported_metrics(rows))
    names += (names.empty() ? "" : ", ") + printable(name, kNameColumns);
  if (names.empty()) return "no metric ranks, and none was reported\n";
  return "no metric ranks: sweep report --metric NAME:GOAL ranks by one of " + names + "\n";
}

}  // namespace

std::string report_table(const SweepHead& sweep, const std::vector<Row>& all_rows, const ReportOptions& options) {
  std::vector<Row> some;
  const std::vector<Row>& rows = own_rows(all_rows, options, some);
  const std::vector<Row> shown = chosen_rows(rows, options);
  const Parameters all = parameters(sweep, rows);
  std::string text = heading(sweep, all_rows);
  if (!all.constants.empty()) text += constants_text(all.constants);
  if (shown.empty()) return text + "\nno trial has ended yet\n";

  const std::vector<Column> columns = chosen_columns(sweep, rows, options, usual_columns(sweep, shown, all.varying));
  std::vector<std::vector<std::string>> lines(shown.size() + 1);
  std::vector<Align> align;
  for (const Column& column : columns) {
    const Cells cells = cells_of(column, shown);
    align.push_back(cells.align);
    for (std::size_t line = 0; line < lines.size(); ++line) lines[line].push_back(cells.texts[line]);
  }
  text += "\n" + aligned(lines, align) + "\n";

  const std::size_t hidden = count_without_top(rows, options) - shown.size();
  if (hidden > 0) text += core::counted(hidden, "more row") + " not shown\n";
  text += reused_text(rows);
  if (!sweep.metric) return text + closing_without_metric(rows);
  if (rows.front().rank) text += closing(rows.front(), sweep, options);
  return text;
}

}  // namespace sweep
