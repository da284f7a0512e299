// The block `resources` of a sweep file: what a trial is given, and what becomes of one that takes too much or fails.
// Called by spec_reader.cpp.
#pragma once

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// What the block says, the rest as it is without one; every problem goes to `reading`.
Resources read_resources(Reading& reading, const Member& member);

}  // namespace sweep
