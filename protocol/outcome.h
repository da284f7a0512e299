// How an attempt of a trial ends, and the exit codes of both programs. One table; the spelling is on disk and in every
// report, so it never changes.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace protocol {

enum class Outcome : unsigned char {
  kCompleted,    ///< exit 0 and the target metric was seen
  kNoMetric,     ///< exit 0, but the metric never came
  kDiverged,     ///< the loss or the metric is not finite: a result, not a crash
  kPruned,       ///< stopped by early termination
  kFailed,       ///< any other exit code, or a broken event line
  kOutOfMemory,  ///< CUDA out of memory, or killed by the memory limit
  kTimedOut,     ///< ran longer than timeout_s
  kStalled,      ///< no event for stall_timeout_s
  kKilled,       ///< by a signal that was not ours
  kCancelled,    ///< by the user
  kLost,         ///< the controller died while it ran
};

/// What the table below says of one outcome.
struct OutcomeInfo {
  Outcome outcome;
  std::string_view name;  ///< as on disk and in reports
  bool determined;        ///< follows from file, seed and trainer; the others are the machine's doing
  bool ranked;            ///< may have a rank
  bool trial_goes_on;     ///< the trial is not over: it goes on later from its last checkpoint, and no try is counted
  std::string_view meaning;  ///< for people
};

std::span<const OutcomeInfo> outcomes();
const OutcomeInfo& info(Outcome outcome);
std::string_view name(Outcome outcome);
std::optional<Outcome> outcome_named(std::string_view name);

// Exit codes of a trainer.
inline constexpr int kTrainerCompleted = 0;     ///< completed or diverged: `finished` says which
inline constexpr int kTrainerUserError = 2;     ///< hyperparameters or data at fault
inline constexpr int kTrainerUnsuitable = 4;    ///< no such device, disk full
inline constexpr int kTrainerOutOfMemory = 12;  ///< device or host memory exhausted
inline constexpr int kTrainerInterrupted = 75;  ///< stopped by SIGTERM after writing a checkpoint: start me again

// Exit codes of `sweep`.
inline constexpr int kExitOk = 0;             ///< all wanted trials completed; a replay was identical
inline constexpr int kExitSomeFailed = 1;     ///< finished, some trials did not complete; a replay was incomplete
inline constexpr int kExitUsage = 2;          ///< usage, sweep file or data error
inline constexpr int kExitDifferent = 3;      ///< a replay differed
inline constexpr int kExitUnsuitable = 4;     ///< the environment cannot do it; a replay was not comparable
inline constexpr int kExitGuard = 5;          ///< stopped by a guard
inline constexpr int kExitInterrupted = 130;  ///< by SIGINT, resumable
inline constexpr int kExitTerminated = 143;   ///< by SIGTERM or SIGHUP, resumable

}  // namespace protocol
