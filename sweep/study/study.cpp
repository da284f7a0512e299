// The fold; see study.h.
#include "sweep/study/study.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/error.h"
#include "sweep/study/decide.h"
#include "sweep/study/kept.h"
#include "sweep/study/numbers.h"
#include "sweep/study/printed.h"
#include "sweep/study/replicates.h"
#include "sweep/study/signature.h"

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

// Whether a trial that ended like this goes on from its checkpoint when it is reopened: what it did until then holds.
bool keeps_its_place(const TrialState& trial) {
  if (!trial.finding->empty() || !trial.reused_from->empty()) return false;
  switch (*trial.outcome) {
    case Outcome::kFailed:
    case Outcome::kKilled:
    case Outcome::kOutOfMemory:
    case Outcome::kTimedOut:
    case Outcome::kStalled:
    case Outcome::kCancelled:
    case Outcome::kLost:
      return true;
    default:
      return false;
  }
}

// As it was planned, but for what has run.
TrialState begun_anew(const TrialState& trial) {
  TrialState anew;
  anew.index = trial.index;
  anew.replicate = trial.replicate;
  anew.trial = trial.trial;
  anew.config = trial.config;
  anew.seed = trial.seed;
  anew.repeats_index = trial.repeats_index;
  anew.attempts = trial.attempts;
  anew.seconds = trial.seconds;
  return anew;
}

}  // namespace

std::uint64_t trial_index(const StudyEvent& event) {
  return std::visit([](const auto& e) { return e.index; }, event);
}

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::kWaiting:
      return "waiting";
    case Phase::kRunning:
      return "running";
    case Phase::kEnded:
      return "ended";
  }
  core::check(false, "no such phase");
  return {};
}

Study::Study(std::optional<protocol::Metric> metric) : Study(Terms{.metric = std::move(metric)}) {}
Study::Study(Terms terms) : terms_(std::move(terms)), kept_(std::make_unique<Kept>()), bound_(terms_.last) {
  core::check(terms_.repeats >= 1, "a sweep of no replicates");
}
Study::~Study() = default;
Study::Study(Study&&) noexcept = default;
Study& Study::operator=(Study&&) noexcept = default;

const Trials& Study::trials() const { return kept_->trials; }

void Study::apply(const StudyEvent& event) {
  if (!std::holds_alternative<GuardLifted>(event)) changed_.insert(trial_index(event));
  if (const auto* planned = std::get_if<TrialPlanned>(&event))
    apply_planned(*planned);
  else if (const auto* ordered = std::get_if<AttemptOrdered>(&event))
    apply_ordered(*ordered);
  else if (const auto* said = std::get_if<TrainerSaid>(&event))
    apply_said(*said);
  else if (const auto* ended = std::get_if<AttemptEnded>(&event))
    apply_attempt_ended(*ended);
  else if (const auto* reused = std::get_if<TrialReused>(&event))
    apply_reused(*reused);
  else if (const auto* reopened = std::get_if<TrialReopened>(&event))
    apply_reopened(*reopened);
  else
    apply_lifted(std::get<GuardLifted>(event));
}

const TrialState* Study::find(std::uint64_t index) const {
  return index < kept_->trials.size() ? &kept_->trials[index] : nullptr;
}

std::map<std::uint64_t, double> Study::metric_up_to(std::uint64_t index, std::uint64_t step) const {
  const auto numbers = numbers_.find(index);
  return numbers == numbers_.end() ? std::map<std::uint64_t, double>() : numbers->second->values_up_to(step);
}

// Who never asks pays for no map.
std::optional<std::uint64_t> Study::index_of(const std::string& trial) const {
  for (; indexed_ < kept_->trials.size(); ++indexed_)
    if (!kept_->trials[indexed_].repeats_index) first_index_.emplace(kept_->trials[indexed_].trial, indexed_);
  const auto found = first_index_.find(trial);
  return found == first_index_.end() ? std::nullopt : std::optional(found->second);
}

TrialState& Study::at(std::uint64_t index) {
  if (index >= kept_->trials.size()) misfit(index, "was never planned");
  return kept_->trials[index];
}

