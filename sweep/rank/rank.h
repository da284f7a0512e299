// Study → ordered rows: who is first, and why a trial has no rank. Called by report/ and commands/. Pure: it reads no
// clock and no file, and does not format anything.
//
// Order: ranked trials by the metric, ties by index; then the other determined ones by index; then those whose outcome
// is the machine's doing, by index; then those that have not ended, by index.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/study/study.h"

namespace sweep {

/// Why a row stands where it stands.
enum class Standing {
  kRanked,      ///< has a rank
  kDetermined,  ///< ended without a rank, by file, seed and trainer alone: diverged, failed, no_metric, no metric asked
  kRepeat,      ///< draws an earlier index' trial again: that row has the result
  kMachine,     ///< timed_out, stalled, killed, out_of_memory: the table's guarantee does not cover it
  kUnfinished,  ///< waits or runs
};

struct Row {
  Standing standing = Standing::kUnfinished;
  std::optional<std::uint64_t> rank;  ///< 1, 2, 3, …: no two rows share one
  const TrialState* trial = nullptr;  ///< of the study, which outlives the rows

  /// What the outcome column says: the outcome's name, "repeat", "running" or "waiting".
  std::string_view outcome() const;
  /// The metric's value where the guarantee covers it.
  std::optional<double> value() const;
};

/// Every trial of the study, once. Requires: `study` outlives the rows and is not changed meanwhile.
std::vector<Row> rank(const Study& study);

/// How many rows there are of each outcome, as outcome() spells it.
std::map<std::string, std::uint64_t> count_outcomes(const std::vector<Row>& rows);

}  // namespace sweep
