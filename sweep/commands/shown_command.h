// The command of a trial as `check` and `plan` print it. What a variable of the environment holds may be a secret, so
// it stands as ${envvar:NAME}; what is started is dispatch/'s, and has the value.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/dispatch/user_program.h"

namespace sweep {

/// The arguments that start_of() gives, but an item that names a variable of the environment is as it is written, other
/// macros inside it replaced. Errors: as start_of().
std::vector<std::string> shown_command(const ReadyProgram& program, const PlannedTrial& trial,
                                       const std::filesystem::path& attempt_folder);

}  // namespace sweep
