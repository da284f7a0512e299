// From a sweep file, or from what the store recorded of one, to something runnable: data found and digested, the
// trainer found, asked who it is and frozen under runs/trainers/, every trial's identity fixed. Called by commands/ and
// replay/. Starts no trial and writes nothing into the store.
// Errors: UserError (file, hyperparameters, data), EnvironmentError (no trainer, no GPU where one was asked for).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/search/trials.h"
#include "sweep/spec/spec.h"
#include "sweep/store/store.h"

namespace sweep {

/// How a trial's program is started, and who it is. A user's own program comes through here as well.
struct TrainerCommand {
  std::vector<std::string> argv;  ///< argv[0] is the frozen executable's absolute path
  std::string identity;           ///< protocol::TrialIdentity::trainer
  std::string sha256;             ///< of the executable
  core::Json description;         ///< what `--describe` printed
};

/// Flags that change what the file says. Those of the first group change what runs and are recorded with the sweep, so
/// that resume applies them too; those of the second change only where it runs.
struct Overrides {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> count;
  std::optional<Method> method;

  std::optional<Device> device;
  std::optional<int> threads;
  std::optional<std::vector<std::string>> gpus;  ///< numbers or UUIDs; empty: none
  std::filesystem::path trainer;                 ///< another build of sweep-trainer; empty: SWEEP_TRAINER, else ours

  core::Json recorded() const;  ///< the first group
  static Overrides from_recorded(const core::Json& json);
};

struct Prepared {
  TrialPlan plan;
  TrainerCommand trainer;
  std::optional<protocol::DataSource> data;
  std::string device;             ///< "cpu" or "cuda": auto is resolved
  std::vector<std::string> gpus;  ///< UUIDs to use; empty on the CPU
  int threads = 1;
  std::vector<core::Problem> warnings;  ///< of the file, to be shown
  SweepRecord record;                   ///< all but provenance, which the caller adds

  const Spec& spec() const { return plan.spec(); }
};

/// What a sweep file would run, wherever.
struct Planned {
  std::string text;  ///< of the file
  TrialPlan plan;
  TrainerCommand trainer;  ///< as it lies there, not frozen
  std::optional<protocol::DataSource> data;
};

/// Reads `file` and fixes every trial's identity. Looks for no GPU and writes nothing.
Planned plan_file(const std::filesystem::path& file, const Overrides& overrides);

/// Reads `file` and prepares what it says. `runs` is created where it is missing.
Prepared prepare_file(const std::filesystem::path& file, const std::filesystem::path& runs, const Overrides& overrides);

/// Prepares a sweep that the store knows, from its record alone: the recorded text, the frozen trainer, the data by
/// digest. `overrides`: only those of the second group are used. Errors: UserError with both digests where the data
/// has changed.
Prepared prepare_recorded(const SweepRecord& record, const std::filesystem::path& runs, const Overrides& overrides);

/// The trainer that the flags, SWEEP_TRAINER or the folder of this program name; it need not be there.
std::filesystem::path find_trainer(const Overrides& overrides);
/// Asks a build of sweep-trainer who it is; freezes nothing. Errors: EnvironmentError where it does not answer.
TrainerCommand ask_trainer(const std::filesystem::path& executable);
/// The trainer as it was at the sweep's start. Errors: EnvironmentError where it is gone or has changed.
TrainerCommand frozen_trainer(const SweepRecord& record, const std::filesystem::path& runs);

/// The document of one trial as this machine would run it.
protocol::TrialDocument trial_document(const Prepared& prepared, const PlannedTrial& trial);

/// Errors: UserError where `spec` names no data set and the trainer, by its description, trains on one.
void check_names_data(const Spec& spec, const TrainerCommand& trainer, const std::filesystem::path& sweep_file);

/// The data set that `name` means, with its digest: builtin:NAME, or a path, tried as it stands where it is absolute,
/// else beside the sweep file, in ./data and in $SWEEP_DATA, in this order. Errors: UserError that lists the places.
protocol::DataSource find_data(const std::string& name, const std::filesystem::path& sweep_file);

}  // namespace sweep
