// The block `resources` of a sweep file: what a trial is given, and what becomes of one that takes too much or fails.
// Called by spec_reader.cpp.
#pragma once

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// What the block says, the rest as it is without one; every problem goes to `reading`. `has_program`: the trainer is
/// the user's own.
Resources read_resources(Reading& reading, const Member& member, bool has_program);

}  // namespace sweep
