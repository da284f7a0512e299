// See retention.h.
#include "sweep/dispatch/retention.h"

#include <cmath>
#include <iterator>
#include <system_error>
#include <variant>

#include "core/error.h"
#include "protocol/files.h"

namespace sweep {

namespace fs = std::filesystem;

namespace {

constexpr char kLast[] = "last", kBest[] = "best";

bool has_files(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(fs::symlink_status(folder, ignored)) && !fs::is_empty(folder, ignored);
}

// Smaller is better; nothing of a trial that is never among the best.
std::optional<double> worth_of(const Study& study, const TrialState& trial) {
  if (!protocol::info(*trial.outcome).ranked || !trial.value || !std::isfinite(*trial.value)) return std::nullopt;
  return study.metric()->goal == protocol::Goal::kMaximize ? -*trial.value : *trial.value;
}

}  // namespace

Retention::Retention(const Keep& keep, const Store& store, std::string sweep, fs::path runs)
    : keep_(keep), store_(store), sweep_(std::move(sweep)), runs_(std::move(runs)) {}

void Retention::remember(const Study& study) {
  for (const TrialState& trial : study.trials())
    if (trial.phase == Phase::kEnded) place(study, trial);
  std::error_code error;
  for (fs::directory_iterator entry(runs_ / protocol::kTrialsFolder, error), end; !error && entry != end;
       entry.increment(error))
    with_folder_.insert(entry->path().filename().string());
}

void Retention::ended(const Study& study, std::uint64_t index) {
  const TrialState& trial = *study.find(index);
  if (trial.phase != Phase::kEnded) return;
  if (!keeps_last(trial)) remove(trial, kLast);
  if (!study.metric()) return;
  if (const auto left = place(study, trial)) remove(*study.find(*left), kBest);
}

bool Retention::may_have_left(const Study& study, std::uint64_t index) const {
  const TrialState& trial = *study.find(index);
  const bool ran_here = trial.phase == Phase::kEnded && !trial.repeats_index && trial.reused_from->empty();
  if (!ran_here || !trial.wrote_checkpoints || !with_folder_.contains(trial.trial)) return false;
  return (!keeps_last(trial) || (study.metric() && !is_best(study, trial))) && has_files(folder_of(trial));
}

void Retention::remove_left(const Study& study, std::uint64_t index) const try {
  const TrialState& trial = *study.find(index);
  if (ran_elsewhere(trial.trial)) return;
  if (!keeps_last(trial)) remove(trial, kLast);
  if (study.metric() && !is_best(study, trial)) remove(trial, kBest);
} catch (const core::UserError&) {  // a damaged row of a trial that has ended keeps no sweep from going on
}

bool Retention::keeps_last(const TrialState& trial) const {
  const bool may_go_on = is_failure(trial) && *trial.outcome != protocol::Outcome::kNoMetric;  // `sweep retry`
  return keep_.last == Keep::Last::kAll || (keep_.last == Keep::Last::kUnfinished && may_go_on);
}

bool Retention::is_best(const Study& study, const TrialState& trial) const {
  const auto worth = worth_of(study, trial);
  return worth && best_.contains({*worth, trial.index});
}

std::optional<std::uint64_t> Retention::place(const Study& study, const TrialState& trial) {
  if (!study.metric() || trial.repeats_index) return std::nullopt;
  const auto worth = worth_of(study, trial);
  if (!worth) return trial.index;
  best_.emplace(*worth, trial.index);
  if (best_.size() <= keep_.best) return std::nullopt;
  const auto worst = std::prev(best_.end());
  const std::uint64_t index = worst->second;
  best_.erase(worst);
  return index;
}

fs::path Retention::folder_of(const TrialState& trial) const {
  return runs_ / protocol::kTrialsFolder / trial.trial / protocol::kCheckpointsFolder;
}

bool Retention::ran_elsewhere(const std::string& trial) const {
  for (const auto& [id, place] : store_.find_trials(trial)) {
    bool ran = false;
    if (place.sweep != sweep_)
      store_.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
        ran |= std::holds_alternative<AttemptOrdered>(stored.event);
      });
    if (ran) return true;
  }
  return false;
}

// Only files that the trial itself announced.
void Retention::remove(const TrialState& trial, const std::string& kind) const {
  if (!trial.wrote_checkpoints) return;
  const fs::path folder = folder_of(trial);
  if (!has_files(folder)) return;
  store_.read_trial({sweep_, trial.index}, /*with_trace=*/false, [&](const StoredEvent& stored) {
    const auto* said = std::get_if<TrainerSaid>(&stored.event);
    const auto* checkpoint = said ? std::get_if<protocol::Checkpoint>(&said->event.body) : nullptr;
    std::error_code ignored;
    if (checkpoint && checkpoint->kind == kind) fs::remove(folder / checkpoint->file, ignored);
  });
}

}  // namespace sweep
