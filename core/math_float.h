// The functions of portable-1 in binary32. Callers: the formulas of kernels/, compiled for host and device.
// Nothing here calls libm or CUDA's math: only + − × ÷ sqrt, fma written out, comparisons and selections, integer
// operations, bit casts and conversions that cannot overflow. Without branches, so that a loop over any of them is
// vectorised; the operation list is the definition, so every instruction set gives the same bits.
//
// Accuracy: stated at each function; a test holds it over a stride of all floats, bench/math_accuracy.cpp over all
// 2^32. Special values: those of C99 annex F; the payload of a NaN is not defined. Denormals are kept. Polynomials:
// fitted for this file (weighted least squares with Lawson's iteration, then rounded one by one).
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace core {
inline namespace SWEEP_ISA {
namespace portable {

/// a·b + c, rounded once.
SWEEP_HOST_DEVICE inline float fma(float a, float b, float c) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(a, b, c);
#else
  return __builtin_fmaf(a, b, c);
#endif
}

SWEEP_HOST_DEVICE inline float sqrt(float x) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}

SWEEP_HOST_DEVICE inline std::uint32_t bits_of(float x) { return __builtin_bit_cast(std::uint32_t, x); }
SWEEP_HOST_DEVICE inline float float_of(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }
SWEEP_HOST_DEVICE inline float abs(float x) { return float_of(bits_of(x) & 0x7fffffffu); }
SWEEP_HOST_DEVICE inline float copy_sign(float magnitude, float sign) {
  return float_of((bits_of(magnitude) & 0x7fffffffu) | (bits_of(sign) & 0x80000000u));
}

/// The bits that a hash sees: every NaN is 0x7fc00000, all else as it is.
SWEEP_HOST_DEVICE inline std::uint32_t canonical_bits(float x) {
  const std::uint32_t bits = bits_of(x);
  return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : bits;
}

/// e^(x + low). Requires: |low| ≤ half an ulp of x. ≤ 0.8 ulp.
SWEEP_HOST_DEVICE inline float exp_of_sum(float x, float low) {
  // Beyond these bounds the result is +0 or infinity anyway; a NaN passes both comparisons.
  x = x < -104.0f ? -104.0f : x;
  x = x > 89.0f ? 89.0f : x;
  // n = round(x / ln 2): adding 1.5·2^23 leaves the integer in the low bits, also where x is a NaN.
  const float shifted = fma(x, 0x1.715476p+0f, 0x1.8p+23f);
  const std::uint32_t n = bits_of(shifted) - 0x4b400000u;
  const float rounded = shifted - 0x1.8p+23f;
  const float exact = fma(rounded, -0x1.62e4p-1f, x);
  const float correction = fma(rounded, -0x1.7f7d1cp-20f, low);
  const float r = exact + correction;
  const float r_low = (exact - r) + correction;
  float p = 0x1.6a53d6p-10f;
  p = fma(p, r, 0x1.12397ep-7f);
  p = fma(p, r, 0x1.5558aap-5f);
  p = fma(p, r, 0x1.555492p-3f);
  p = fma(p, r, 0x1.fffffcp-2f);
  // 1 + r + r²·p, what 1 + r loses carried along.
  const float sum = 1.0f + r;
  const float value = sum + fma(r * r, p, (r - (sum - 1.0f)) + r_low);
  // 2^n in two factors, so that denormal results are rounded once and 2^128 is never a factor.
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) >> 1);
  return value * float_of((half + 127u) << 23) * float_of((n - half + 127u) << 23);
}

/// e^x. ≤ 0.8 ulp.
SWEEP_HOST_DEVICE inline float exp(float x) { return exp_of_sum(x, 0.0f); }

/// ln x. ≤ 0.9 ulp; −infinity at ±0, NaN below.
SWEEP_HOST_DEVICE inline float log(float x) {
  const bool tiny = x < 0x1p-126f;
  const float scaled = tiny ? x * 0x1p+23f : x;
  // x = 2^k · (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
  const std::uint32_t offset = bits_of(scaled) - 0x3f3504f3u;
  const std::int32_t k = (static_cast<std::int32_t>(offset) >> 23) - (tiny ? 23 : 0);
  const float f = float_of((offset & 0x007fffffu) + 0x3f3504f3u) - 1.0f;
  const float exponent = static_cast<float>(k);
  float p = -0x1.38c592p-4f;
  p = fma(p, f, 0x1.0563cep-3f);
  p = fma(p, f, -0x1.0d859ap-3f);
  p = fma(p, f, 0x1.22d896p-3f);
  p = fma(p, f, -0x1.547216p-3f);
  p = fma(p, f, 0x1.99a020p-3f);
  p = fma(p, f, -0x1.000228p-2f);
  p = fma(p, f, 0x1.555554p-2f);
  const float square = f * f;
  const float tail = fma(square, fma(p, f, -0.5f), exponent * 0x1.7f7d1cp-20f);
  const float high = exponent * 0x1.62e4p-1f;
  const float sum = high + f;
  const float value = sum + (tail + (f - (sum - high)));
  const bool ordinary = x > 0.0f && x < float_of(0x7f800000u);
  // NaN and +infinity stay, ±0 gives −infinity, what is below zero gives NaN.
  const float limit = x < 0.0f ? float_of(0x7fc00000u) : (x == 0.0f ? float_of(0xff800000u) : x);
  return ordinary ? value : limit;
}

