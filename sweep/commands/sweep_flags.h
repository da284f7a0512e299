// The flags that stand above a sweep file, for the verbs that read one without running it. Used by check and plan.
#pragma once

#include <filesystem>

#include "sweep/commands/command.h"
#include "sweep/dispatch/prepare.h"

namespace sweep {

/// Stands for the folder of an attempt in a command that is only shown.
inline constexpr char kAttemptFolder[] = "ATTEMPT";

/// FILE and the flags that change what it says. Lives as long as the verb.
struct SweepFlags {
  std::filesystem::path file;
  Overrides overrides;

  /// Declares FILE, --seed, --count, --method and --trainer. `this` outlives the subcommand.
  void declare(CLI::App& subcommand);
};

/// Prints every trial that the file would run, with all of `sweep plan`'s checks; starts nothing. Returns the exit
/// code.
int dry_run(const SweepFlags& flags, bool fresh, const Globals& globals);

/// "random, 8 of 1024 points, seed 0, val_accuracy maximized (best)": the sweep in one line.
std::string headline(const TrialPlan& plan);

/// What stays true although the file does not say it; empty where there is nothing to say.
std::string caution(const TrialPlan& plan);

}  // namespace sweep
