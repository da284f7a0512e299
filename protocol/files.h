// The names of files and folders under --runs. No parameter ever stands in a path. docs/formats.md describes them.
#pragma once

namespace protocol {

inline constexpr char kStoreFile[] = "sweeps.db";  ///< SQLite
inline constexpr char kTrialsFolder[] = "trials";  ///< trials/<trial id>/
inline constexpr char kTrainersFolder[] =
    "trainers";                                  ///< trainers/<sha256>: executables as they were at a sweep's start
inline constexpr char kLocksFolder[] = "locks";  ///< one file a sweep and a trial, locked with flock
inline constexpr char kCheckpointsFolder[] = "checkpoints";  ///< inside a trial's folder
inline constexpr char kTrialDocumentFile[] = "trial.json";   ///< inside attempt-N
inline constexpr char kStdoutFile[] = "stdout.log";
inline constexpr char kStderrFile[] = "stderr.log";

}  // namespace protocol
