// See table_words.h.
#include "sweep/report/table_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/plural.h"
#include "sweep/report/columns.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;

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

// "; at its end test_accuracy 0.9 (never ranked on)": what the best trial did on data that ranks only where --metric
// asks.
std::string test_text(const Row& best, const std::string& metric) {
  std::string test;
  for (const auto& [name, value] : *best.trial->final_values) {
    if (!name.starts_with("test_") || name == metric) continue;
    const auto shown = best.replicates.empty() ? core::Json(value) : other_metric_column(name).cell(best);
    if (!shown) continue;
    test += fmt::format("{}{} {}", test.empty() ? "" : ", ", printable(name, kNameColumns),
                        rounded(shown->get<double>(), 6));
  }
  if (test.empty()) return {};
  return fmt::format("; at {} end {}{}", best.replicates.empty() ? "its" : "their", test,
                     metric.starts_with("test_") ? "" : " (never ranked on)");
}

// "3 trials were known from sweep A, 1 from sweep B: they did not run here".
std::string reused_text(const std::map<std::string, std::uint64_t>& counts) {
  if (counts.empty()) return {};
  std::uint64_t all = 0;
  std::string sweeps;
  for (const auto& [sweep, count] : counts) {
    all += count;
    sweeps += (sweeps.empty() ? "" : ", ") + sweep + (counts.size() > 1 ? fmt::format(" ({})", count) : "");
  }
  return fmt::format("{} {} known from sweep{} {} and did not run here\n", core::counted(all, "trial"),
                     all == 1 ? "was" : "were", counts.size() == 1 ? "" : "s", sweeps);
}

std::string time_text(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  double all = 0;
  for (const double one : seconds) all += one;
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  std::string text = fmt::format("time: {} ran for {}", core::counted(seconds.size(), "trial"), duration_text(all));
  const double below = seconds.size() % 2 == 0 ? *std::max_element(seconds.begin(), middle) : *middle;
  if (seconds.size() > 1) text += fmt::format(" in all, {} each (median)", duration_text((below + *middle) / 2));
  return text + "\n";
}

}  // namespace

std::string ranking_text(const SweepHead& sweep) {
  const protocol::Metric& metric = *sweep.metric;
  const bool maximize = metric.goal == protocol::Goal::kMaximize;
  return fmt::format("{}{}, the {} first; of each trial its {} value", sweep.repeats > 1 ? "the mean of " : "",
                     printable(metric.name, kNameColumns), maximize ? "largest" : "smallest",
                     protocol::name(metric.reduce));
}

std::string heading_text(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::string text = "sweep " + sweep.id;
  if (!sweep.name.empty()) text += " '" + printable(sweep.name, kNameColumns) + "'";
  text += fmt::format(": {}, seed {}, {}", sweep.method, sweep.seed, core::counted(sweep.trials, "trial"));
  if (sweep.repeats > 1) text += fmt::format(" ({} of each configuration)", sweep.repeats);
  const std::string counts = outcome_counts(sweep, rows);
  return text + (counts.empty() ? "" : ": " + counts) + "\n";
}

std::string terms_text(const SweepHead& sweep) {
  std::string text;
  if (sweep.metric) text += "ranked by " + ranking_text(sweep) + "\n";
  if (sweep.metric && sweep.repeats > 1)
    text += "± half of the mean's 95 % confidence interval by Student's t; in brackets how many trials it is of\n";
  if (sweep.target) text += target_text(*sweep.target, sweep.repeats) + "\n";
  if (sweep.failures) text += failures_text(*sweep.failures);
  return text;
}

std::string values_text(const std::string& label, const std::map<std::string, Json>& values, std::size_t width) {
  std::string text, line = label + ": ";
  const std::string indent(line.size(), ' ');
  bool first = true;
  for (const auto& [name, value] : values) {
    const std::string item = printable(name, kCellColumns) + " " + value_text(value, 17);
    if (!first && display_width(line) + display_width(item) + 2 > width) {
      text += line + ",\n";
      line = indent;
      first = true;
    }
    line += (first ? "" : ", ") + item;
    first = false;
  }
  return text + line + "\n";
}

std::string marks_text(const Leaders& leaders) {
  std::string text;
  if (leaders.best() > 1) text += fmt::format("* {} rows share the best value\n", leaders.best());
  if (leaders.indistinct() > 0)
    text += fmt::format("≈ {} cannot be told apart from the best by Welch's t-test at 5 %, {}\n",
                        core::counted(leaders.indistinct(), "row"),
                        leaders.indistinct() == 1 ? "taken by itself" : "each taken by itself");
  return text;
}

std::string runs_text(const std::vector<Row>& own) {
  std::map<std::string, std::uint64_t> reused;
  std::vector<double> seconds;
  seconds.reserve(own.size());
  for (const Row& row : own) {
    for (const TrialState* trial : row.trials()) {
      if (!trial->reused_from->empty())
        ++reused[*trial->reused_from];
      else if (trial->phase == Phase::kEnded && trial->seconds > 0)
        seconds.push_back(trial->seconds);
    }
  }
  return reused_text(reused) + time_text(std::move(seconds));
}

std::string best_text(const Row& best, const SweepHead& sweep, const ReportOptions& options) {
  const TrialState& trial = *best.trial;
  const std::string metric = printable(sweep.metric->name, kNameColumns), value = core::format_double(*best.value());
  const char* const label = options.filter.empty() ? "best" : "best of the sweep";  // it may not meet the filter
  std::string text;
  if (best.replicates.empty()) {
    text = fmt::format("{}: trial {} (#{}), {} {}", label, trial.trial, trial.index, metric, value);
  } else {
    text = fmt::format("{}: trials #{} to #{}, mean of {} {}", label, trial.index, best.replicates.back()->index,
                       metric, value);
    if (best.spread.deviation) text += ", std " + core::format_double(*best.spread.deviation);
  }
  if (const auto epoch = best.epoch()) text += fmt::format(" at epoch {}", *epoch);
  return text + test_text(best, sweep.metric->name) + "\n";
}

std::string replay_text(const Row& best, const ReportOptions& options) {
  const std::size_t trials = best.trials().size();
  return (trials == 1 ? "replay it: " : fmt::format("replay its {} trials: ", trials)) + replay_command(best, options) +
         "\n";
}

std::string replay_command(const Row& row, const ReportOptions& options) {
  std::string command = "sweep replay " + row.trial->trial;
  if (row.trials().size() > 1) {
    command += " --replicates";
    if (!options.sweep_word.empty()) command += " --sweep" + options.sweep_word;
  }
  return command + options.runs_flag;
}

std::string no_metric_text(const std::vector<Row>& rows) {
  std::string names;
  for (const std::string& name : reported_metrics(rows))
    names += (names.empty() ? "" : ", ") + printable(name, kNameColumns);
  if (names.empty()) return "no metric ranks, and none was reported\n";
  return "no metric ranks: sweep report --metric NAME:GOAL ranks by one of " + names + "\n";
}

}  // namespace sweep
