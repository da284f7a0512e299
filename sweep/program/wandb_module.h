// `compat: wandb`: the files of sweep/program/wandb/, a stand-in for the Python package of that name, held in this
// library and written where a trial's PYTHONPATH begins. Called by dispatch/ before the first trial of such a sweep.
#pragma once

#include <filesystem>
#include <vector>

#include "core/embedded_file.h"

namespace sweep {

/// The files as they are in the source tree.
const std::vector<core::EmbeddedFile>& wandb_files();

/// Writes them to folder/wandb/, and the name and version of the package beside it, so that libraries which ask for
/// those find them. A file that is there with the same bytes is left alone; another is replaced whole, so that a trial
/// which is just starting reads the old or the new one. `folder` goes to the front of PYTHONPATH.
/// Errors: EnvironmentError where it cannot be written.
void write_wandb_module(const std::filesystem::path& folder);

}  // namespace sweep
