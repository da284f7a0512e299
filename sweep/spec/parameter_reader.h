// One entry of `parameters` → Distribution. Called by spec_reader.cpp, which walks down nested ones.
#pragma once

#include <optional>

#include "sweep/spec/reading.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// The nested `parameters` of an entry; null where it has none. They stand alone: other keys beside them are errors,
/// and so is an empty block.
const Member* nested_parameters(Reading& reading, const Member& parameter);

/// Nothing where it has errors, which `reading` then holds. Requires: the entry has no nested parameters.
std::optional<Distribution> read_distribution(Reading& reading, const Member& parameter);

/// What would make a distribution enumerable that is not.
std::string enumerable_remedy(const Distribution& distribution);

}  // namespace sweep
