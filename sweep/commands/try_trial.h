// sweep check --try: runs the first trial of a sweep file until its first metrics, three times, and says what was
// understood of it. Called by check.cpp. Nothing is kept.
#pragma once

#include "sweep/commands/sweep_flags.h"

namespace sweep {

/// Reports whether the program started, which metrics were understood, whether its events are well formed, whether
/// two runs with the same seed agree and one with another seed does not, and whether it ends on SIGTERM. Returns the
/// exit code: 0 where all of this is so, 1 where it is not. Each run takes at most `limit_s` and the grace.
int try_trial(const SweepFlags& flags, double limit_s, const Globals& globals);

}  // namespace sweep
