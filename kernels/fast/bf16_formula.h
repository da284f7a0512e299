// Between binary32 and bfloat16, its upper half; integers alone, so that every back end gives the same bits.
#pragma once

#include <cstdint>

#include "core/math_float.h"

namespace kernels::fast {

/// Rounded to nearest, ties to even; what is too large becomes infinite; a NaN stays one, made quiet.
SWEEP_HOST_DEVICE inline std::uint16_t to_bf16(float x) {
  const std::uint32_t bits = core::portable::bits_of(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
  return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/// Exact.
SWEEP_HOST_DEVICE inline float from_bf16(std::uint16_t x) { return core::portable::float_of(std::uint32_t{x} << 16); }

}  // namespace kernels::fast
