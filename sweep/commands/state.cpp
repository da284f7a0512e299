// See state.h.
#include "sweep/commands/state.h"

#include "core/error.h"
#include "sweep/commands/selection.h"

namespace sweep {

std::string_view name(SweepState state) {
  switch (state) {
    case SweepState::kRunning:
      return "running";
    case SweepState::kFinished:
      return "finished";
    case SweepState::kPaused:
      return "paused";
    case SweepState::kUnfinished:
      return "unfinished";
  }
  core::check(false, "no such state");
  return {};
}

SweepState state_of(const SweepOverview& sweep, bool controlled) {
  if (controlled) return SweepState::kRunning;
  if (sweep.finished()) return SweepState::kFinished;
  if (sweep.guarded) return SweepState::kPaused;
  return sweep.running.empty() && sweep.planned > 0 ? SweepState::kPaused : SweepState::kUnfinished;
}

std::string resume_command(const std::string& sweep, const Globals& globals) {
  return "sweep resume " + sweep + runs_flag(globals);
}

}  // namespace sweep
