// A whole sweep in the forms that TensorBoard, MLflow and Optuna read (docs/exports.md). Called by `sweep export
// --format`. Reads the store and changes nothing in it; one trial is capsule/'s business.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "sweep/store/store.h"

namespace sweep {

enum class ExportFormat {
  kTensorboard,  ///< a folder of event files
  kMlflow,       ///< a folder `mlruns`
  kOptuna,       ///< a journal, one file
};

/// The word of a format, as --format takes it; the whole list is kExportFormats.
std::string_view name(ExportFormat format);
inline constexpr ExportFormat kExportFormats[] = {ExportFormat::kTensorboard, ExportFormat::kMlflow,
                                                  ExportFormat::kOptuna};
/// Nothing where no format has that word.
std::optional<ExportFormat> export_format(std::string_view word);

/// Names that the other program does not take, as they are written → as they are.
using Renamed = std::map<std::string, std::string>;

struct SweepExport {
  ExportFormat format = ExportFormat::kOptuna;
  std::string sweep;
  std::filesystem::path path;
  std::uint64_t trials = 0;
  std::uint64_t left_out = 0;  ///< that lie beyond the end of the sweep, as no table has them
  std::uint64_t files = 0, bytes = 0;
  Renamed metrics, parameters;

  core::Json to_json() const;
};

/// Determinism: the same record gives the same bytes (MLflow's hold the absolute path of the target), whenever they are
/// written. Nothing stands at `path` before everything is there. Errors: UserError where something is at `path` already
/// (with `force`: something that no export wrote), or this version does not read the sweep's file; EnvironmentError
/// where it cannot be written.
SweepExport export_sweep(const Store& store, const SweepRecord& sweep, ExportFormat format,
                         const std::filesystem::path& path, bool force);

}  // namespace sweep
