// See replicates.h.
#include "sweep/study/replicates.h"

#include <cmath>

namespace sweep {

bool may_rank(const TrialState& trial) {
  return trial.phase == Phase::kEnded && trial.outcome && protocol::info(*trial.outcome).ranked && trial.value &&
         std::isfinite(*trial.value);
}

Spread spread(const std::vector<const TrialState*>& replicates) {
  Spread found;
  double sum = 0;
  for (const TrialState* trial : replicates) {
    if (!may_rank(*trial)) continue;
    sum += *trial->value;
    ++found.n;
  }
  if (found.n == 0) return found;
  found.mean = sum / static_cast<double>(found.n);
  if (found.n == 1) return found;
  double squares = 0;
  for (const TrialState* trial : replicates) {
    if (!may_rank(*trial)) continue;
    const double off = *trial->value - found.mean;
    squares += off * off;
  }
  found.deviation = std::sqrt(squares / static_cast<double>(found.n - 1));
  return found;
}

}  // namespace sweep
