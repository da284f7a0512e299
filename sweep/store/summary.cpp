// A trial's state ↔ its row of the table `trials`; see store.h.
#include <cmath>
#include <utility>

#include "core/error.h"
#include "sweep/store/store.h"

namespace sweep {

TrialSummary summarize(const TrialState& trial) {
  core::check(!trial.is_forgotten, "the row of a trial that is forgotten");
  TrialSummary row;
  row.detail = trial.detail;
  row.repeats = trial.repeats_index;
  row.trial = trial.trial;
  row.phase = name(trial.phase);
  row.outcome = trial.outcome ? protocol::name(*trial.outcome) : "";
  row.reused_from = *trial.reused_from;
  row.seed = trial.seed;
  row.attempts = trial.attempts.size();
  row.last_step = trial.last_step;
  if (trial.value && std::isfinite(*trial.value)) row.value = trial.value;  // SQLite has no NaN
  row.epoch = trial.epoch;
  row.step = trial.step;
  row.seconds = trial.seconds;
  return row;
}

TrialState ended_state(TrialSummary row, std::uint64_t index) {
  TrialState trial;
  trial.index = index;
  trial.trial = std::move(row.trial);
  trial.seed = row.seed;
  trial.repeats_index = row.repeats;
  trial.phase = Phase::kEnded;
  trial.outcome = protocol::outcome_named(row.outcome);
  if (row.phase != name(Phase::kEnded) || !trial.outcome)
    throw core::UserError("the row of trial " + std::to_string(index), "has no outcome '" + row.outcome + "'",
                          "the store is damaged or was written by another program");
  trial.detail = std::move(row.detail);
  trial.value = row.value;
  trial.epoch = row.epoch;
  trial.step = row.step;
  trial.last_step = row.last_step;
  trial.reused_from = std::move(row.reused_from);
  trial.seconds = row.seconds;
  trial.is_forgotten = true;
  return trial;
}

}  // namespace sweep
