// See exports.h.
#include "sweep/exports/exports.h"

#include "core/printable.h"
#include "core/utf8.h"
#include "protocol/files.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/exports/writer.h"

namespace sweep {
namespace {

using core::Json;

std::unique_ptr<ExportWriter> writer_of(ExportFormat format, const ExportHead& head, ExportTarget& target,
                                        const std::filesystem::path& path) {
  switch (format) {
    case ExportFormat::kTensorboard:
      return tensorboard_writer(head, target);
    case ExportFormat::kMlflow:
      return mlflow_writer(head, target, path);
    case ExportFormat::kOptuna:
      break;
  }
  return optuna_writer(head, target);
}

}  // namespace

std::string_view name(ExportFormat format) {
  switch (format) {
    case ExportFormat::kTensorboard:
      return "tensorboard";
    case ExportFormat::kMlflow:
      return "mlflow";
    case ExportFormat::kOptuna:
      break;
  }
  return "optuna";
}

std::optional<ExportFormat> export_format(std::string_view word) {
  for (const ExportFormat format : kExportFormats)
    if (name(format) == word) return format;
  return std::nullopt;
}

std::string export_title(const SweepRecord& sweep) {
  constexpr std::size_t kTitleBytes = 200;
  const std::string whole = core::printable(sweep.name);
  std::string title(core::utf8_prefix(whole, kTitleBytes));
  if (title.size() < whole.size()) title += "…";
  return title.empty() ? "sweep " + sweep.id : title + " (" + sweep.id + ")";
}

Json SweepExport::to_json() const {
  return {{"bytes", bytes},         {"files", files},
          {"format", name(format)}, {"left_out", left_out},
          {"path", path.string()},  {"renamed", {{"metrics", metrics}, {"parameters", parameters}}},
          {"sweep", sweep},         {"trials", trials}};
}

SweepExport export_sweep(const Store& store, const SweepRecord& sweep, ExportFormat format,
                         const std::filesystem::path& path, bool force) {
  const ExportHead head{sweep, exported_parameters(recorded_spec(sweep))};
  const bool is_file = format == ExportFormat::kOptuna;
  ExportTarget target(path, is_file ? ExportTarget::Kind::kFile : ExportTarget::Kind::kFolder, force);
  const auto writer = writer_of(format, head, target, path);
  SweepExport result;
  result.format = format;
  result.sweep = sweep.id;
  result.path = path;
  result.left_out = read_exported_trials(store, sweep.id, [&](const ExportedTrial& trial) {
    writer->add(trial);
    ++result.trials;
  });
  writer->finish();
  result.metrics = writer->renamed_metrics();
  result.parameters = writer->renamed_parameters();
  if (!is_file) {
    Json about = result.to_json();  // what is known before the target is whole, and does not change with its place
    for (const char* key : {"bytes", "files", "path"}) about.erase(key);
    target.add(protocol::kExportFile, core::canonical_json(about) + "\n");
  }
  target.commit();
  result.files = target.files();
  result.bytes = target.bytes();
  return result;
}

}  // namespace sweep
