// sin and cos of portable-1 in binary32, of radians and of parts of a turn. Callers: initial weights (Box–Muller),
// compiled for host and device. The rules are those of core/math_float.h.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/math_float.h"

namespace core {
inline namespace SWEEP_ISA {
namespace portable {

/// An angle as quadrant · π/2 + (high + low), with |high| ≤ π/4 and a bit.
struct Angle {
  std::uint32_t quadrant;
  float high;
  float low;
};

/// sin of the angle, or cos where the quadrant is one ahead.
SWEEP_HOST_DEVICE inline float sin_of(Angle angle) {
  const float r = angle.high;
  const float s = r * r;
  float p = fma(-0x1.9952dap-13f, s, 0x1.110776p-7f);
  p = fma(p, s, -0x1.555546p-3f);
  const float sine = r + fma(r * s, p, angle.low);
  float c = fma(0x1.99e9d4p-16f, s, -0x1.6c0c2cp-10f);
  c = fma(c, s, 0x1.55554ap-5f);
  const float half = 0.5f * s;
  const float whole = 1.0f - half;
  const float cosine = whole + (((1.0f - whole) - half) + fma(s * s, c, -r * angle.low));
  const float value = (angle.quadrant & 1u) != 0u ? cosine : sine;
  return float_of(bits_of(value) ^ ((angle.quadrant & 2u) << 30));
}

/// Reduces |x|. One way for all sizes: the 24 bits of |x| times 96 bits of 2/π, chosen so that the product is |x|·2/π
/// modulo 4 with 62 bits behind the point. Source: Payne, Hanek, "Radian reduction for trigonometric functions" (1983).
SWEEP_HOST_DEVICE inline Angle reduce_angle(float x) {
  const std::uint32_t two_over_pi[9] = {0u,          0u,          0xa2f9836eu, 0x4e441529u, 0xfc2757d1u,
                                        0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};
  const float a = abs(x);
  const std::uint32_t exponent = bits_of(a) >> 23;
  const std::uint64_t mantissa = (bits_of(a) & 0x007fffffu) | 0x00800000u;
  const std::uint32_t start = exponent < 126u ? 38u : exponent - 88u;
  const std::uint32_t word = start >> 5, shift = start & 31u;
  const std::uint64_t upper = std::uint64_t{two_over_pi[word]} << 32 | two_over_pi[word + 1];
  const std::uint64_t lower = std::uint64_t{two_over_pi[word + 2]} << 32 | two_over_pi[word + 3];
  const std::uint64_t window = (upper << shift) | ((lower >> 1) >> (63u - shift));
  const std::uint64_t product = mantissa * window + ((mantissa * ((lower << shift) >> 32)) >> 32);
  const std::uint64_t quadrant = (product + (std::uint64_t{1} << 61)) >> 62;
  const std::int64_t rest = static_cast<std::int64_t>(product - (quadrant << 62));
  const float first = static_cast<float>(rest);
  const float second = static_cast<float>(rest - static_cast<std::int64_t>(first));
  const float high = first * 0x1.921fb6p-62f;
  const float low = fma(first, 0x1.921fb6p-62f, -high) + fma(second, 0x1.921fb6p-62f, first * -0x1.777a5cp-87f);
  const bool small = a < 0x1.921fb4p-1f;
  return {small ? 0u : static_cast<std::uint32_t>(quadrant), small ? a : high, small ? 0.0f : low};
}

/// ≤ 1.2 ulp for every finite x; NaN at infinities.
SWEEP_HOST_DEVICE inline float sin(float x) {
  const float value = sin_of(reduce_angle(x));
  const float odd = float_of(bits_of(value) ^ (bits_of(x) & 0x80000000u));
  return abs(x) < float_of(0x7f800000u) ? odd : float_of(0x7fc00000u);
}

/// ≤ 1.2 ulp for every finite x; NaN at infinities.
SWEEP_HOST_DEVICE inline float cos(float x) {
  Angle angle = reduce_angle(x);
  angle.quadrant += 1u;
  const float value = sin_of(angle);
  return abs(x) < float_of(0x7f800000u) ? value : float_of(0x7fc00000u);
}

/// A part of a full turn as an angle, without the error of a product with 2π. Requires: |turns| ≤ 2^20.
SWEEP_HOST_DEVICE inline Angle angle_of_turns(float turns) {
  const float quarters = turns * 4.0f;
  const float shifted = quarters + 0x1.8p+23f;
  const float rest = quarters - (shifted - 0x1.8p+23f);
  const float high = rest * 0x1.921fb6p+0f;
  return {bits_of(shifted), high, fma(rest, 0x1.921fb6p+0f, -high) + rest * -0x1.777a5cp-25f};
}

/// sin(2π·turns) and cos(2π·turns), ≤ 1 ulp. Requires: |turns| ≤ 2^20. For Box–Muller, where turns is uniform.
SWEEP_HOST_DEVICE inline float sin_of_turns(float turns) { return sin_of(angle_of_turns(turns)); }
SWEEP_HOST_DEVICE inline float cos_of_turns(float turns) {
  Angle angle = angle_of_turns(turns);
  angle.quadrant += 1u;
  return sin_of(angle);
}

}  // namespace portable
}  // namespace SWEEP_ISA
}  // namespace core
