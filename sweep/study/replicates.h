// What the replicates of one configuration came to: one configuration is run with `repeats` training seeds, and its
// mean ranks. Called by the fold (a mean may reach the target) and by rank/. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/study/study.h"

namespace sweep {

/// Whether the trial ended with a result that may have a rank: completed or pruned, with a value that is finite.
bool may_rank(const TrialState& trial);

struct Spread {
  std::uint64_t n = 0;              ///< how many values
  double mean = 0;                  ///< their sum in order of replicates, divided by n; 0 where n is 0
  std::optional<double> deviation;  ///< of the sample, with n − 1 below; nothing where n < 2
};

/// Of the values of those replicates that may be ranked. Requires: replicates in their order, none null.
/// Determinism: sums in that order, in double, with + − × ÷ and sqrt alone.
Spread spread(const std::vector<const TrialState*>& replicates);

}  // namespace sweep
