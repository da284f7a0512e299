// Finds processes by what stands in their environment: whatever an attempt started carries its marker, also after it
// called setsid or left its process group. Called by local.cpp and warden.cpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace sweep {

/// Whether the process's environment holds one of the markers; reads it when it is first asked.
using Carries = std::function<bool(const std::set<std::string>& markers)>;

/// Where to begin to look for what a process started that ran for so long: at its own number, or at 0 once the numbers
/// may have begun anew since, and come past it.
pid_t first_number(pid_t leader, std::chrono::duration<double> ran);

/// Calls `visit` for every process of this user but this one. `first`: the smallest number among those whose
/// descendants are looked for, where that is known: theirs are larger, until the numbers begin anew.
void visit_own_processes(const std::function<void(pid_t, const Carries&)>& visit, pid_t first = 0);

/// Every process of this user whose environment holds one of `markers` (NAME=value, whole), this one excepted. A
/// process that is a zombie already is none. `first`: as above.
std::vector<pid_t> find_carriers(const std::set<std::string>& markers, pid_t first = 0);

/// Sends SIGKILL to each of find_carriers. Returns to how many.
std::size_t kill_carriers(const std::set<std::string>& markers, pid_t first = 0);

/// Repeats kill_carriers until none is left and those that were killed have ended, at most for `patience_s`.
void end_carriers(const std::set<std::string>& markers, double patience_s, pid_t first = 0);

}  // namespace sweep
