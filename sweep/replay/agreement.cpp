// See agreement.h.
#include "sweep/replay/agreement.h"

#include <fmt/format.h>

#include <bit>
#include <set>

namespace sweep {
namespace {

constexpr char kAbsent[] = "absent";

using Values = std::map<std::string, double>;

std::string value_of(const Values& values, const std::string& metric) {
  const auto found = values.find(metric);
  return found == values.end() ? kAbsent : core::format_double(found->second);
}

bool same_bits(const Values& a, const Values& b, const std::string& metric) {
  const auto in_a = a.find(metric), in_b = b.find(metric);
  if (in_a == a.end() || in_b == b.end()) return (in_a == a.end()) == (in_b == b.end());
  return std::bit_cast<std::uint64_t>(in_a->second) == std::bit_cast<std::uint64_t>(in_b->second);
}

Disagreement differ(std::string what, std::string here, std::string there) {
  Disagreement found;
  found.what = std::move(what);
  found.here = std::move(here);
  found.there = std::move(there);
  return found;
}

std::optional<Disagreement> compare_values(std::uint64_t step, const Values& here, const Values& there) {
  Values all = here;
  all.insert(there.begin(), there.end());
  for (const auto& [metric, value] : all)
    if (!same_bits(here, there, metric))
      return differ(fmt::format("metric {} at step {}", metric, step), value_of(here, metric), value_of(there, metric));
  return std::nullopt;
}

const std::vector<Values>& lines_at(const MetricLines& metrics, std::uint64_t step) {
  static const std::vector<Values> none;
  const auto found = metrics.find(step);
  return found == metrics.end() ? none : found->second;
}

std::optional<Disagreement> compare_metrics(const MetricLines& here, const MetricLines& there) {
  std::set<std::uint64_t> steps;
  for (const MetricLines* lines : {&here, &there})
    for (const auto& [step, values] : *lines) steps.insert(step);
  const Values nothing;
  for (const std::uint64_t step : steps) {
    const std::vector<Values>&a = lines_at(here, step), &b = lines_at(there, step);
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i)
      if (auto found = compare_values(step, i < a.size() ? a[i] : nothing, i < b.size() ? b[i] : nothing)) return found;
  }
  return std::nullopt;
}

TrialRecord record_of(const Store& store, const TrialPlace& place) {
  return TrialRecord::from_attempts(store.trial_events(place, /*with_trace=*/false));
}

}  // namespace

std::string Disagreement::text() const {
  return fmt::format("trial {} gave two results: {} is {} in sweep {} (#{}) and {} in sweep {} (#{})", trial.trial,
                     what, here, sweep, trial.index, there, trial.other_sweep, trial.other_index);
}

core::Json Disagreement::to_json() const {
  return {{"trial", trial.trial},
          {"what", what},
          {"here", {{"sweep", sweep}, {"index", trial.index}, {"value", here}}},
          {"there", {{"sweep", trial.other_sweep}, {"index", trial.other_index}, {"value", there}}}};
}

std::optional<Disagreement> first_disagreement(const TrialRecord& here, const TrialRecord& there) {
  if (auto found = compare_metrics(here.metrics, there.metrics)) return found;
  const auto weights = [](const TrialRecord& record) {
    return record.finished && !record.finished->weights_sha256.empty() ? record.finished->weights_sha256 : kAbsent;
  };
  if (weights(here) == weights(there)) return std::nullopt;
  return differ("weights_sha256", weights(here), weights(there));
}

std::vector<Disagreement> find_disagreements(const Store& store, const std::string& sweep,
                                             std::optional<std::uint64_t> index) {
  std::vector<Disagreement> all;
  std::optional<std::pair<std::uint64_t, TrialRecord>> mine;  // a trial may be shared with many sweeps
  for (const SharedTrial& shared : store.shared_trials(sweep, index)) {
    if (!mine || mine->first != shared.index) mine.emplace(shared.index, record_of(store, {sweep, shared.index}));
    auto found = first_disagreement(mine->second, record_of(store, {shared.other_sweep, shared.other_index}));
    if (!found) continue;
    found->sweep = sweep;
    found->trial = shared;
    all.push_back(*std::move(found));
  }
  return all;
}

core::Json with_findings(core::Json report, const std::vector<Disagreement>& found) {
  for (const Disagreement& one : found) report["sweep"]["disagreements"].push_back(one.to_json());
  return report;
}

}  // namespace sweep
