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
#include "sweep/dispatch/hardware.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/dispatch/user_program.h"
#include "sweep/search/trials.h"
#include "sweep/spec/spec.h"
#include "sweep/store/store.h"

namespace sweep {

/// Flags that change what the file says. Those of the first group change what runs and are recorded with the sweep, so
/// that resume applies them too; those of the second change only where it runs.
struct Overrides {
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> count;
  std::optional<Method> method;
  bool ignore_early_terminate = false;

  std::optional<Device> device;
  std::optional<int> threads;
  std::optional<std::vector<std::string>> gpus;  ///< numbers or UUIDs; empty: none
  std::filesystem::path trainer;                 ///< another build of sweep-trainer; empty: SWEEP_TRAINER, else ours

  core::Json recorded() const;  ///< the first group
  static Overrides from_recorded(const core::Json& json);
};

/// Who trains: one of the two.
struct Trainer {
  std::optional<BuiltinTrainer> builtin;
  std::optional<ReadyProgram> program;
};

struct Prepared {
  TrialPlan plan;
  Trainer trainer;
  std::optional<protocol::DataSource> data;
  Hardware hardware;
  int threads = 1;
  std::vector<core::Problem> warnings;  ///< of the file, to be shown
  SweepRecord record;                   ///< all but provenance, which the caller adds

  const Spec& spec() const { return plan.spec(); }
};

/// What a sweep file would run.
struct Planned {
  std::string text;  ///< of the file
  TrialPlan plan;
  Trainer trainer;  ///< as it lies there, not frozen
  std::optional<protocol::DataSource> data;
  std::vector<core::Problem> warnings;
  std::optional<Hardware> hardware;  ///< where the identity of the trials depends on it
  core::KnownDigests digests;        ///< of the data; whoever may write under the runs folder saves them
};

/// What becomes of a data set or an input that is not there.
enum class Missing { kError, kWarning };

/// Reads `file` and fixes every trial's identity; with kWarning and something missing the identities are not those that
/// a run would have. Writes nothing. `runs` is only left out of the program's sources.
Planned plan_file(const std::filesystem::path& file, const std::filesystem::path& runs, const Overrides& overrides,
                  Missing missing = Missing::kError);

/// Reads `file` and prepares what it says. `runs` is created where it is missing.
Prepared prepare_file(const std::filesystem::path& file, const std::filesystem::path& runs, const Overrides& overrides);

/// The spec of a sweep that the store knows, from its record alone. Errors: UserError where this version does not read
/// the recorded text.
Spec recorded_spec(const SweepRecord& record);

/// Prepares a sweep that the store knows, from its record alone: the recorded text, the frozen trainer, the data by
/// digest. `overrides`: only those of the second group are used. Errors: UserError with both digests where the data
/// has changed.
Prepared prepare_recorded(const SweepRecord& record, const std::filesystem::path& runs, const Overrides& overrides);

/// The plan of a recorded sweep alone: needs neither data nor trainer. Nothing where this version reads its file
/// differently.
std::optional<TrialPlan> recorded_plan(const SweepRecord& record);

/// The document of one trial as this machine would run it.
protocol::TrialDocument trial_document(const Prepared& prepared, const PlannedTrial& trial);

}  // namespace sweep
