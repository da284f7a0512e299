// The table of verdicts that `sweep replay --all` prints, and the same as JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/replay/replay.h"

namespace sweep {

/// The replays of a sweep.
struct SweepReplays {
  std::string sweep;               ///< id
  std::vector<Replayed> replayed;  ///< in any order
  std::uint64_t unended = 0;       ///< trials that have not ended, and were left out
  std::uint64_t left = 0;          ///< not replayed, since it was interrupted
};

/// The gravest of them: different before not comparable before incomplete before identical.
Verdict worst(const std::vector<Replayed>& replayed);

/// A row a trial by index, then how many there are of each verdict.
std::string replay_table(const SweepReplays& replays);
core::Json replay_table_json(const SweepReplays& replays);

/// "5 trials replayed: 4 identical, 1 different"
std::string count_verdicts(const std::vector<Replayed>& replayed);

/// One trial in a line: "#3 7f3a9c0012ab34cd identical in 1.20 s", with the first difference or reason.
std::string replayed_line(const Replayed& replayed);

}  // namespace sweep