/// ≤ 1.4 ulp; odd to the bit.
SWEEP_HOST_DEVICE inline float tanh(float x) {
  const float a = abs(x);
  const float s = a * a;
  float p = -0x1.758facp-8f;
  p = fma(p, s, 0x1.5211c4p-6f);
  p = fma(p, s, -0x1.b838a0p-5f);
  p = fma(p, s, 0x1.110704p-3f);
  p = fma(p, s, -0x1.555532p-2f);
  const float small = fma(p * s, a, a);
  const float large = 1.0f - 2.0f / (exp(a + a) + 1.0f);
  return copy_sign(a < 0.625f ? small : large, x);
}

/// 1 / (1 + e^−x). ≤ 2 ulp, also where the result is denormal.
SWEEP_HOST_DEVICE inline float sigmoid(float x) {
  const float e = exp(-abs(x));
  const float sum = 1.0f + e;
  const float quotient = 1.0f / sum;
  // What 1 + e and the quotient lost, put back.
  const float residual = fma(-quotient, e - (sum - 1.0f), fma(-quotient, sum, 1.0f));
  const float upper = fma(residual, quotient, quotient);
  return x < 0.0f ? e * upper : upper;
}

/// Φ(−a) = (lower + low) · scale for a ≥ 0, where scale = e^(−a²/2); low is what lower lost.
struct NormalTail {
  float lower;
  float low;
  float scale;
};

/// The lower tail of the standard normal distribution. Requires: 0 ≤ a ≤ 20 or NaN.
SWEEP_HOST_DEVICE inline NormalTail normal_tail(float a) {
  // With u = 3 / (a + 3), Φ(−a)·e^(a²/2) / u is smooth in u. What u, the polynomial and their product lose is kept.
  const float sum = a + 3.0f;
  const float sum_low = a < 3.0f ? a - (sum - 3.0f) : 3.0f - (sum - a);
  const float quotient = 3.0f / sum;
  const float residual = fma(-quotient, sum_low, fma(-quotient, sum, 3.0f));
  const float correction = residual * 0x1.555556p-2f * quotient;
  const float u = quotient + correction;
  const float u_low = (quotient - u) + correction;
  const float t = fma(-2.0f, u, 1.0f);
  const float t_low = fma(-2.0f, u, 1.0f - t) - 2.0f * u_low;
  float p = 0x1.25a064p-16f;
  p = fma(p, t, 0x1.63884cp-15f);
  p = fma(p, t, -0x1.56740ap-14f);
  p = fma(p, t, -0x1.67677ep-12f);
  p = fma(p, t, 0x1.66bdb6p-12f);
  p = fma(p, t, 0x1.306d5cp-9f);
  p = fma(p, t, -0x1.c92516p-9f);
  p = fma(p, t, -0x1.021dbap-6f);
  p = fma(p, t, 0x1.3a0d0cp-4f);
  p = fma(p, t, -0x1.5bb438p-3f);
  const float product = p * t;
  const float value = 0x1.f1b89cp-3f + product;
  const float value_low = fma(p, t_low, ((0x1.f1b89cp-3f - value) + product) + fma(p, t, -product));
  const float lower = u * value;
  const float half = -0.5f * a;
  const float square = half * a;
  return {lower, fma(u, value, -lower) + fma(u, value_low, u_low * value), exp_of_sum(square, fma(half, a, -square))};
}

/// x·Φ(x), Φ the standard normal distribution: the form with erf, as PyTorch's default. ≤ 2 ulp, also in the tail;
/// −0 at −infinity. Source: Hendrycks, Gimpel, "Gaussian error linear units" (2016).
SWEEP_HOST_DEVICE inline float gelu(float x) {
  float a = abs(x);
  a = a > 20.0f ? 20.0f : a;
  const NormalTail tail = normal_tail(a);
  const float product = tail.lower * a;
  const float product_low = fma(tail.lower, a, -product) + tail.low * a;
  const float below = fma(product, tail.scale, product_low * tail.scale);
  return x < 0.0f ? -below : x - below;
}

/// Φ(x) + x·φ(x). ≤ 4 ulp, a unit being at least 2^-26 (it is 0 near −0.75); 1 − gelu_derivative(−x) to the bit for
/// x > 0.
SWEEP_HOST_DEVICE inline float gelu_derivative(float x) {
  float a = abs(x);
  a = a > 20.0f ? 20.0f : a;
  const NormalTail tail = normal_tail(a);
  const float below = (fma(a, -0x1.988454p-2f, tail.lower) + tail.low) * tail.scale;
  return x < 0.0f ? below : 1.0f - below;
}

}  // namespace portable
}  // namespace SWEEP_ISA
}  // namespace core
