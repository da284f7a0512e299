// Finds processes by what stands in their environment: whatever an attempt started carries its marker, also after it
// called setsid or left its process group. Called by local.cpp and warden.cpp.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace sweep {

/// Every process of this user whose environment holds one of `markers` (NAME=value, whole), this one excepted. A
/// process that is a zombie already is none. `first`: the smallest number among the processes that brought the marker
/// into the world, where that is known: what they started has a larger one, until the numbers begin anew.
std::vector<pid_t> find_carriers(const std::set<std::string>& markers, pid_t first = 0);

/// Sends SIGKILL to each of find_carriers. Returns to how many.
std::size_t kill_carriers(const std::set<std::string>& markers, pid_t first = 0);

/// Repeats kill_carriers until none is left, at most for `patience_s`.
void end_carriers(const std::set<std::string>& markers, double patience_s, pid_t first = 0);

}  // namespace sweep
