// Which values of a list are the same to a grid. Called by space.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "core/json.h"

namespace sweep {

/// For each different value, in order of its first spelling, the index of its last spelling. 3 equals 3.0 (the last
/// spelling wins), "3" ≠ 3, true ≠ 1, NaN = NaN, 0.0 = -0.0; the order of an object's keys counts for nothing.
std::vector<std::uint64_t> distinct_values(const std::vector<core::Json>& values);

}  // namespace sweep
