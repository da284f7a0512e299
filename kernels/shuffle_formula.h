// The orders in which a trainer takes its samples, as permutations: computed, never stored, so that training goes on
// inside an epoch with nothing but a cursor. Callers: shuffle_* of each back end, the trainer's split, tests.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/permutation.h"
#include "core/philox.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Position → sample of the n training samples in `epoch` (0, 1, 2, …). Requires: n ≥ 1.
SWEEP_HOST_DEVICE constexpr core::Permutation epoch_order(std::uint32_t n, std::uint64_t seed, std::uint32_t epoch) {
  return core::Permutation(n, seed, epoch, static_cast<std::uint32_t>(core::Purpose::kShuffle) << 24);
}

/// Position → sample of n samples that are split into parts: the first positions are the validation part.
SWEEP_HOST_DEVICE constexpr core::Permutation split_order(std::uint32_t n, std::uint64_t seed) {
  return core::Permutation(n, seed, 0u, static_cast<std::uint32_t>(core::Purpose::kSplit) << 24);
}

}  // namespace SWEEP_ISA
}  // namespace kernels
