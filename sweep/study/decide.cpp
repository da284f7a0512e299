// See decide.h.
#include "sweep/study/decide.h"

#include <algorithm>

namespace sweep {
namespace {

using protocol::Outcome;

// How many waiting trials are kept planned, so that a slot never waits for a plan; a space of 10^15 points is never
// planned whole.
constexpr std::size_t kPlannedAhead = 256;

bool counts_as_try(const AttemptState& attempt, std::uint64_t checkpoint_after) {
  if (!attempt.outcome) return false;
  if (attempt.asked_again) return checkpoint_after <= attempt.checkpoint_before;
  return *attempt.outcome == Outcome::kKilled || *attempt.outcome == Outcome::kStalled;
}

std::uint32_t counted_tries(const TrialState& trial) {
  std::uint32_t tries = 0;
  for (std::size_t i = trial.tries_from; i < trial.attempts.size(); ++i) {
    const std::uint64_t newest = trial.checkpoint ? trial.checkpoint->step : 0;
    const std::uint64_t after = i + 1 < trial.attempts.size() ? trial.attempts[i + 1].checkpoint_before : newest;
    tries += counts_as_try(trial.attempts[i], after);
  }
  return tries;
}

// Why the trial gets another attempt; the last one's outcome says it.
std::string reason_to_try_again(const TrialState& trial, const AttemptState& last) {
  if (last.asked_again) return "asked to be started again";
  if (last.outcome == Outcome::kLost) return "the controller died while it ran";
  if (last.outcome == Outcome::kCancelled) return "was interrupted";
  if (last.outcome == Outcome::kOutOfMemory) return "out_of_memory beside another trial, once more alone on a GPU";
  return std::string(protocol::name(*last.outcome)) + ", try " + std::to_string(counted_tries(trial) + 1) + " of " +
         std::to_string(last.retries + 1);
}

std::string reason_to_go_on(const TrialState& trial) {
  const bool runs_again = trial.tries_from < trial.attempts.size();
  const std::string why = runs_again ? reason_to_try_again(trial, trial.attempts.back()) : *trial.reopened;
  return why + (trial.checkpoint ? "; goes on from step " + std::to_string(trial.checkpoint->step)
                                 : "; starts from the beginning, there is no checkpoint");
}

Decision start(const TrialState& trial) {
  Decision decision;
  decision.what = Decision::What::kStart;
  decision.index = trial.index;
  decision.attempt = static_cast<std::uint32_t>(trial.attempts.size());
  if (trial.checkpoint) decision.resume_file = trial.checkpoint->file;
  decision.reason = trial.attempts.empty() && trial.reopened->empty() ? "next in order" : reason_to_go_on(trial);
  return decision;
}

// The first running trial that lies beyond the bound and has not been asked to stop.
std::optional<Decision> stop_surplus(const Study& study, const std::set<std::uint64_t>& asked) {
  if (!study.bound()) return std::nullopt;
  const auto& running = study.running();
  const auto found = std::find_if(running.upper_bound(*study.bound()), running.end(),
                                  [&](std::uint64_t index) { return !asked.contains(index); });
  if (found == running.end()) return std::nullopt;
  Decision decision;
  decision.what = Decision::What::kStop;
  decision.index = *found;
  const bool failures = study.bound_cause() == BoundCause::kFailures;
  decision.reason = (failures ? "max_failures " + std::to_string(*study.terms().max_failures) : "the target") +
                    " was reached at trial #" + std::to_string(*study.bound()) + ": no later trial counts";
  return decision;
}

}  // namespace

bool goes_on(const TrialState& trial) {
  if (!trial.finding->empty() || trial.attempts.empty() || !trial.attempts.back().outcome) return false;
  const AttemptState& last = trial.attempts.back();
  if (last.asked_again || last.outcome == Outcome::kKilled || last.outcome == Outcome::kStalled)
    return counted_tries(trial) <= last.retries;
  if (last.outcome == Outcome::kOutOfMemory) return last.shared_gpu;
  return protocol::info(*last.outcome).trial_goes_on;
}

bool must_be_alone(const TrialState& trial) {
  return !trial.attempts.empty() && trial.attempts.back().outcome == Outcome::kOutOfMemory && goes_on(trial);
}

Decision decide(const Study& study, const Situation& situation) {
  using What = Decision::What;
  const std::uint64_t planned = study.trials().size();
  if (const auto stop = stop_surplus(study, situation.asked_to_stop)) return *stop;
  if (situation.stopping) return {study.running().empty() ? What::kDone : What::kWait};
  const std::uint64_t wanted = study.wanted(situation.trials);
  if (study.finished(situation.trials)) return {study.running().empty() ? What::kDone : What::kWait};

  if (study.guard()) {
    if (situation.ignores_guard) return {What::kPassGuard, study.guard()->last};
    return {study.running().empty() ? What::kDone : What::kWait};
  }

  const auto& waiting = study.waiting();
  if (situation.first && waiting.contains(*situation.first)) return start(*study.find(*situation.first));
  const bool any_runnable = waiting.size() > situation.busy_elsewhere.size();
  const bool plan_is_short = waiting.size() < kPlannedAhead && (planned == 0 || !any_runnable);
  if (planned < wanted && plan_is_short) return {What::kPlan, planned};

  if (situation.free_slots == 0) return {What::kWait};
  const auto next = std::find_if(waiting.begin(), waiting.end(),
                                 [&](std::uint64_t index) { return !situation.busy_elsewhere.contains(index); });
  if (next == waiting.end()) return {What::kWait};
  return start(*study.find(*next));
}

std::optional<std::uint64_t> plan_in_time(const Study& study, const Situation& situation) {
  const std::uint64_t planned = study.trials().size();
  if (situation.stopping || study.guard() || study.finished(situation.trials)) return std::nullopt;
  if (planned >= study.wanted(situation.trials) || study.waiting().size() >= kPlannedAhead) return std::nullopt;
  return planned;
}

}  // namespace sweep
