// See leaders.h.
#include "sweep/report/leaders.h"

#include "sweep/report/interval.h"

namespace sweep {

Leaders::Leaders(const std::vector<Row>& own) {
  if (own.empty() || !own.front().rank) return;
  first_ = &own.front();
  for (const Row& row : own) {
    if (!row.rank) break;
    ++ranked_;
    const Lead of_row = lead(row);
    if (of_row != Lead::kBest && row.replicates.empty()) break;  // nor is any that follows
    best_ += of_row == Lead::kBest;
    indistinct_ += of_row == Lead::kIndistinct;
  }
}

Lead lead_beside(const Row& best, const Row& row) {
  if (!row.rank) return Lead::kNone;
  if (*row.value() == *best.value()) return Lead::kBest;
  return tells_apart(best.spread, row.spread) == false ? Lead::kIndistinct : Lead::kNone;
}

Lead Leaders::lead(const Row& row) const { return first_ ? lead_beside(*first_, row) : Lead::kNone; }

}  // namespace sweep
