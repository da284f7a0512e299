// What a sweep is doing now: its rows in the store and whether a controller holds its lock. Called by list, stop and
// show.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sweep/commands/command.h"
#include "sweep/dispatch/controller.h"
#include "sweep/dispatch/overview.h"

namespace sweep {

enum class SweepState {
  kRunning,   ///< a controller holds its lock
  kFinished,  ///< all trials that are to end have ended
  kPaused,    ///< its controller ended in order, with trials left: stopped, cancelled, interrupted; or the guard holds
  kUnfinished,  ///< its controller died while trials ran, or never came to the first
};

/// "running", "finished", "paused", "unfinished".
std::string_view name(SweepState state);

/// `controlled`: whether a controller holds the lock.
SweepState state_of(const SweepOverview& sweep, bool controlled);

/// "sweep resume ID", with --runs where it is needed.
std::string resume_command(const std::string& sweep, const Globals& globals);

}  // namespace sweep
