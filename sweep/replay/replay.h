// Runs a trial of the store again and says whether it is the same, bit for bit. Called by `sweep replay`. The trial
// runs through the same path as in its sweep (dispatch/attempt.h), with the trainer's executable as it was then, in a
// folder of its own; the record of the sweep is not touched. The verdict goes into the store's table of replays.
// Many trials at once are replay_work.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/json.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/replay/compare.h"
#include "sweep/store/store.h"

namespace sweep {

struct ReplayOptions {
  std::filesystem::path runs;
  Overrides where;   ///< device and GPUs, another trainer; no device: where the record was made
  bool all = false;  ///< go on after the first difference
  /// Told about the steps compared so far, of `last` (0 where the record holds no fingerprints). May be empty.
  std::function<void(std::uint64_t step, std::uint64_t last)> progress;
};

struct Replayed {
  std::string trial;
  std::string sweep;              ///< where the record was made
  std::uint64_t index = 0;        ///< in that sweep
  std::uint64_t attempts = 0;     ///< that the record was made of
  bool audit = false;             ///< beside the running sweep
  std::string recorded_on;        ///< device of the record's last attempt
  std::string recorded_slot;      ///< its slot
  std::string device;             ///< where it ran now
  std::string gpu;                ///< its UUID; empty on the CPU
  std::filesystem::path trainer;  ///< of another build than the one that was kept; else empty
  double seconds = 0;
  std::filesystem::path folder;  ///< logs and checkpoints of the replay, kept unless it was identical; else empty
  Comparison comparison;

  core::Json to_json() const;
};

/// The trial where it ran: a reused result was made in another sweep, a repeated draw by an earlier trial.
struct Origin {
  SweepRecord sweep;
  TrialState trial;
};

/// Sweeps of a store as replays need them, each prepared once, and loaded again only where a trial has ended since.
class RecordedSweeps {
 public:
  /// `store` outlives it.
  RecordedSweeps(const Store& store, std::filesystem::path runs) : store_(store), runs_(std::move(runs)) {}

  /// Of `where` only the second group of Overrides is used. Requires: before the first prepared().
  void run_on(Overrides where) { where_ = std::move(where); }

  /// Errors: UserError where the store does not know the sweep.
  Origin origin_of(TrialPlace place);
  /// Errors: as prepare_recorded().
  const Prepared& prepared(const SweepRecord& sweep);

 private:
  using Known = std::pair<SweepRecord, Study>;

  const Known& load(const TrialPlace& place);

  const Store& store_;
  std::filesystem::path runs_;
  Overrides where_;
  std::map<std::string, Known> known_;
  std::map<std::string, Prepared> prepared_;
};

/// Where the record was made, as a flag would say it. Requires: it has an attempt.
Device recorded_device(const TrialState& trial);

/// What the store holds of the trial.
TrialRecord load_record(const Store& store, const Origin& origin);

/// A replay before it has ended: what is started, and what its events are compared with.
struct PendingReplay {
  Replayed result;  ///< who, and who recorded
  AttemptRequest request;
  Comparator comparator;
  std::uint64_t last = 0;      ///< the last recorded step with fingerprints
  std::filesystem::path runs;  ///< where its folder is moved from, unless it is identical; empty: it stays
};

/// `index`: of the trial in the sweep that was prepared, which may be another than the record's; `folder` gets what it
/// prints and, of a program, its rendered files; `all`: go on after the first difference. Errors: UserError where the
/// plan gives another trial at this index.
PendingReplay make_replay(const Store& store, const Origin& origin, const Prepared& prepared, std::uint64_t index,
                          const std::filesystem::path& folder, bool all);

/// A new folder trials/TRIAL/replay-N, absolute. Errors: EnvironmentError.
std::filesystem::path make_replay_folder(const std::filesystem::path& runs, const std::string& trial);

/// The verdict of one that has ended; recorded in the store.
Replayed finish_replay(Store& store, PendingReplay pending, const AttemptResult& ended);

/// Errors: UserError where the trial has not run yet, or the data is not what it was (both digests are named);
/// EnvironmentError where the device is not there or the frozen trainer is gone.
Replayed replay_trial(Store& store, const TrialPlace& place, const ReplayOptions& options);

}  // namespace sweep
