// Runs a trial of the store again and says whether it is the same, bit for bit. Called by `sweep replay`. The trial
// runs through the same path as in its sweep (dispatch/attempt.h), with the trainer's executable as it was then, in a
// folder of its own; the record of the sweep is not touched. The verdict goes into the store's table of replays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/json.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/replay/compare.h"
#include "sweep/store/store.h"

namespace sweep {

struct ReplayOptions {
  std::filesystem::path runs;
  std::optional<Device> device;   ///< where to run; nothing: where the record was made
  std::filesystem::path trainer;  ///< another build of sweep-trainer; empty: the one that was kept
  bool all = false;               ///< go on after the first difference
  /// Told about the steps compared so far, of `last` (0 where the record holds no fingerprints). May be empty.
  std::function<void(std::uint64_t step, std::uint64_t last)> progress;
};

struct Replayed {
  std::string trial;
  std::string sweep;        ///< where the record was made
  std::uint64_t index = 0;  ///< in that sweep
  std::string recorded_on;  ///< device of the record's last attempt
  std::string device;       ///< where it ran now
  double seconds = 0;
  std::filesystem::path folder;  ///< logs and checkpoints of the replay, kept unless it was identical; else empty
  Comparison comparison;

  core::Json to_json() const;
};

/// The trial where it ran: a reused result was made in another sweep.
struct Origin {
  SweepRecord sweep;
  TrialState trial;
};
Origin find_origin(const Store& store, TrialPlace place);

/// What the store holds of the trial.
TrialRecord load_record(const Store& store, const Origin& origin);

/// A new folder trials/TRIAL/replay-N, absolute. Errors: EnvironmentError.
std::filesystem::path make_replay_folder(const std::filesystem::path& runs, const std::string& trial);

/// Errors: UserError where the trial has not run yet, or the data is not what it was (both digests are named);
/// EnvironmentError where the device is not there or the frozen trainer is gone.
Replayed replay_trial(Store& store, const TrialPlace& place, const ReplayOptions& options);

}  // namespace sweep
