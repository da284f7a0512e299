// The slots of this machine. Called by dispatch/; what they are for is launcher.h.
#pragma once

#include <string>
#include <vector>

#include "sweep/launch/launcher.h"

namespace sweep {

/// One slot for every `threads` cores, at least one.
std::vector<Slot> cpu_slots(int threads, int cores);
/// `slots_per_gpu` for each GPU, one of each first.
std::vector<Slot> gpu_slots(const std::vector<std::string>& uuids, int slots_per_gpu);
/// Cores that this process may use.
int usable_cores();

}  // namespace sweep
