// What is said of a running sweep, as text. Called by progress.cpp, and by `sweep stop` for what it waits for. Pure:
// tests need no terminal and no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/dispatch/halt.h"
#include "sweep/study/study.h"

namespace sweep {

/// How quick the trials are that ran to an end in this sweep, now or before it was gone on with. Those that were known
/// from elsewhere took no time and say nothing.
struct Pace {
  std::uint64_t ran = 0;
  double seconds = 0;  ///< of all their attempts together
  std::size_t slots = 1;

  void add(const TrialState& ended);
};

/// Seconds until all trials that are to end have ended, those that run taken as half done; nothing while no trial has
/// ended. Pure. `all`: how many trials the sweep has, of which fewer are to end once one has reached the target.
std::optional<double> seconds_left(const Study& study, std::uint64_t all, const Pace& pace);

/// A bar, n/N, running, failed, best so far, time left. Pure.
std::string progress_line(const Study& study, std::uint64_t all, const Pace& pace);

/// One line for a trial that has ended.
std::string trial_line(const Study& study, const TrialState& trial);

/// That other sweeps run these trials now, for people. Requires: not empty.
std::string busy_trials_text(const std::set<std::uint64_t>& trials);

/// "waiting for 2 running trials: #3, #4". Requires: not empty.
std::string still_running_text(const std::vector<std::uint64_t>& trials);

/// "drain", "stop" or "kill". Requires: not kNone.
std::string_view halt_word(Halt halt);

/// What happens after a request to halt, for people.
std::string halt_text(Halt halt, std::size_t running, const std::string& who);

}  // namespace sweep
