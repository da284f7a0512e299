// The built-in trainer: found, asked who it is, and kept as it was when a sweep began. Called by prepare.cpp and
// commands/. A user's program is user_program.h's.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/store/store.h"

namespace sweep {

/// A build of sweep-trainer.
struct BuiltinTrainer {
  std::filesystem::path executable;  ///< absolute
  std::string identity;              ///< protocol::TrialIdentity::trainer
  std::string sha256;                ///< of the executable
  core::Json description;            ///< what `--describe` printed
};

/// The trainer that a flag (where it is not empty), SWEEP_TRAINER or the folder of this program names; the last two
/// need not be there. Errors: UserError where the flag names no file.
std::filesystem::path find_trainer(const std::filesystem::path& flag);
/// Asks a build of sweep-trainer who it is. Errors: EnvironmentError where it does not answer.
BuiltinTrainer ask_trainer(const std::filesystem::path& executable);
/// Lets the trainer read a data set: what it says of it, null where it does not answer (`data` is a verb of later
/// builds); and, in "trials", what trials of `configs`, a list, could not do with it.
/// Errors: UserError with every problem that it has with the data.
core::Json ask_about_data(const BuiltinTrainer& trainer, const protocol::DataSource& data,
                          const core::Json& configs = core::Json::array());
/// Keeps the executable as it is now under runs/trainers/, by its digest: a build in the middle of a sweep changes
/// nothing, and a replay in a year runs the same bytes. Returns the kept one.
BuiltinTrainer freeze(const BuiltinTrainer& asked, const std::filesystem::path& runs);
/// The trainer as it was at the sweep's start. Errors: EnvironmentError where it is gone or has changed.
BuiltinTrainer frozen_trainer(const SweepRecord& record, const std::filesystem::path& runs);

/// Another build in its place. Errors: UserError where it is no file; EnvironmentError where it is none, or one of
/// other arithmetic.
BuiltinTrainer other_trainer(const SweepRecord& record, const std::filesystem::path& executable);

}  // namespace sweep
