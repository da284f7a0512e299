// Random search without a state: which quantiles trial number `index` asks for. Called by TrialPlan.
//
// Over a permutable space (Space::permutable: constants, categoricals without probabilities, int_uniform) it is a
// seeded permutation of the grid, so that no configuration comes twice; over any other, one uniform number for each
// parameter, u = f(seed, index, parameter). Determinism: integer arithmetic and core/math_double.h; the version is part
// of a sweep's identity, and golden vectors under tests/sweep/search freeze it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/permutation.h"
#include "core/philox.h"
#include "sweep/space/space.h"

namespace sweep {

inline constexpr char kSamplerVersion[] = "random-1";

/// What stands for a parameter in the counter: the first 8 bytes of SHA-256 of its name, low byte first.
struct PathKey {
  std::uint32_t low, high;
};
PathKey path_key(std::string_view path);

/// The uniform number (k + ½)·2^-52 of one parameter in one trial; k is the upper 52 bits of the first two words of
/// Philox under the sweep's seed, at the counter (index low, index high, path low, path high).
inline double quantile(std::uint64_t seed, std::uint64_t index, PathKey path) {
  const core::Philox4 counter{
      {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), path.low, path.high}};
  const core::Philox4 bits = core::philox(counter, seed);
  const std::uint64_t k = (std::uint64_t{bits.word[1]} << 32 | bits.word[0]) >> 12;
  return (static_cast<double>(k) + 0.5) * 0x1p-52;
}

class RandomSampler {
 public:
  /// Requires: `space` outlives the sampler.
  RandomSampler(const Space& space, std::uint64_t seed);

  /// How many different trials there are; none where draws never end.
  std::optional<std::uint64_t> size() const;
  /// Requires: index < size() where it has a value, one element of `point` a dimension.
  void point(std::uint64_t index, std::span<Value> point) const;
  /// The number of that point in the grid's own order; nothing where it is drawn.
  std::optional<std::uint64_t> place(std::uint64_t index) const {
    return permutation_ ? std::optional<std::uint64_t>((*permutation_)(index)) : std::nullopt;
  }

 private:
  const Space& space_;
  std::uint64_t seed_;
  std::vector<PathKey> paths_;                    // by dimension
  std::optional<core::Permutation> permutation_;  // of a permutable space of at most 2^63 points
};

}  // namespace sweep
