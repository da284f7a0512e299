// Grid search without a state: which point of the grid trial number `index` asks for. Called by TrialPlan.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/permutation.h"
#include "sweep/space/space.h"
#include "sweep/spec/spec.h"

namespace sweep {

/// Of `order: shuffled`: part of a sweep's identity, frozen by golden vectors under tests/sweep/search.
inline constexpr char kShuffleVersion[] = "shuffled-1";

class GridSampler {
 public:
  /// Requires: `space` is finite and outlives the sampler. Errors: UserError where more than 2^63 points are to be
  /// shuffled.
  GridSampler(const Space& space, GridOrder order, std::uint64_t seed);

  /// Written: the grid's own order. Shuffled: a permutation of it under the sweep's seed, computed and not stored;
  /// another one than random search of the same space takes. Requires: index < space.size() where it has a value, one
  /// element of `point` a dimension.
  void point(std::uint64_t index, std::span<Value> point) const;
  /// The number of that point in the grid's own order.
  std::uint64_t place(std::uint64_t index) const { return permutation_ ? (*permutation_)(index) : index; }

 private:
  const Space& space_;
  std::optional<core::Permutation> permutation_;
};

}  // namespace sweep
