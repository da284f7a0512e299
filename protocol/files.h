// The names of files and folders under --runs. No parameter ever stands in a path. docs/formats.md describes them.
#pragma once

namespace protocol {

inline constexpr char kStoreFile[] = "sweeps.db";       ///< SQLite
inline constexpr char kDigestsFile[] = "digests.json";  ///< core::KnownDigests: of large files outside
inline constexpr char kTrialsFolder[] = "trials";       ///< trials/<trial id>/
inline constexpr char kAuditsFolder[] = "audits";       ///< audits/<sweep id>/<trial id>: of audits that run now
inline constexpr char kTrainersFolder[] =
    "trainers";                                      ///< trainers/<sha256>: executables as they were at a sweep's start
inline constexpr char kModulesFolder[] = "modules";  ///< Python modules that a user's program gets to see
inline constexpr char kDifferencesFolder[] = "differences";  ///< what was not committed when sweeps began
inline constexpr char kCapsulesFolder[] = "capsules";        ///< one folder a capsule that is replayed
inline constexpr char kLocksFolder[] = "locks";              ///< one file a sweep, and one for all trials
inline constexpr char kCheckpointsFolder[] = "checkpoints";  ///< inside a trial's folder
inline constexpr char kStdoutFile[] = "stdout.log";          ///< inside attempt-N
inline constexpr char kStderrFile[] = "stderr.log";

/// In every folder that `sweep export` wrote, wherever it lies: by it --force and the search for sources know one.
inline constexpr char kExportFile[] = "sweep-export.json";

}  // namespace protocol
