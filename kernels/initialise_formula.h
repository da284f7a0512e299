// Initial weights, four at a time: one draw of Philox gives four. Callers: initialise_* of each back end, tests.
// Promise: portable.
// Sources: He et al., "Delving deep into rectifiers" (2015); Glorot, Bengio, "Understanding the difficulty of training
// deep feedforward neural networks" (2010); Box, Muller, "A note on the generation of random normal deviates" (1958).
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/math_angle.h"
#include "core/math_double.h"
#include "core/math_float.h"
#include "core/philox.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// What a draw is multiplied by: the standard deviation (kHe), the bound (kXavier), 0 (kZero). Computed in double,
/// rounded once. Requires: fan_in, fan_out ≥ 1 where the kind reads them.
SWEEP_HOST_DEVICE inline float initialisation_gain(Initialisation kind, int fan_in, int fan_out, float scale) {
  const double he = core::portable::sqrt(2.0 / static_cast<double>(fan_in));
  const double xavier = core::portable::sqrt(6.0 / (static_cast<double>(fan_in) + static_cast<double>(fan_out)));
  const double gain = kind == Initialisation::kHe ? he : xavier;
  return kind == Initialisation::kZero ? 0.0f : static_cast<float>(static_cast<double>(scale) * gain);
}

/// The random words of elements 4·quad … 4·quad+3.
SWEEP_HOST_DEVICE inline core::Philox4 initial_words(std::uint64_t seed, std::uint32_t tensor, std::uint32_t quad) {
  return core::random_bits(seed, core::Purpose::kInitialWeights, tensor, 0u, quad);
}

struct NormalPair {
  float first;
  float second;
};

/// Two independent standard normal numbers from two random words; none is larger than 5.8.
SWEEP_HOST_DEVICE inline NormalPair normal_pair(std::uint32_t radius_bits, std::uint32_t turn_bits) {
  // (0, 1]: the logarithm of 0 cannot occur.
  const float uniform = static_cast<float>((radius_bits >> 8) + 1u) * 0x1p-24f;
  const float radius = core::portable::sqrt(-2.0f * core::portable::log(uniform));
  const float turns = core::uniform_float(turn_bits);
  return {radius * core::portable::cos_of_turns(turns), radius * core::portable::sin_of_turns(turns)};
}

/// A uniform number in (−1, 1): the middles of 2^24 equal parts, symmetric about 0.
SWEEP_HOST_DEVICE inline float symmetric_uniform(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(2u * (bits >> 8) + 1u) - 0x1000000) * 0x1p-24f;
}

struct InitialQuad {
  float weight[4];
};

/// The four weights of a quad. `gain` from initialisation_gain; kZero gives +0.
SWEEP_HOST_DEVICE inline InitialQuad initial_weights(Initialisation kind, core::Philox4 words, float gain) {
  if (kind == Initialisation::kHe) {
    const NormalPair front = normal_pair(words.word[0], words.word[1]);
    const NormalPair back = normal_pair(words.word[2], words.word[3]);
    return {{front.first * gain, front.second * gain, back.first * gain, back.second * gain}};
  }
  if (kind == Initialisation::kXavier) {
    return {{symmetric_uniform(words.word[0]) * gain, symmetric_uniform(words.word[1]) * gain,
             symmetric_uniform(words.word[2]) * gain, symmetric_uniform(words.word[3]) * gain}};
  }
  return {{0.0f, 0.0f, 0.0f, 0.0f}};
}

}  // namespace SWEEP_ISA
}  // namespace kernels
