// The part of `sweep replay` that looks for where and why: --locate, --against and --trainer. Called by replay.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sweep/commands/command.h"
#include "sweep/replay/locate.h"
#include "sweep/replay/replay.h"

namespace sweep {

struct LocateFlags {
  bool locate = false;
  std::string against, trainer;
};

void declare_locate(CLI::App& subcommand, LocateFlags& flags);

/// Where and why a replay was different. Errors: as locate_difference().
Located locate_replayed(const Store& store, const TrialPlace& place, const ReplayOptions& options,
                        const Replayed& replayed);

/// Runs the trial in the sweep's trainer and in another program, prints where they part. Returns the exit code: 0 where
/// they do not, 3 where they do. Errors: UserError for a trial that the built-in trainer did not make, EnvironmentError
/// where one of the programs cannot trace.
int replay_against(const Store& store, const TrialPlace& place, const ReplayOptions& options,
                   const std::filesystem::path& other, const Globals& globals);

}  // namespace sweep
