// The fold; see study.h.
#include "sweep/study/study.h"

#include <algorithm>

#include "core/error.h"
#include "sweep/study/decide.h"
#include "sweep/study/numbers.h"

namespace sweep {
namespace {

using protocol::Outcome;

[[noreturn]] void misfit(std::uint64_t index, const std::string& problem) {
  throw core::UserError("recorded events", "trial " + std::to_string(index) + " " + problem,
                        "the store is damaged or was written by another program");
}

// A repeated draw is the same trial: it ends as the one that ran, and holds its result. Only that one has attempts.
void mirror(const TrialState& ran, TrialState& repeat) {
  repeat.phase = Phase::kEnded;
  repeat.outcome = ran.outcome;
  repeat.detail = ran.detail;
  repeat.value = ran.value;
  repeat.epoch = ran.epoch;
  repeat.step = ran.step;
  repeat.at_value = ran.at_value;
  repeat.final_values = ran.final_values;
  repeat.last_step = ran.last_step;
  repeat.weights_sha256 = ran.weights_sha256;
}

}  // namespace

std::uint64_t trial_index(const StudyEvent& event) {
  return std::visit([](const auto& e) { return e.index; }, event);
}

Study::Study(std::optional<protocol::Metric> metric) : metric_(std::move(metric)) {}
Study::~Study() = default;
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;

void Study::apply(const StudyEvent& event) {
  changed_.insert(trial_index(event));
  if (const auto* planned = std::get_if<TrialPlanned>(&event))
    apply_planned(*planned);
  else if (const auto* ordered = std::get_if<AttemptOrdered>(&event))
    apply_ordered(*ordered);
  else if (const auto* said = std::get_if<TrainerSaid>(&event))
    apply_said(*said);
  else if (const auto* ended = std::get_if<AttemptEnded>(&event))
    apply_attempt_ended(*ended);
  else
    apply_reused(std::get<TrialReused>(event));
}

const TrialState* Study::find(std::uint64_t index) const { return index < trials_.size() ? &trials_[index] : nullptr; }

std::optional<std::uint64_t> Study::index_of(const std::string& trial) const {
  const auto found = first_index_.find(trial);
  return found == first_index_.end() ? std::nullopt : std::optional(found->second);
}

const TrialState* Study::best() const { return best_ ? &trials_[*best_] : nullptr; }

TrialState& Study::at(std::uint64_t index) {
  if (index >= trials_.size()) misfit(index, "was never planned");
  return trials_[index];
}

void Study::apply_planned(const TrialPlanned& event) {
  if (event.index != trials_.size()) misfit(event.index, "was planned out of order");
  TrialState trial;
  trial.index = event.index;
  trial.replicate = event.replicate;
  trial.trial = event.trial;
  trial.config = event.config;
  trial.seed = event.seed;
  trial.repeats_index = event.repeats_index;
  if (event.repeats_index) {
    const TrialState& ran = at(*event.repeats_index);
    if (ran.phase == Phase::kEnded) {
      mirror(ran, trial);
      ++ended_;
    } else {
      repeats_[*event.repeats_index].push_back(event.index);
    }
  } else {
    waiting_.insert(event.index);
    first_index_.emplace(event.trial, event.index);
  }
  trials_.push_back(std::move(trial));
}

void Study::apply_ordered(const AttemptOrdered& event) {
  TrialState& trial = at(event.index);
  if (trial.phase != Phase::kWaiting || event.attempt != trial.attempts.size())
    misfit(event.index, "has an attempt " + std::to_string(event.attempt) + " out of order");
  AttemptState attempt;
  attempt.attempt = event.attempt;
  attempt.slot = event.slot;
  attempt.device = event.device;
  attempt.reason = event.reason;
  attempt.checkpoint_before = trial.checkpoint ? trial.checkpoint->step : 0;
  trial.attempts.push_back(std::move(attempt));
  trial.phase = Phase::kRunning;
  waiting_.erase(event.index);
  running_.insert(event.index);
  std::unique_ptr<TrialNumbers>& numbers = numbers_[event.index];
  if (!numbers) numbers = std::make_unique<TrialNumbers>(metric_);
}

void Study::apply_said(const TrainerSaid& event) {
  TrialState& trial = at(event.index);
  if (trial.phase != Phase::kRunning || event.attempt + 1 != trial.attempts.size())
    misfit(event.index, "has an event of attempt " + std::to_string(event.attempt) + ", which does not run");
  TrialNumbers& numbers = *numbers_.at(event.index);
  const auto& body = event.event.body;
  if (const auto* started = std::get_if<protocol::Started>(&body)) {
    trial.attempts.back().resumed_from = started->resumed_from;
    trial.attempts.back().environment = started->environment;
    numbers.go_on(started->resumed_from);
  } else if (const auto* metric = std::get_if<protocol::MetricValues>(&body)) {
    numbers.add(*metric);
  } else if (const auto* trace = std::get_if<protocol::Trace>(&body)) {
    numbers.add(*trace);
  } else if (const auto* checkpoint = std::get_if<protocol::Checkpoint>(&body)) {
    if (checkpoint->kind == "last") trial.checkpoint = *checkpoint;
  } else if (const auto* finished = std::get_if<protocol::Finished>(&body)) {
    trial.weights_sha256 = finished->weights_sha256;
  }
  numbers.write(trial);
  trial.finding = numbers.finding();
}

void Study::apply_attempt_ended(const AttemptEnded& event) {
  TrialState& trial = at(event.index);
  if (trial.phase != Phase::kRunning || event.attempt + 1 != trial.attempts.size())
    misfit(event.index, "ended an attempt " + std::to_string(event.attempt) + " that does not run");
  AttemptState& attempt = trial.attempts.back();
  attempt.outcome = event.outcome;
  attempt.detail = event.detail;
  attempt.seconds = event.seconds;
  attempt.asked_again = event.asked_again;
  trial.seconds += event.seconds;
  running_.erase(event.index);
  if (goes_on(trial)) {
    trial.phase = Phase::kWaiting;
    waiting_.insert(event.index);
    return;
  }
  const bool gave_up = protocol::info(event.outcome).trial_goes_on;
  trial.outcome = !trial.finding.empty() || gave_up ? Outcome::kFailed : event.outcome;
  trial.detail = !trial.finding.empty() ? trial.finding : event.detail;
  end(trial);
}

void Study::apply_reused(const TrialReused& event) {
  TrialState& trial = at(event.index);
  if (trial.phase != Phase::kWaiting) misfit(event.index, "took another sweep's result while it ran");
  trial.reused_from = event.from_sweep;
  trial.reused_index = event.from_index;
  trial.outcome = event.outcome;
  trial.detail = event.detail;
  trial.value = event.value;
  trial.epoch = event.epoch;
  trial.step = event.step;
  trial.at_value = event.at_value;
  trial.final_values = event.final_values;
  trial.last_step = event.last_step;
  trial.weights_sha256 = event.weights_sha256;
  waiting_.erase(event.index);
  end(trial);
}

void Study::end(TrialState& trial) {
  trial.phase = Phase::kEnded;
  ++ended_;
  numbers_.erase(trial.index);
  const bool ranks = metric_ && trial.value && protocol::info(*trial.outcome).ranked;
  if (ranks) {
    const TrialState* leader = best();
    const bool leads = leader == nullptr || protocol::better(metric_->goal, *trial.value, *leader->value) ||
                       (*trial.value == *leader->value && trial.index < leader->index);
    if (leads) best_ = trial.index;
  }
  const auto repeats = repeats_.find(trial.index);
  if (repeats == repeats_.end()) return;
  for (const std::uint64_t index : repeats->second) {
    mirror(trial, trials_[index]);
    changed_.insert(index);
  }
  ended_ += repeats->second.size();
  repeats_.erase(repeats);
}

}  // namespace sweep
