// How long a sweep still takes, from how long its trials took. Called by progress_text.cpp and live.cpp. Pure: the time
// comes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "sweep/study/study.h"

namespace sweep {

/// How much a trial has to do, as its configuration says: its `epochs`, `steps` or what else such a parameter is
/// called; nothing where it has none.
std::optional<double> length_of(const TrialState& trial);

/// How quick the trials are that ran to an end in this sweep, now or before it was gone on with. Those that were known
/// from elsewhere took no time and say nothing.
struct Pace {
  std::uint64_t ran = 0;
  double seconds = 0;  ///< of all their attempts together
  std::size_t slots = 1;
  double measured_seconds = 0, measured_length = 0;  ///< of those whose length is known

  struct Running {
    double began_s = 0;  ///< its attempt
    double done = 0;     ///< epochs that it reported
  };
  std::map<std::uint64_t, Running> running = {};
  double now_s = 0;

  void add(const TrialState& ended);
  /// What an attempt's start, an epoch and an end change.
  void note(const Study& study, const StudyEvent& event);
  /// Seconds that a trial takes from its beginning. Requires: one ran.
  double expected(const TrialState& trial) const;
  /// What of that is left of one that runs. One that nobody saw begin is half done, one that takes longer than was
  /// expected has a tenth left.
  double expected_rest(const TrialState& trial) const;
};

/// Seconds until all trials that are to end have ended, each in the slot that is free first; nothing while no trial has
/// ended. Trials take time in proportion to their length where that is known, else as long as the mean; those that are
/// not planned yet take the mean. `all`: how many trials the sweep has, of which fewer are to end once one has reached
/// the target.
std::optional<double> seconds_left(const Study& study, std::uint64_t all, const Pace& pace);

}  // namespace sweep
