// Asks a build of sweep-trainer about single steps of a trial: its verbs `trace` and `locate`, which answer in lines of
// JSON. Callers: locate.cpp, against.cpp.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/dispatch/trainer.h"

namespace sweep {

/// What its verb `trace` says, and that there is one; in `--describe`.
inline constexpr int kTraceVersion = 1;

/// Errors: EnvironmentError where the build has no such verbs, or those of another version.
void check_traces(const BuiltinTrainer& trainer);

/// The lines that the trainer prints when it is run so. Errors: EnvironmentError that names the command where it does
/// not end well or prints what is no JSON.
std::vector<core::Json> trainer_lines(const BuiltinTrainer& trainer, const std::vector<std::string>& arguments);

/// Writes the document into `folder`; returns its path.
std::filesystem::path write_document(const protocol::TrialDocument& document, const std::filesystem::path& folder);

}  // namespace sweep
