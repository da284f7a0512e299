// What counts in a sweep: how many have ended, who leads, where the sweep ends and whether the guard holds; see
// study.h. How a trial's events are folded is study.cpp.
#include "sweep/study/kept.h"
#include "sweep/study/study.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sweep/study/decide.h"
#include "sweep/study/replicates.h"
#include "sweep/study/signature.h"

namespace sweep {
namespace {

using protocol::Outcome;

bool reaches(protocol::Goal goal, double value, double target) {
  return goal == protocol::Goal::kMaximize ? value >= target : value <= target;
}

}  // namespace

bool is_failure(const TrialState& trial) {
  return trial.phase == Phase::kEnded && !trial.repeats_index && !protocol::info(*trial.outcome).ranked &&
         *trial.outcome != Outcome::kDiverged;
}

const TrialState* Study::best() const {
  find_best();
  return best_ ? &kept_->trials[*best_] : nullptr;
}

std::optional<double> Study::best_value() const {
  find_best();
  return best_value_;
}

std::uint64_t Study::wanted(std::uint64_t trials) const { return bound_ ? std::min(trials, *bound_ + 1) : trials; }

std::optional<std::uint64_t> Study::ended_at() const { return bound_ && ended_ == *bound_ + 1 ? bound_ : std::nullopt; }

void Study::count_end(const TrialState& trial) {
  if (is_surplus(trial.index)) return;
  ++ended_;
  unranked_ += !protocol::info(*trial.outcome).ranked;
}

// What the end of this trial changes: it, or its configuration, may lead, may reach the target, or be one failure too
// much.
void Study::judge(std::uint64_t index) {
  if (is_surplus(index)) return;
  if (is_failure(kept_->trials[index])) judge_failure(index);
  look_at_guard();
  if (!terms_.metric) return;
  const std::uint64_t first = index - index % terms_.repeats;
  const std::optional<double> value = configuration_value(first);
  if (!value) return;
  if (is_best_known_) consider_best(first, *value);
  if (terms_.target && reaches(terms_.metric->goal, *value, *terms_.target))
    lower_bound(first + terms_.repeats - 1, BoundCause::kTarget);
}

// Which trial is the n-th changes while earlier ones run; it only ever becomes an earlier one.
void Study::judge_failure(std::uint64_t index) {
  if (!terms_.max_failures) return;
  failures_.insert(index);
  if (failures_.size() > *terms_.max_failures) failures_.erase(std::prev(failures_.end()));
  if (failures_.size() < *terms_.max_failures) return;
  const std::uint64_t last = *failures_.rbegin();
  lower_bound(last - last % terms_.repeats + terms_.repeats - 1, BoundCause::kFailures);
}

void Study::look_at_guard() {
  guard_.reset();
  if (terms_.guarded == 0 || guard_lifted_) return;
  GuardFinding finding;
  std::string signature;
  for (const TrialState& trial : kept_->trials) {
    if (trial.repeats_index) continue;
    if (!is_failure(trial) || is_surplus(trial.index)) return;
    const std::string now = failure_signature(*trial.outcome, trial.detail);
    if (finding.trials == 0) {
      signature = now;
      finding.outcome = *trial.outcome;
      finding.detail = trial.detail;
    }
    if (now != signature) return;
    finding.last = trial.index;
    if (++finding.trials < terms_.guarded) continue;
    guard_ = std::move(finding);
    return;
  }
}

// The value, or the mean, of the configuration whose first trial this is; nothing while it may not be ranked. A
// repeated draw has none of its own.
std::optional<double> Study::configuration_value(std::uint64_t first) const {
  if (first + terms_.repeats > kept_->trials.size() || kept_->trials[first].repeats_index) return std::nullopt;
  std::vector<const TrialState*> replicates;
  for (std::uint64_t i = first; i < first + terms_.repeats; ++i) {
    if (!may_rank(kept_->trials[i])) return std::nullopt;
    replicates.push_back(&kept_->trials[i]);
  }
  if (terms_.repeats == 1) return kept_->trials[first].value;
  const double mean = spread(replicates).mean;
  return std::isfinite(mean) ? std::optional(mean) : std::nullopt;
}

// Not while many are reopened one after another: each may be the best one then.
void Study::find_best() const {
  if (std::exchange(is_best_known_, true)) return;
  best_.reset();
  best_value_.reset();
  if (!terms_.metric) return;
  for (std::uint64_t i = 0; i < kept_->trials.size() && !is_surplus(i); i += terms_.repeats)
    if (const auto value = configuration_value(i)) consider_best(i, *value);
}

void Study::consider_best(std::uint64_t index, double value) const {
  const bool leads =
      !best_ || protocol::better(terms_.metric->goal, value, *best_value_) || (value == *best_value_ && index < *best_);
  if (!leads) return;
  best_ = index;
  best_value_ = value;
}

// Nothing beyond `index` counts any more.
void Study::lower_bound(std::uint64_t index, BoundCause cause) {
  if (bound_ && *bound_ <= index) return;
  bound_ = index;
  bound_cause_ = cause;
  waiting_.erase(waiting_.upper_bound(index), waiting_.end());
  count_up_to_bound();
}

void Study::count_up_to_bound() {
  ended_ = unranked_ = 0;
  is_best_known_ = false;
  for (std::uint64_t i = 0; i < kept_->trials.size() && !is_surplus(i); ++i)
    if (kept_->trials[i].phase == Phase::kEnded) count_end(kept_->trials[i]);
}

// The bound from all trials that have ended.
void Study::find_bound() {
  bound_ = terms_.last;
  bound_cause_ = BoundCause::kGiven;
  failures_.clear();
  for (std::uint64_t i = 0; i < kept_->trials.size() && !is_surplus(i); ++i) {
    if (is_failure(kept_->trials[i])) judge_failure(i);
    if (!terms_.metric || !terms_.target || i % terms_.repeats != 0) continue;
    const auto value = configuration_value(i);
    if (value && reaches(terms_.metric->goal, *value, *terms_.target))
      lower_bound(i + terms_.repeats - 1, BoundCause::kTarget);
  }
}

// Whether the sweep ends where it does for this trial too, which has ended.
bool Study::holds_bound(std::uint64_t index) const {
  if (!bound_ || is_surplus(index)) return false;
  if (bound_cause_ == BoundCause::kTarget && index / terms_.repeats == *bound_ / terms_.repeats) return true;
  return failures_.contains(index) && failures_.size() == *terms_.max_failures;  // further ones are not known
}

// Of a trial that is reopened, and of what repeats it: all that its end has changed, but for the bound.
void Study::take_back(const TrialState& trial) {
  take_back_end(trial);
  if (const auto repeats = repeats_.find(trial.index); repeats != repeats_.end())
    for (const std::uint64_t index : repeats->second) take_back_end(kept_->trials[index]);
  failures_.erase(trial.index);
  if (best_ && trial.index / terms_.repeats == *best_ / terms_.repeats) is_best_known_ = false;
}

void Study::take_back_end(const TrialState& trial) {
  if (is_surplus(trial.index)) return;
  --ended_;
  unranked_ -= !protocol::info(*trial.outcome).ranked;
}

// After a trial was reopened for which the sweep ended where it did: what lay beyond the bound may count again, and
// then what was only stopped for lying there goes on. Until then it stands among those that failed, and may bound the
// sweep in turn.
void Study::count_anew() {
  for (bool goes_further = true; std::exchange(goes_further, false);) {
    find_bound();
    for (std::uint64_t i = 0; i < kept_->trials.size() && !is_surplus(i); ++i) {
      if (kept_->trials[i].phase != Phase::kEnded || kept_->trials[i].attempts.empty() || !goes_on(kept_->trials[i]))
        continue;
      wait_again(kept_->trials[i]);
      goes_further = true;
    }
  }
  waiting_.clear();
  for (const TrialState& trial : kept_->trials)
    if (trial.phase == Phase::kWaiting && !trial.repeats_index && !is_surplus(trial.index))
      waiting_.insert(trial.index);
  count_up_to_bound();
  look_at_guard();
}

}  // namespace sweep
