// A capsule opened: verified, and laid out in a folder of its own as a --runs folder with one trial that ran, on which
// a replay works as on any other. Called by `sweep replay FILE`.
//
// A capsule may come from a stranger. Nothing of it is started unless `trust` says so: neither the trainer in it nor
// the command of a user's program, which it names as well. Nothing of it gets into a store of the user's: results are
// reused by the id of a trial, and a forged one would stand in a table.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "sweep/capsule/archive.h"
#include "sweep/capsule/contents.h"
#include "sweep/store/store.h"

namespace sweep {

struct OpenOptions {
  std::filesystem::path runs;     ///< where a trainer of the same digest may be kept; need not be there
  std::filesystem::path data;     ///< --data: the data set, or a folder that holds it; empty: looked for by its name
  std::filesystem::path program;  ///< --program: the working folder of a user's program; empty: where it is in the
                                  ///< capsule, else the current one
  bool trust_trainer = false;     ///< the executable in the capsule may be started
  bool trust_command = false;     ///< the command that the capsule names may be started
};

/// What a file holds. Errors: UserError that names the file and the part.
struct Capsule {
  Archive archive;
  CapsuleContents contents;

  static Capsule read(const std::filesystem::path& file);
};

/// A capsule laid out.
struct OpenedCapsule {
  TrialPlace place;          ///< in the store of the folder
  std::string trainer_note;  ///< where another build than the recorded one runs; else empty
};

/// Lays `capsule` out under `folder`, which is empty. Errors: UserError where the data set is found nowhere or has
/// another digest (both are named), or where the program may not be started; EnvironmentError where there is no trainer
/// of the trial's identity.
OpenedCapsule open_capsule(const Capsule& capsule, const std::filesystem::path& folder, const OpenOptions& options);

}  // namespace sweep
