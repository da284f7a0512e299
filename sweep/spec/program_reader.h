// The keys of a user's trainer: program, command and what goes with them. Called by spec_reader.cpp.
#pragma once

#include <optional>

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// Nothing where the file names neither `program` nor `command`: then the built-in trainer runs, and the keys that only
/// a program has are errors.
std::optional<UserProgram> read_program(Reading& reading, const Node& root);

}  // namespace sweep
