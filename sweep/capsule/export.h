// A trial of the store as a capsule: everything that a replay elsewhere needs, or the digest by which it asks for it.
// Called by `sweep export`. Reads the store and the disk, changes neither, writes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/store/store.h"

namespace sweep {

struct ExportOptions {
  std::filesystem::path runs;
  bool with_data = false;        ///< the files of the data set
  bool with_checkpoint = false;  ///< the checkpoints that the trial wrote, as far as they are kept
  bool with_trainer = false;     ///< the executable of the built-in trainer, as it was when the sweep began
  bool with_sources = false;     ///< the sources and templates of a user's program
};

struct Exported {
  std::string trial;
  std::string sweep;        ///< where it ran
  std::uint64_t index = 0;  ///< in that sweep
  std::string digest;       ///< of the capsule: the manifest's
  std::string bytes;        ///< of the file
  core::Json parts;         ///< {name: bytes}
  /// Words of the command and names of the inputs that are or hold an absolute path: the trial's identity is made of
  /// them, so that they stay as the sweep file has them, and a replay looks for them there.
  std::vector<std::string> absolute;

  core::Json to_json() const;
};

/// Determinism: the same trial gives the same bytes, whenever and wherever the folder lies. Errors: UserError where the
/// trial has not run to its end, the data or a checkpoint is not there or not what it was, or there is too much of it;
/// EnvironmentError where the trainer is gone.
Exported export_trial(const Store& store, const TrialPlace& place, const ExportOptions& options);

}  // namespace sweep
