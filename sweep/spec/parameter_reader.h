// One entry of `parameters` → Distribution. Called by spec_reader.cpp.
#pragma once

#include <optional>

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// Nothing where it has errors, which `reading` then holds.
std::optional<Distribution> read_distribution(Reading& reading, const Member& parameter);

}  // namespace sweep
