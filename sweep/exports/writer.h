// What each of the other programs' forms is to exports.cpp: it is given the trials one after another and writes into a
// target. Inside of exports/; tensorboard.cpp, mlflow.cpp and optuna.cpp make one each.
#pragma once

#include <filesystem>
#include <memory>

#include "sweep/exports/exports.h"
#include "sweep/exports/names.h"
#include "sweep/exports/parameters.h"
#include "sweep/exports/target.h"
#include "sweep/exports/trials.h"

namespace sweep {

/// The sweep as all forms have it.
struct ExportHead {
  SweepRecord record;
  std::vector<ExportedParameter> parameters;
};

class ExportWriter {
 public:
  virtual ~ExportWriter() = default;
  /// Requires: by index.
  virtual void add(const ExportedTrial& trial) = 0;
  /// What stands once a sweep.
  virtual void finish() = 0;
  virtual Renamed renamed_metrics() const { return {}; }
  virtual Renamed renamed_parameters() const { return {}; }
};

// `head` and `target` outlive what is returned. `path`: where the target will lie.
std::unique_ptr<ExportWriter> tensorboard_writer(const ExportHead& head, ExportTarget& target);
std::unique_ptr<ExportWriter> mlflow_writer(const ExportHead& head, ExportTarget& target,
                                            const std::filesystem::path& path);
std::unique_ptr<ExportWriter> optuna_writer(const ExportHead& head, ExportTarget& target);

/// The metric that other programs are given beside the trial's own: the value by which the table ranks it.
inline constexpr char kRankedValue[] = "sweep/value";

/// The sweep's name, where it has one, else "sweep ID"; harmless in a list.
std::string export_title(const SweepRecord& sweep);

}  // namespace sweep
