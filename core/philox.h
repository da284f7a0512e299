// Philox4x32-10: the project's only source of random numbers. value = f(counter, key), no state.
// Callers: the sampler (search/), the trainer's kernels and data sets. It draws no distribution; see random_bits below.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
// Determinism: integer arithmetic, the same on every host and device; constexpr.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace core {
inline namespace SWEEP_ISA {

/// Four 32-bit words: a counter going in, random bits coming out.
struct Philox4 {
  std::uint32_t word[4];
};

/// Ten rounds of Philox4x32 over `counter` under the 64-bit `key` (low word first).
SWEEP_HOST_DEVICE constexpr Philox4 philox(Philox4 counter, std::uint64_t key) {
  std::uint32_t key_low = static_cast<std::uint32_t>(key);
  std::uint32_t key_high = static_cast<std::uint32_t>(key >> 32);
  std::uint32_t c0 = counter.word[0], c1 = counter.word[1], c2 = counter.word[2], c3 = counter.word[3];
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * c0;
    const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * c2;
    const std::uint32_t next0 = static_cast<std::uint32_t>(product1 >> 32) ^ c1 ^ key_low;
    const std::uint32_t next2 = static_cast<std::uint32_t>(product0 >> 32) ^ c3 ^ key_high;
    c1 = static_cast<std::uint32_t>(product1);
    c3 = static_cast<std::uint32_t>(product0);
    c0 = next0;
    c2 = next2;
    key_low += 0x9E3779B9u;
    key_high += 0xBB67AE85u;
  }
  return Philox4{{c0, c1, c2, c3}};
}

/// What a random number is for. The list only grows: a number, once used, keeps its meaning for ever.
enum class Purpose : std::uint32_t {
  kInitialWeights = 1,
  kDropout = 2,
  kShuffle = 3,
  kAugmentation = 4,
  kSplit = 5,
  kNoise = 6,
  kSyntheticData = 7,
  kSearchOrder = 8,
  kForest = 9,
};

/// The four words for elements 4·quad … 4·quad+3 of `tensor` (< 2^24) at `step` (or epoch), under the trial's seed.
/// `sample`: of which sample of the data, for a purpose that draws for each one; else 0.
SWEEP_HOST_DEVICE constexpr Philox4 random_bits(std::uint64_t seed, Purpose purpose, std::uint32_t tensor,
                                                std::uint32_t step, std::uint32_t quad, std::uint32_t sample = 0u) {
  return philox(Philox4{{quad, step, sample, (static_cast<std::uint32_t>(purpose) << 24) + tensor}}, seed);
}

/// A uniform float in [0, 1): the upper 24 bits, exactly.
SWEEP_HOST_DEVICE constexpr float uniform_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

}  // namespace SWEEP_ISA
}  // namespace core
