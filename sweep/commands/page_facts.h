// The record of a sweep as lines for people: what ran where, and what its results depend on. Called by page.cpp.
#pragma once

#include <vector>

#include "sweep/html/page.h"
#include "sweep/store/store.h"

namespace sweep {

/// Names the host only where `with_host`.
std::vector<FactGroup> facts_of(const SweepRecord& sweep, bool with_host);

}  // namespace sweep
