// See trials.h.
#include "sweep/exports/trials.h"

#include <algorithm>
#include <optional>

#include "sweep/dispatch/dispatcher.h"
#include "sweep/rank/rank.h"
#include "sweep/replay/trial_record.h"

namespace sweep {
namespace {

// The events of the trial where it ran: a reused result was made in another sweep.
std::vector<StoredEvent> events_of_run(const Store& store, TrialPlace place) {
  for (;;) {
    std::vector<StoredEvent> events;
    std::optional<TrialPlace> origin;
    store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
      if (const auto* reused = std::get_if<TrialReused>(&stored.event))
        origin = TrialPlace{reused->from_sweep, reused->from_index};
      if (std::holds_alternative<TrialReopened>(stored.event)) origin.reset();
      events.push_back(stored);
    });
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
