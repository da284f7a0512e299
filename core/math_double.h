// The functions of portable arithmetic in binary64: for the sampler (search/), for schedules and bias corrections
// (trainer/). One number at a time: not written for vectors. The same rules as core/math_float.h, hence the same bits
// from every compiler, optimisation level and machine.
//
// Accuracy, measured against 80-bit libm on ten million inputs each: stated at each function.
// Special values: those of C99 annex F; the payload of a NaN is not defined. Denormals are kept.
#pragma once

#include <cstdint>

#include "core/host_device.h"

namespace core {
inline namespace SWEEP_ISA {
namespace portable {

/// a·b + c, rounded once.
SWEEP_HOST_DEVICE inline double fma(double a, double b, double c) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(a, b, c);
#else
  return __builtin_fma(a, b, c);
#endif
}

SWEEP_HOST_DEVICE inline double sqrt(double x) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(x);
#else
  return __builtin_sqrt(x);
#endif
}

SWEEP_HOST_DEVICE inline std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
SWEEP_HOST_DEVICE inline double double_of(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }
SWEEP_HOST_DEVICE inline double abs(double x) { return double_of(bits_of(x) & 0x7fffffffffffffffu); }

/// x to the nearest whole number, halves to the even one; a zero is +0. Infinities and NaN stay.
SWEEP_HOST_DEVICE inline double round_even(double x) {
  if (!(abs(x) < 0x1p+52)) return x;
  return x < 0.0 ? (x - 0x1p+52) + 0x1p+52 : (x + 0x1p+52) - 0x1p+52;
}

/// e^x. ≤ 1 ulp.
SWEEP_HOST_DEVICE inline double exp(double x) {
  // Beyond these bounds the result is +0 or infinity anyway; a NaN passes both comparisons.
  x = x < -746.0 ? -746.0 : x;
  x = x > 710.0 ? 710.0 : x;
  // n = round(x / ln 2): adding 1.5·2^52 leaves the integer in the low bits, also where x is a NaN.
  const double shifted = fma(x, 0x1.71547652b82fep+0, 0x1.8p+52);
  const std::uint32_t n = static_cast<std::uint32_t>(bits_of(shifted));
  const double rounded = shifted - 0x1.8p+52;
  const double exact = fma(rounded, -0x1.62e42fefa4p-1, x);
  const double correction = rounded * 0x1.8432a1b0e2634p-43;
  const double r = exact + correction;
  const double r_low = (exact - r) + correction;
  double p = 0x1.ad9f13e00e3bcp-26;
  p = fma(p, r, 0x1.28ae0336f5a40p-22);
  p = fma(p, r, 0x1.71df1105f8ea0p-19);
  p = fma(p, r, 0x1.a019995833261p-16);
  p = fma(p, r, 0x1.a01a01339a114p-13);
  p = fma(p, r, 0x1.6c16c18479566p-10);
  p = fma(p, r, 0x1.1111111125fe0p-7);
  p = fma(p, r, 0x1.55555555506b4p-5);
  p = fma(p, r, 0x1.5555555555501p-3);
  p = fma(p, r, 0x1.000000000000ap-1);
  // 1 + r + r²·p, what 1 + r loses carried along.
  const double sum = 1.0 + r;
  const double value = sum + fma(r * r, p, (r - (sum - 1.0)) + r_low);
  // 2^n in two factors, so that denormal results are rounded once and 2^1024 is never a factor.
  const std::uint32_t half = static_cast<std::uint32_t>(static_cast<std::int32_t>(n) >> 1);
  return value * double_of(std::uint64_t{half + 1023u} << 52) * double_of(std::uint64_t{n - half + 1023u} << 52);
}

/// ln x. ≤ 1 ulp; −infinity at ±0, NaN below.
SWEEP_HOST_DEVICE inline double log(double x) {
  const bool tiny = x < 0x1p-1022;
  const double scaled = tiny ? x * 0x1p+54 : x;
  // x = 2^k · (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)).
  const std::uint64_t offset = bits_of(scaled) - 0x3fe6a09e667f3bcdu;
  const std::int32_t k = static_cast<std::int32_t>(static_cast<std::int64_t>(offset) >> 52) - (tiny ? 54 : 0);
  const double f = double_of((offset & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
  const double exponent = static_cast<double>(k);
  // ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)) with s = f / (2 + f). Source: the form of FreeBSD's msun, e_log.c.
  const double s = f / (2.0 + f);
  const double z = s * s;
  double p = 0x1.0f054340e6bd5p-3;
  p = fma(p, z, 0x1.0f683f149c87bp-3);
  p = fma(p, z, 0x1.3b2018f4ceefap-3);
  p = fma(p, z, 0x1.745ce20e546a2p-3);
  p = fma(p, z, 0x1.c71c724a86fa1p-3);
  p = fma(p, z, 0x1.249249243a341p-2);
  p = fma(p, z, 0x1.9999999999d0ap-2);
  p = fma(p, z, 0x1.5555555555555p-1);
  const double half_square = 0.5 * f * f;
  const double tail = fma(exponent, -0x1.8432a1b0e2634p-43, s * fma(z, p, half_square)) - half_square;
  const double high = exponent * 0x1.62e42fefa4p-1;
  const double sum = high + f;
  const double value = sum + (tail + (f - (sum - high)));
  const bool ordinary = x > 0.0 && x < double_of(0x7ff0000000000000u);
  // NaN and +infinity stay, ±0 gives −infinity, what is below zero gives NaN.
  const double limit = x < 0.0 ? double_of(0x7ff8000000000000u) : x == 0.0 ? double_of(0xfff0000000000000u) : x;
  return ordinary ? value : limit;
}

/// An angle as quadrant · π/2 + (high + low), with |high| ≤ π/4 and a bit.
struct DoubleAngle {
  std::uint32_t quadrant;
  double high;
  double low;
};

/// sin of the angle, or cos where the quadrant is one ahead.
SWEEP_HOST_DEVICE inline double sin_of(DoubleAngle angle) {
  const double r = angle.high;
  const double z = r * r;
  double p = 0x1.5d8e3056f238ep-33;
  p = fma(p, z, -0x1.ae5e545db72e5p-26);
  p = fma(p, z, 0x1.71de355ee71c9p-19);
  p = fma(p, z, -0x1.a01a019bf1fd8p-13);
  p = fma(p, z, 0x1.111111110f75cp-7);
  p = fma(p, z, -0x1.5555555555548p-3);
  const double sine = r + fma(r * z, p, angle.low);
  double c = -0x1.8fb16595eb176p-37;
  c = fma(c, z, 0x1.1ee9f1b98510dp-29);
  c = fma(c, z, -0x1.27e4f81349689p-22);
  c = fma(c, z, 0x1.a01a019cc0172p-16);
  c = fma(c, z, -0x1.6c16c16c15224p-10);
  c = fma(c, z, 0x1.555555555554cp-5);
  const double half = 0.5 * z;
  const double whole = 1.0 - half;
  const double cosine = whole + (((1.0 - whole) - half) + fma(z * z, c, -r * angle.low));
  const double value = (angle.quadrant & 1u) != 0u ? cosine : sine;
  return double_of(bits_of(value) ^ (std::uint64_t{angle.quadrant & 2u} << 62));
}

/// Requires: |x| ≤ 2^20 or x not finite. Source: Cody, Waite, "Software manual for the elementary functions" (1980).
SWEEP_HOST_DEVICE inline DoubleAngle reduce_angle(double x) {
  const double shifted = fma(x, 0x1.45f306dc9c883p-1, 0x1.8p+52);
  const double quarters = shifted - 0x1.8p+52;
  const double exact = fma(quarters, -0x1.921fb544p+0, x);
  const double middle = quarters * 0x1.0b4611a6p-34;
  const double first = exact - middle;
  const double first_low = (exact - first) - middle;
  const double last = fma(quarters, -0x1.3198a2e037073p-69, first_low);
  const double high = first + last;
  return {static_cast<std::uint32_t>(bits_of(shifted)), high, (first - high) + last};
}

/// sin and cos of radians: ≤ 1 ulp; NaN at infinities. Requires: |x| ≤ 2^20 or x not finite.
SWEEP_HOST_DEVICE inline double sin(double x) { return x == 0.0 ? x : sin_of(reduce_angle(x)); }
SWEEP_HOST_DEVICE inline double cos(double x) {
  DoubleAngle angle = reduce_angle(x);
  angle.quadrant += 1u;
  return sin_of(angle);
}

/// base^exponent: products carry what they lose. Where every product is a normal number: ≤ 1 ulp for exponents from 0
/// to 10^8, ≤ 1.5 ulp from −10^8 to −1; beyond, what the carried parts lose themselves adds up to some 100 ulp at
/// ±2^31. x^0 is 1.
SWEEP_HOST_DEVICE inline double pow_int(double base, std::int32_t exponent) {
  std::uint32_t rest = exponent < 0 ? 0u - static_cast<std::uint32_t>(exponent) : static_cast<std::uint32_t>(exponent);
  double power = base, power_low = 0.0, value = 1.0, value_low = 0.0;
  while (rest != 0u) {
    if ((rest & 1u) != 0u) {
      const double product = value * power;
      value_low = fma(value, power, -product) + fma(value, power_low, value_low * power);
      value = product;
    }
    const double square = power * power;
    power_low = fma(power, power, -square) + 2.0 * power * power_low;
    power = square;
    rest >>= 1;
  }
  const double sum = value + value_low;
  // Where a product overflowed, its lost part is not a number, and where it is −0, adding a +0 loses the sign; the
  // product itself is right.
  const double result = sum == sum && value != 0.0 ? sum : value;
  return exponent < 0 ? 1.0 / result : result;
}

}  // namespace portable
}  // namespace SWEEP_ISA
}  // namespace core
