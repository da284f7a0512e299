// See retention.h.
#include "sweep/dispatch/retention.h"

#include <cmath>
#include <iterator>
#include <system_error>
#include <variant>

#include "protocol/files.h"

namespace sweep {

namespace fs = std::filesystem;

Retention::Retention(const Keep& keep, const Store& store, std::string sweep, fs::path runs)
    : keep_(keep), store_(store), sweep_(std::move(sweep)), runs_(std::move(runs)) {}

void Retention::remember(const Study& study) {
  for (const TrialState& trial : study.trials())
    if (trial.phase == Phase::kEnded) place(study, trial);
}

void Retention::ended(const Study& study, std::uint64_t index) {
  const TrialState& trial = *study.find(index);
  if (trial.phase != Phase::kEnded) return;
  const bool may_go_on = is_failure(trial) && *trial.outcome != protocol::Outcome::kNoMetric;  // `sweep retry`
  if (keep_.last == Keep::Last::kNone || (keep_.last == Keep::Last::kUnfinished && !may_go_on)) remove(trial, "last");
  if (!study.metric()) return;
  if (const auto left = place(study, trial)) remove(*study.find(*left), "best");
}

std::optional<std::uint64_t> Retention::place(const Study& study, const TrialState& trial) {
  if (!study.metric() || trial.repeats_index) return std::nullopt;
  if (!protocol::info(*trial.outcome).ranked || !trial.value || !std::isfinite(*trial.value)) return trial.index;
  const bool maximize = study.metric()->goal == protocol::Goal::kMaximize;
  best_.emplace(maximize ? -*trial.value : *trial.value, trial.index);
  if (best_.size() <= keep_.best) return std::nullopt;
  const auto worst = std::prev(best_.end());
  const std::uint64_t index = worst->second;
  best_.erase(worst);
  return index;
}

// Only files that the trial itself announced.
void Retention::remove(const TrialState& trial, const std::string& kind) const {
  if (!trial.wrote_checkpoints) return;
  const fs::path folder = runs_ / protocol::kTrialsFolder / trial.trial / protocol::kCheckpointsFolder;
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(folder, ignored)) || fs::is_empty(folder, ignored)) return;
  store_.read_trial({sweep_, trial.index}, /*with_trace=*/false, [&](const StoredEvent& stored) {
    const auto* said = std::get_if<TrainerSaid>(&stored.event);
    const auto* checkpoint = said ? std::get_if<protocol::Checkpoint>(&said->event.body) : nullptr;
    if (checkpoint && checkpoint->kind == kind) fs::remove(folder / checkpoint->file, ignored);
  });
}

}  // namespace sweep
