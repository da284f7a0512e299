// The key early_terminate: hyperband, checked whole. Called by spec_reader.cpp.
#pragma once

#include "sweep/spec/reading.h"

namespace sweep {

/// Every mistake of the key is an error, whether it is ignored or not; so is the key itself where it is not ignored.
/// `ranked`: the sweep has a metric, without which nothing can be compared.
void check_early_terminate(Reading& reading, const Member& member, bool ignored, bool ranked);

}  // namespace sweep
