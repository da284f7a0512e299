// See metric_flag.h.
#include "sweep/commands/metric_flag.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/error.h"
#include "core/suggest.h"
#include "sweep/commands/selection.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

[[noreturn]] void refuse_metric(const std::string& problem, const std::string& remedy) {
  throw core::UserError("--metric", problem, remedy);
}

// NAME:GOAL or NAME:GOAL:REDUCE; the name may hold colons.
protocol::Metric read_metric(const std::string& text) {
  const std::vector<std::string> goals = {"minimize", "maximize"}, reduces = {"best", "last"};
  const auto is_one_of = [](const std::string& word, const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  protocol::Metric metric;
  metric.name = text;
  const auto take_last = [&] {
    const std::size_t colon = metric.name.rfind(':');
    if (colon == std::string::npos) return std::string();
    const std::string word = metric.name.substr(colon + 1);
    metric.name.resize(colon);
    return word;
  };
  std::string word = take_last();
  if (is_one_of(word, reduces)) {
    metric.reduce = word == "last" ? protocol::Reduce::kLast : protocol::Reduce::kBest;
    word = take_last();
  }
  if (word.empty() || metric.name.empty())
    refuse_metric("'" + text + "' names no goal", "write NAME:minimize or NAME:maximize, and :last for the last value");
  if (!is_one_of(word, goals)) {
    const auto near = core::nearest_word(word, goals);
    refuse_metric("'" + word + "' is no goal", near ? "did you mean '" + *near + "'?" : "write minimize or maximize");
  }
  metric.goal = word == "maximize" ? protocol::Goal::kMaximize : protocol::Goal::kMinimize;
  return metric;
}

// Errors: UserError where no trial gave the metric, with the nearest name, or all.
void check_reported(const Study& study, const std::string& name) {
  std::set<std::string> names;
  for (const TrialState& trial : study.trials())
    for (const auto& [metric, value] : *trial.final_values) names.insert(metric);
  if (names.contains(name)) return;
  if (names.empty()) refuse_metric("no trial has reported a metric yet", "");
  const std::vector<std::string> words(names.begin(), names.end());
  refuse_metric("no trial reported '" + printable(name, kNameColumns) + "'", nearest_or_all(name, words));
}

}  // namespace

void declare_metric(CLI::App& subcommand, std::string& text) {
  subcommand
      .add_option("--metric", text, "rank by this metric instead: NAME:minimize or NAME:maximize, then :best or :last")
      ->type_name("NAME:GOAL");
}

UnderMetric load_under_metric(const Store& store, const SweepRecord& sweep, const std::string& text) {
  const Study study = load_study(store, sweep.id);
  SweepHead head = sweep_head(sweep, study);
  head.metric = read_metric(text);
  check_reported(study, head.metric->name);
  return {load_study_under(store, sweep.id, *head.metric, study.bound()), std::move(head)};
}

}  // namespace sweep
