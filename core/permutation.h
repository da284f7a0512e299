// A seeded pseudo-random permutation of 0 … n−1 as a function of the index: no table, no state, any place at once.
// Callers: the shuffle of an epoch (kernels/shuffle_formula.h), the trainer's split, the order of a search. It is no
// cipher.
//
// A Feistel network over the smallest power of two that holds n; an index that lands outside 0 … n−1 is sent through
// again until it lands inside (cycle walking: fewer than two passes on average, by induction a bijection).
// Source: Luby, Rackoff, "How to construct pseudorandom permutations" (1988); Black, Rogaway, "Ciphers with arbitrary
// finite domains" (2002), for the walk.
// Determinism: integer arithmetic, the same on every host and device; constexpr.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/philox.h"

namespace core {
inline namespace SWEEP_ISA {

/// The most elements that a permutation has.
inline constexpr std::uint64_t kLargestPermutation = std::uint64_t{1} << 63;

/// One permutation. Cheap to make (two draws of Philox) and to copy.
class Permutation {
 public:
  /// Requires: 1 ≤ n ≤ kLargestPermutation. `stream` is the fourth word of the counter (purpose · 2^24 + tensor, as
  /// random_bits has it), `step` the second (an epoch): permutations with different key, step or stream have nothing to
  /// do with each other.
  SWEEP_HOST_DEVICE constexpr Permutation(std::uint64_t n, std::uint64_t key, std::uint32_t step, std::uint32_t stream)
      : n_(n) {
    int bits = 0;
    while (bits < 63 && (std::uint64_t{1} << bits) < n) ++bits;
    low_bits_ = bits / 2;
    low_mask_ = mask(low_bits_);
    high_mask_ = mask(bits - low_bits_);
    for (std::uint32_t quad = 0; quad < kRounds / 4; ++quad) {
      const Philox4 words = philox(Philox4{{quad, step, 0u, stream}}, key);
      for (int i = 0; i < 4; ++i) round_key_[4 * quad + static_cast<std::uint32_t>(i)] = words.word[i];
    }
  }

  /// Where `index` goes. Requires: index < n.
  SWEEP_HOST_DEVICE constexpr std::uint64_t operator()(std::uint64_t index) const {
    do {
      index = pass(index);
    } while (index >= n_);
    return index;
  }

 private:
  static constexpr std::uint32_t kRounds = 8;

  SWEEP_HOST_DEVICE static constexpr std::uint32_t mask(int bits) {
    return static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1u);
  }

  /// Mixes half of an index with a round's key: two of Philox's multiplications, upper and lower words folded.
  SWEEP_HOST_DEVICE static constexpr std::uint32_t mix(std::uint32_t half, std::uint32_t round_key) {
    const std::uint64_t first = std::uint64_t{0xD2511F53u} * (half ^ round_key);
    const std::uint32_t folded = static_cast<std::uint32_t>(first >> 32) ^ static_cast<std::uint32_t>(first);
    const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * (folded + (round_key >> 16 | round_key << 16));
    return static_cast<std::uint32_t>(second >> 32) ^ static_cast<std::uint32_t>(second);
  }

  SWEEP_HOST_DEVICE constexpr std::uint64_t pass(std::uint64_t index) const {
    std::uint32_t low = static_cast<std::uint32_t>(index) & low_mask_;
    std::uint32_t high = static_cast<std::uint32_t>(index >> low_bits_);
    for (std::uint32_t round = 0; round < kRounds; round += 2) {
      high ^= mix(low, round_key_[round]) & high_mask_;
      low ^= mix(high, round_key_[round + 1]) & low_mask_;
    }
    return std::uint64_t{high} << low_bits_ | low;
  }

  std::uint64_t n_ = 1;
  int low_bits_ = 0;
  std::uint32_t low_mask_ = 0;
  std::uint32_t high_mask_ = 0;
  std::uint32_t round_key_[kRounds] = {};
};

/// Where `index` goes in the permutation of 0 … n−1. Requires: index < n, 1 ≤ n ≤ 2^63. For many indices of one
/// permutation make the Permutation once.
SWEEP_HOST_DEVICE constexpr std::uint64_t permute(std::uint64_t index, std::uint64_t n, std::uint64_t key,
                                                  std::uint32_t step, std::uint32_t stream) {
  return Permutation(n, key, step, stream)(index);
}

}  // namespace SWEEP_ISA
}  // namespace core
