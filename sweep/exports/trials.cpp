// See trials.h.
#include "sweep/exports/trials.h"

#include <algorithm>
#include <optional>

#include "sweep/dispatch/dispatcher.h"
#include "sweep/rank/rank.h"
#include "sweep/replay/trial_record.h"

namespace sweep {
namespace {

bool is_result(const StoredEvent& stored) {
  return std::holds_alternative<AttemptEnded>(stored.event) || std::holds_alternative<TrialReused>(stored.event);
}

// Of a trial whose result another sweep took at that time: what came after the result, which may be another run, is not
// the other sweep's. (A clock may have been put back: then its last result.)
void cut_after_result(std::vector<StoredEvent>& events, std::int64_t taken_ms) {
  const auto cut_at_last = [&](const auto& is_last) {
    const auto last = std::find_if(events.rbegin(), events.rend(), is_last);
    if (last == events.rend()) return false;
    events.erase(last.base(), events.end());
    return true;
  };
  if (!cut_at_last([&](const StoredEvent& stored) { return is_result(stored) && stored.time_ms <= taken_ms; }))
    cut_at_last(is_result);
}

// The events of the trial where it ran: a reused result was made in another sweep.
std::vector<StoredEvent> events_of_run(const Store& store, TrialPlace place) {
  std::optional<std::int64_t> taken_ms;
  for (;;) {
    std::vector<StoredEvent> events;
    store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) { events.push_back(stored); });
    if (taken_ms) cut_after_result(events, *taken_ms);
    std::optional<TrialPlace> origin;
    for (const StoredEvent& stored : events) {
      if (std::holds_alternative<TrialReopened>(stored.event)) origin.reset();
      const auto* const reused = std::get_if<TrialReused>(&stored.event);
      if (reused == nullptr) continue;
      origin = TrialPlace{reused->from_sweep, reused->from_index};
      taken_ms = stored.time_ms;
    }
    if (!origin) return events;
    place = *origin;
  }
}

// When the trial ran, and when each step was recorded, the last time that counts.
struct Times {
  std::int64_t started_ms = 0, ended_ms = 0;
  std::map<std::uint64_t, std::int64_t> steps;
};

Times times_of(const std::vector<StoredEvent>& events) {
  Times times;
  for (const StoredEvent& stored : events) {
    if (std::holds_alternative<AttemptOrdered>(stored.event) && times.started_ms == 0)
      times.started_ms = stored.time_ms;
    if (std::holds_alternative<AttemptEnded>(stored.event)) times.ended_ms = stored.time_ms;
    if (const auto* said = std::get_if<TrainerSaid>(&stored.event))
      if (const auto* values = std::get_if<protocol::MetricValues>(&said->event.body))
        times.steps[values->step] = stored.time_ms;
  }
  return times;
}

TrialRecord record_of(const std::vector<StoredEvent>& events) {
  std::vector<TrainerSaid> said;
  for (const StoredEvent& stored : events)
    if (const auto* one = std::get_if<TrainerSaid>(&stored.event)) said.push_back(*one);
  std::stable_sort(said.begin(), said.end(),
                   [](const TrainerSaid& a, const TrainerSaid& b) { return a.attempt < b.attempt; });
  return TrialRecord::from_attempts(said);
}

ExportedTrial exported_trial(const Store& store, const std::string& sweep, const Study& study, std::uint64_t index) {
  ExportedTrial trial;
  trial.state = load_trial(store, sweep, study, index);
  const TrialState& state = trial.state;  // of a draw that came again the outcome of the one that ran
  trial.outcome = state.phase == Phase::kEnded && state.outcome ? protocol::name(*state.outcome) : outcome_word(state);
  const std::vector<StoredEvent> events = events_of_run(store, {sweep, state.repeats_index.value_or(index)});
  const Times times = times_of(events);
  trial.started_ms = times.started_ms;
  if (state.phase == Phase::kEnded) trial.ended_ms = times.ended_ms;
  for (auto& [step, lines] : record_of(events).metrics)
    for (auto& values : lines) trial.points.push_back({step, times.steps.at(step), values});
  return trial;
}

}  // namespace

std::optional<double> ranked_value(const TrialState& trial) { return may_rank(trial) ? trial.value : std::nullopt; }

std::uint64_t read_exported_trials(const Store& store, const std::string& sweep,
                                   const std::function<void(const ExportedTrial&)>& visit) {
  const Study study = load_study(store, sweep, Load::kToRank);
  std::uint64_t beyond = 0;
  for (const TrialState& trial : study.trials()) {
    if (study.is_surplus(trial.index)) {
      ++beyond;
    } else {
      visit(exported_trial(store, sweep, study, trial.index));
    }
  }
  return beyond;
}

}  // namespace sweep