void Study::apply_planned(const TrialPlanned& event) {
  if (event.index != kept_->trials.size()) misfit(event.index, "was planned out of order");
  TrialState trial;
  trial.index = event.index;
  trial.replicate = event.replicate;
  trial.trial = event.trial;
  trial.config = event.config;
  trial.seed = event.seed;
  trial.repeats_index = event.repeats_index;
  if (event.repeats_index) {
    const TrialState& ran = at(*event.repeats_index);
    repeats_[*event.repeats_index].push_back(event.index);
    if (ran.phase == Phase::kEnded) {
      mirror(ran, trial);
      count_end(trial);
    }
  } else {
    if (!is_surplus(event.index)) waiting_.insert(event.index);
  }
  kept_->trials.push_back(std::move(trial));
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
  if (!event.resume_file.empty()) attempt.resumed_from = attempt.checkpoint_before;  // until `started` says otherwise
  trial.attempts.push_back(std::move(attempt));
  trial.phase = Phase::kRunning;
  waiting_.erase(event.index);
  running_.insert(event.index);
  std::unique_ptr<TrialNumbers>& numbers = numbers_[event.index];
  if (!numbers) numbers = std::make_unique<TrialNumbers>(terms_.metric);
  numbers->begin_attempt();
}

void Study::apply_said(const TrainerSaid& event) {
  TrialState& trial = at(event.index);
  if (trial.phase != Phase::kRunning || event.attempt + 1 != trial.attempts.size())
    misfit(event.index, "has an event of attempt " + std::to_string(event.attempt) + ", which does not run");
  TrialNumbers& numbers = *numbers_.at(event.index);
  numbers.hear(is_printed(event.event));
  const auto& body = event.event.body;
  AttemptState& attempt = trial.attempts.back();
  // A program that does not say where it begins begins where it was told to.
  if (!numbers.has_gone_on() && !std::holds_alternative<protocol::Started>(body)) numbers.go_on(attempt.resumed_from);
  if (const auto* started = std::get_if<protocol::Started>(&body)) {
    attempt.resumed_from = started->resumed_from;
    attempt.environment = started->environment;
    numbers.go_on(started->resumed_from);
  } else if (const auto* metric = std::get_if<protocol::MetricValues>(&body)) {
    numbers.add(*metric);
  } else if (const auto* trace = std::get_if<protocol::Trace>(&body)) {
    numbers.add(*trace);
  } else if (const auto* checkpoint = std::get_if<protocol::Checkpoint>(&body)) {
    trial.wrote_checkpoints = true;
    if (checkpoint->kind == "last") trial.checkpoint = std::make_shared<protocol::Checkpoint>(*checkpoint);
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
  attempt.retries = event.retries;
  attempt.shared_gpu = event.shared_gpu;
  trial.seconds += event.seconds;
  running_.erase(event.index);
  const bool surplus = is_surplus(event.index);  // never goes on, whatever stopped it
  if (!surplus && goes_on(trial)) {
    trial.phase = Phase::kWaiting;
    waiting_.insert(event.index);
    return;
  }
  const bool gave_up = !surplus && protocol::info(event.outcome).trial_goes_on;
  trial.outcome = !trial.finding->empty() || gave_up ? Outcome::kFailed : event.outcome;
  trial.detail = !trial.finding->empty() ? *trial.finding : event.detail;
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

void Study::forget(std::uint64_t index) {
  TrialState& trial = at(index);
  core::check(trial.phase == Phase::kEnded, "a trial that has not ended is forgotten");
  const bool may_wait_again = !protocol::info(*trial.outcome).ranked && *trial.outcome != Outcome::kDiverged;
  if (trial.is_forgotten || may_wait_again) return;
  TrialState kept;
  kept.index = index;
  kept.replicate = trial.replicate;
  kept.trial = std::move(trial.trial);
  kept.seed = trial.seed;
  kept.repeats_index = trial.repeats_index;
  kept.phase = trial.phase;
  kept.outcome = trial.outcome;
  kept.detail = std::move(trial.detail);
  kept.value = trial.value;
  kept.epoch = trial.epoch;
  kept.step = trial.step;
  kept.last_step = trial.last_step;
  kept.finding = std::move(trial.finding);
  kept.reused_from = std::move(trial.reused_from);
  kept.reused_index = trial.reused_index;
  kept.seconds = trial.seconds;
  kept.is_forgotten = true;
  kept.wrote_checkpoints = trial.wrote_checkpoints;
  trial = std::move(kept);
}

void Study::restore(TrialState&& trial) {
  if (trial.index != kept_->trials.size()) misfit(trial.index, "is not the next one");
  core::check(trial.phase == Phase::kEnded && trial.is_forgotten, "only a forgotten trial is restored");
  const std::uint64_t index = trial.index;
  trial.wrote_checkpoints = true;
  trial.replicate = static_cast<std::uint32_t>(index % terms_.repeats);
  const TrialState& kept = kept_->trials.emplace_back(std::move(trial));
  count_end(kept);
  if (kept.repeats_index)
    repeats_[*kept.repeats_index].push_back(index);
  else
    judge(index);
}

void Study::adopt(Study alone, std::optional<Outcome> outcome, const std::string& detail) {
  core::check(alone.kept_->trials.size() == 1 && !alone.kept_->trials.front().repeats_index,
              "not one trial is adopted");
  TrialState& trial = kept_->trials.emplace_back(std::move(alone.kept_->trials.front()));
  trial.index = kept_->trials.size() - 1;
  if (!alone.numbers_.empty()) numbers_[trial.index] = std::move(alone.numbers_.begin()->second);
  if (outcome) {
    trial.outcome = outcome;
    trial.detail = detail;
    end(trial);
  } else if (trial.phase == Phase::kRunning) {
    running_.insert(trial.index);
  } else if (!is_surplus(trial.index)) {
    waiting_.insert(trial.index);
  }
}

void Study::fill(TrialState trial) {
  TrialState& forgotten = at(trial.index);
  core::check(forgotten.is_forgotten && !trial.is_forgotten && trial.trial == forgotten.trial,
              "a forgotten trial is filled with another");
  forgotten = std::move(trial);
}

void Study::end(TrialState& trial) {
  trial.phase = Phase::kEnded;
  count_end(trial);
  if (!keeps_its_place(trial)) numbers_.erase(trial.index);
  if (const auto repeats = repeats_.find(trial.index); repeats != repeats_.end()) {
    for (const std::uint64_t index : repeats->second) {
      mirror(trial, kept_->trials[index]);
      changed_.insert(index);
      count_end(kept_->trials[index]);
    }
  }
  judge(trial.index);
}

// A trial that had ended waits, and so do those that repeat it.
void Study::wait_again(TrialState& trial) {
  trial.phase = Phase::kWaiting;
  trial.outcome.reset();
  trial.detail.clear();
  changed_.insert(trial.index);
  const auto repeats = repeats_.find(trial.index);
  if (repeats == repeats_.end()) return;
  for (const std::uint64_t index : repeats->second) {
    kept_->trials[index] = begun_anew(kept_->trials[index]);
    changed_.insert(index);
  }
}

void Study::apply_reopened(const TrialReopened& event) {
  TrialState& trial = at(event.index);
  // It ended beyond the bound, and waits since that was lifted: by another that was reopened, or by this fold's terms.
  const bool had_ended = trial.phase == Phase::kEnded;
  const bool has_run_since = trial.reopened->empty() || trial.attempts.size() > trial.tries_from;
  if (trial.phase == Phase::kWaiting && !trial.attempts.empty() && (terms_.alone || has_run_since)) {
    trial.phase = Phase::kEnded;
    trial.outcome = trial.attempts.back().outcome;
  }
  if (trial.phase != Phase::kEnded || trial.repeats_index) misfit(event.index, "was reopened and had not ended");
  core::check(!trial.is_forgotten, "a trial that is forgotten was reopened");
  const bool held_bound = had_ended && holds_bound(event.index);
  if (had_ended) take_back(trial);
  if (!keeps_its_place(trial)) {
    trial = begun_anew(trial);
    numbers_.erase(event.index);
  }
  trial.reopened = event.reason;
  trial.tries_from = trial.attempts.size();
  wait_again(trial);
  if (guard_lifted_ && event.index <= *guard_lifted_) guard_lifted_.reset();
  if (held_bound) return count_anew();
  if (!is_surplus(event.index)) waiting_.insert(event.index);
  look_at_guard();
}

void Study::apply_lifted(const GuardLifted& event) {
  at(event.index);
  guard_lifted_ = event.index;
  guard_.reset();
}

}  // namespace sweep
