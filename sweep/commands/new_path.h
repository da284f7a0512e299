// What the flag of a file or folder that is to be written takes. Used by the verbs that have --output.
#pragma once

#include "sweep/commands/command.h"

namespace sweep {

/// Refuses a text without any character, as a shell makes one of a variable that is not set. `otherwise`: what happens
/// where the flag is left out.
CLI::Validator new_path(const char* otherwise);

}  // namespace sweep
