// Which rows are marked in a leaderboard for people: those that share the best value, and those that repeats cannot
// tell apart from it. Called by the table and the Markdown. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "sweep/rank/rank.h"

namespace sweep {

enum class Lead {
  kNone,
  kBest,        ///< has the best value, alone or with others
  kIndistinct,  ///< its mean is another, and cannot be told apart from the best one (interval.h)
};

/// Of a row beside the best one. Requires: `best` has a rank.
Lead lead_beside(const Row& best, const Row& row);

class Leaders {
 public:
  /// `own`: of the whole report, the best first; it outlives this.
  explicit Leaders(const std::vector<Row>& own);

  Lead lead(const Row& row) const;
  std::size_t best() const { return best_; }              ///< how many rows have the best value; 0 where none is ranked
  std::size_t indistinct() const { return indistinct_; }  ///< how many cannot be told apart from it
  /// Whether there is anything to mark: more than one row is ranked.
  bool any() const { return ranked_ > 1; }

 private:
  const Row* first_ = nullptr;
  std::size_t ranked_ = 0, best_ = 0, indistinct_ = 0;
};

}  // namespace sweep
