// Study → ordered rows: who is first, and why a trial has no rank. Called by report/ and commands/. Pure: it reads no
// clock and no file, and does not format anything.
//
// Order: ranked trials by the metric, ties by index; then the other determined ones by index; then those whose outcome
// is the machine's doing, by index; then those that have not ended, by index; then the surplus, by index.
//
// With repeats a row is a configuration. It has a rank only if all its trials may be ranked: a mean that leaves a
// diverged one out would flatter it. Otherwise it stands with the outcome of its first trial that may not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sweep/study/replicates.h"
#include "sweep/study/study.h"

namespace sweep {

/// Why a row stands where it stands.
enum class Standing {
  kRanked,      ///< has a rank
  kDetermined,  ///< ended without a rank, by file, seed and trainer alone: diverged, failed, no_metric, no metric asked
  kRepeat,      ///< draws an earlier index' trial again: that row has the result
  kMachine,     ///< timed_out, stalled, killed, out_of_memory: the table's guarantee does not cover it
  kUnfinished,  ///< waits or runs
  kSurplus,     ///< lies beyond the trial that reached the metric's target: it stands in no table
};

struct Row {
  Standing standing = Standing::kUnfinished;
  std::optional<std::uint64_t> rank;  ///< 1, 2, 3, …: no two rows share one
  const TrialState* trial = nullptr;  ///< of the study, which outlives the rows; with repeats that of replicate 0
  std::vector<const TrialState*> replicates;  ///< with repeats: all trials of the row, in order; else empty
  Spread spread;                              ///< with repeats: of those that may be ranked

  /// What the outcome column says: the outcome's name, "repeat", "running", "waiting" or "surplus".
  std::string_view outcome() const;
  /// The metric's value where the guarantee covers it; with repeats the mean of those that may be ranked.
  std::optional<double> value() const;
  /// Where the value was reached; nothing where replicates differ in it.
  std::optional<std::uint64_t> epoch() const;
  std::optional<std::uint64_t> step() const;
  /// The trials of the row: `trial` alone, or the replicates. Requires: the row outlives what it gives.
  std::span<const TrialState* const> trials() const;
  /// Those of them that make the value; empty where there is none.
  std::vector<const TrialState*> counted() const;
};

/// What the outcome column says of one trial.
std::string_view outcome_word(const TrialState& trial);

/// Every trial of the study, once; with repeats every configuration. Requires: `study` outlives the rows and is not
/// changed meanwhile.
std::vector<Row> rank(const Study& study);

/// How many trials there are of each outcome, as outcome_word() spells it; the surplus is not counted.
std::map<std::string, std::uint64_t> count_outcomes(const std::vector<Row>& rows);

}  // namespace sweep
