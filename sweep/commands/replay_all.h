// `sweep replay --all`: the replays of a whole sweep in its slots, and the table of their verdicts. Called by the verb
// (replay.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sweep/commands/command.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/replay/replay.h"

namespace sweep {

struct ReplayAllFlags {
  std::string sweep = "last";
  std::optional<std::uint64_t> sample;
  std::optional<std::uint64_t> replicates_of;  ///< only the trials of this one's configuration
  int slots = 0;
  BusyGpus busy_gpus = BusyGpus::kWait;
};

/// With `replicates_of` the others are not asked about. Returns the exit code: of the gravest verdict, 130 or 143 where
/// it was interrupted. Errors: UserError where no trial of the sweep has ended.
int replay_all(const ReplayAllFlags& flags, ReplayOptions options, const Globals& globals);

}  // namespace sweep
