// What `sweep run`, `sweep resume` and `sweep retry` share: the flags that say where a sweep runs, and running it with
// progress, the leaderboard at the end and the exit code.
#pragma once

#include <string>
#include <vector>

#include "sweep/commands/command.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {

struct RunningFlags {
  int slots = 0;
  std::optional<int> threads;
  std::string gpus, device, busy_gpus;
  bool fresh = false, no_guard = false;
  std::optional<double> audit;  ///< share of the trials
};

/// --slots, --gpus, --busy-gpus, --device, --threads: what `sweep replay` has as well.
void declare_where(CLI::App& subcommand, RunningFlags& flags);
/// These and --audit, --fresh, --no-guard.
void declare_running(CLI::App& subcommand, RunningFlags& flags);

/// Writes them into `overrides`. Errors: UserError.
void apply(const RunningFlags& flags, Overrides& overrides);

BusyGpus busy_gpus(const RunningFlags& flags);

/// Reopens the trials, runs the sweep, or says that it is finished; prints the leaderboard; returns the exit code.
int run_prepared(Prepared prepared, const RunningFlags& flags, const Globals& globals,
                 std::vector<TrialReopened> reopen = {});

}  // namespace sweep
