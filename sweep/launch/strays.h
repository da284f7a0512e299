// Finds processes by what stands in their environment: whatever an attempt started carries its marker, also after it
// called setsid or left its process group. Called by local.cpp and warden.cpp.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sweep {

/// Whether the process's environment holds one of the markers; reads it when it is first asked.
using Carries = std::function<bool(const std::set<std::string>& markers)>;

/// The numbers of the processes whose descendants are looked for. Theirs are larger, until the numbers begin anew.
class GroupLeaders {
 public:
  /// `ran`: how long ago it was started. After a while the numbers may have begun anew and come past it.
  void add(pid_t leader, std::chrono::duration<double> ran);
  /// The numbers among which all descendants are, where `newest` was given out last; nothing: they may have any.
  std::optional<std::pair<pid_t, pid_t>> range(pid_t newest) const;

 private:
  pid_t smallest_ = 0, largest_ = 0;
  bool may_be_any_ = false;
};

/// Calls `visit` for every process of this user but this one; with `leaders` for those at least that may descend from
/// them.
void visit_own_processes(const std::function<void(pid_t, const Carries&)>& visit, const GroupLeaders& leaders = {});

/// Every process of this user whose environment holds one of `markers` (NAME=value, whole), this one excepted. A
/// process that is a zombie already is none. `leaders`: as above.
std::vector<pid_t> find_carriers(const std::set<std::string>& markers, const GroupLeaders& leaders = {});

/// Sends SIGKILL to each of find_carriers. Returns to how many.
std::size_t kill_carriers(const std::set<std::string>& markers, const GroupLeaders& leaders = {});

/// Repeats kill_carriers until none is left and those that were killed have ended, at most for `patience_s`.
void end_carriers(const std::set<std::string>& markers, double patience_s, const GroupLeaders& leaders = {});

}  // namespace sweep
