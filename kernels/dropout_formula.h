// Inverted dropout for one element. Callers: dropout_* of each back end, tests. Promise: portable.
// The decision compares integers, so that a rate means the same share on every machine.
// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/philox.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// A rate, turned into what an element needs. An element is dropped where its upper 24 random bits are below threshold.
struct DropoutRule {
  std::uint32_t threshold;  ///< rate · 2^24, towards zero
  float scale;              ///< 1 / (1 − rate)
};

/// Requires: 0 ≤ rate < 1.
SWEEP_HOST_DEVICE inline DropoutRule dropout_rule(float rate) {
  return {static_cast<std::uint32_t>(rate * 0x1p+24f), 1.0f / (1.0f - rate)};
}

/// The random words of elements 4·quad … 4·quad+3.
SWEEP_HOST_DEVICE inline core::Philox4 dropout_words(std::uint64_t seed, std::uint32_t tensor, std::uint32_t step,
                                                     std::uint32_t quad) {
  return core::random_bits(seed, core::Purpose::kDropout, tensor, step, quad);
}

/// in · scale, or +0 for an element that is dropped (also where `in` is a NaN).
SWEEP_HOST_DEVICE inline float drop(DropoutRule rule, std::uint32_t word, float in) {
  return (word >> 8) < rule.threshold ? 0.0f : in * rule.scale;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
