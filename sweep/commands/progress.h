// How a sweep goes, on stderr: on a terminal one live line, elsewhere one line a finished trial, under --json one JSON
// object a line; nothing under --quiet. Used by running.cpp.
#pragma once

#include <cstdint>
#include <memory>

#include "sweep/commands/command.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {

std::unique_ptr<Observer> make_progress(const Globals& globals);

/// A bar, n/N, running, failed, best so far, time left. Pure. `all`: how many trials the sweep has, of which fewer are
/// to end once one has reached the target; `elapsed_s`: since the controller started; `done_before`: trials that had
/// ended then.
std::string progress_line(const Study& study, std::uint64_t all, std::uint64_t done_before, double elapsed_s);

/// One line for a trial that has ended.
std::string trial_line(const Study& study, const TrialState& trial);

}  // namespace sweep
