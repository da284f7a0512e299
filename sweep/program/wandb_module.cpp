// See wandb_module.h.
#include "sweep/program/wandb_module.h"

#include <system_error>

#include "core/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// The version of W&B whose words the stand-in knows, marked as ours.
constexpr char kMetadataFile[] = "wandb-0.19.0+sweep.dist-info/METADATA";
constexpr std::string_view kMetadata = "Metadata-Version: 2.1\nName: wandb\nVersion: 0.19.0+sweep\n";

void write(const fs::path& file, std::string_view contents) {
  std::error_code error;
  if (fs::is_regular_file(file, error) && core::read_file(file) == contents) return;
  core::write_file_durably(file, contents);
}

}  // namespace

void write_wandb_module(const fs::path& folder) {
  for (const core::EmbeddedFile& file : wandb_files()) write(folder / "wandb" / file.path, file.contents);
  write(folder / kMetadataFile, kMetadata);
}

}  // namespace sweep
