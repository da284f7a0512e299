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

#include "sweep/commands/time_left.h"
#include "sweep/dispatch/halt.h"
#include "sweep/launch/launcher.h"
#include "sweep/study/study.h"

namespace sweep {

/// Whether the event ended its trial, and those that repeat it.
bool just_ended(const Study& study, const StudyEvent& event);

/// A line for each trial that runs, by slot: where it runs, how far it is, its metric, for how long. Of more than
/// `most` the last line says how many are left out.
std::vector<std::string> slot_lines(const Study& study, const Pace& pace, std::size_t most);

/// A bar, n/N, running, failed, best so far, time left: in at most so many columns of a terminal. What says least goes
/// first: most of the bar, all of it, how many run, which trial is the best, the metric's name, what has no rank, the
/// time, the best.
std::string progress_line(const Study& study, std::uint64_t all, const Pace& pace, std::size_t columns = SIZE_MAX);

/// One line for a trial that has ended.
std::string trial_line(const Study& study, const TrialState& trial);

/// A line where an attempt is not a trial's first: something went wrong, or is gone on with. Else empty.
std::string again_line(const Study& study, const StudyEvent& event);

/// "3 of 10 trials have ended".
std::string ended_text(std::uint64_t ended, std::uint64_t wanted);

/// The last line of a sweep that has not ended; empty of one that has.
std::string go_on_line(const Study& study, std::uint64_t trials, int exit_code, const std::string& go_on);

/// "waits for …; …".
std::string waits_text(const std::vector<SlotWait>& waits);

/// That other sweeps run these trials now, for people. Requires: not empty.
std::string busy_trials_text(const std::set<std::uint64_t>& trials);

/// "waiting for 2 running trials: #3, #4". Requires: not empty.
std::string still_running_text(const std::vector<std::uint64_t>& trials);

/// "drain", "stop" or "kill". Requires: not kNone.
std::string_view halt_word(Halt halt);

/// What happens after a request to halt, for people.
std::string halt_text(Halt halt, std::size_t running, const std::string& who);

}  // namespace sweep
