// The functions of portable arithmetic in binary64: accuracy, special values, known bits.
#include "tests/catch.h"

#include <cmath>
#include <limits>

#include "core/math_double.h"
#include "core/philox.h"

namespace {

using namespace core;
using portable::bits_of;
using portable::double_of;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double ulp_error(double got, long double want) {
  if (std::isinf(static_cast<double>(want)) || std::isinf(got))
    return got == static_cast<double>(want) ? 0.0 : kInfinity;
  int exponent = 0;
  std::frexp(want, &exponent);
  return static_cast<double>(std::abs(got - want) / std::ldexp(1.0L, std::max(exponent, -1021) - 53));
}

/// The largest error of `function` over numbers that are uniform in [from, to).
double worst_error(double (*function)(double), long double (*wide)(long double), double from, double to) {
  double worst = 0;
  for (std::uint32_t i = 0; i < 200000; ++i) {
    const Philox4 words = philox(Philox4{{i, 0, 0, 0}}, 11);
    const std::uint64_t bits = std::uint64_t{words.word[0]} << 21 ^ words.word[1];
    const double x = from + (to - from) * (static_cast<double>(bits) * 0x1p-53);
    worst = std::max(worst, ulp_error(function(x), wide(static_cast<long double>(x))));
  }
  return worst;
}

}  // namespace

TEST_CASE("exp and log in double err by less than one unit in the last place") {
  CHECK(worst_error(portable::exp, std::exp, -745.0, 709.7) <= 0.8);
  CHECK(worst_error(portable::exp, std::exp, -1.0, 1.0) <= 0.8);
  CHECK(worst_error(portable::log, std::log, 0.4, 3.0) <= 0.9);
  CHECK(worst_error(portable::log, std::log, 0.0, 1e300) <= 0.9);
  CHECK(worst_error(portable::log, std::log, 0.0, 0x1p-1022) <= 0.9);
}

TEST_CASE("sine and cosine in double err by less than one unit in the last place up to 2^20") {
  CHECK(worst_error(portable::sin, std::sin, -7.0, 7.0) <= 0.9);
  CHECK(worst_error(portable::cos, std::cos, -7.0, 7.0) <= 0.9);
  CHECK(worst_error(portable::sin, std::sin, -0x1p20, 0x1p20) <= 0.9);
  CHECK(worst_error(portable::cos, std::cos, -0x1p20, 0x1p20) <= 0.9);
}

TEST_CASE("a power by an integer is nearly the rounded true one, also for a hundred million steps") {
  double worst = 0;
  for (const double base : {0.9, 0.999, 0.95, 1.0001, -0.99, 3.0}) {
    for (std::int32_t exponent = -600; exponent <= 600; exponent += 7) {
      const long double want = std::pow(static_cast<long double>(base), static_cast<long double>(exponent));
      worst = std::max(worst, ulp_error(portable::pow_int(base, exponent), want));
    }
  }
  CHECK(worst <= 1.5);
  // The largest errors found among 30 000 random powers of each range, the last of them beyond what is promised.
  const auto error = [](double base, std::int32_t exponent) {
    return ulp_error(portable::pow_int(base, exponent),
                     std::pow(static_cast<long double>(base), static_cast<long double>(exponent)));
  };
  CHECK(error(0.9999999, 1000000) <= 1.0);
  CHECK(error(0x1.ffff91591e6fdp-1, 97539518) <= 1.0);
  CHECK(error(0x1.000034384367ap+0, 86611938) <= 1.0);
  CHECK(error(0x1.00005a4831f14p+0, -80378686) <= 1.5);
  CHECK(error(0x1.0000036033ee1p+0, 2097883896) <= 110.0);
  CHECK(portable::pow_int(0.0, 0) == 1.0);
  CHECK(portable::pow_int(2.0, 10) == 1024.0);
  CHECK(bits_of(portable::pow_int(-0.0, 3)) == bits_of(-0.0));
  CHECK(bits_of(portable::pow_int(-0.0, 4)) == bits_of(0.0));
  CHECK(bits_of(portable::pow_int(-1e-300, 3)) == bits_of(-0.0));
  CHECK(portable::pow_int(-0.0, -3) == -kInfinity);
  CHECK(portable::pow_int(-0.0, -2) == kInfinity);
  CHECK(portable::pow_int(2.0, -1074) == 0.0);
  CHECK(portable::pow_int(-2.0, 3) == -8.0);
  CHECK(portable::pow_int(10.0, 400) == kInfinity);
  CHECK(portable::pow_int(10.0, -400) == 0.0);
  CHECK(portable::pow_int(0.999, std::numeric_limits<std::int32_t>::max()) == 0.0);
  CHECK(portable::pow_int(1.0, std::numeric_limits<std::int32_t>::min()) == 1.0);
}

TEST_CASE("rounding goes to the nearest whole number, from a half to the even one, and never to a negative zero") {
  CHECK(portable::round_even(0.5) == 0.0);
  CHECK(portable::round_even(1.5) == 2.0);
  CHECK(portable::round_even(-2.5) == -2.0);
  CHECK(portable::round_even(-3.5) == -4.0);
  CHECK(portable::round_even(0x1.fffffffffffffp-2) == 0.0);
  CHECK(portable::round_even(0x1p+52 - 0.5) == 0x1p+52);
  CHECK(portable::round_even(-0x1p+51 - 0.5) == -0x1p+51);
  CHECK(portable::round_even(0x1p+52 + 1) == 0x1p+52 + 1);
  CHECK(portable::round_even(-kInfinity) == -kInfinity);
  CHECK(std::isnan(portable::round_even(kNan)));
  for (const double x : {-0.0, -0.3, -0.5, 0.3}) CHECK(bits_of(portable::round_even(x)) == 0u);
  for (std::uint32_t i = 0; i < 100000; ++i) {
    const Philox4 words = philox(Philox4{{i, 0, 0, 0}}, 12);
    const double x = double_of((std::uint64_t{words.word[0]} << 32 | words.word[1]) % 0x4400000000000000u);
    REQUIRE(portable::round_even(x) == std::nearbyint(x));
    REQUIRE(portable::round_even(-x) == std::nearbyint(-x));
  }
}

TEST_CASE("double functions keep infinities, NaN and zeros") {
  CHECK(bits_of(portable::exp(-kInfinity)) == 0u);
  CHECK(portable::exp(kInfinity) == kInfinity);
  CHECK(portable::exp(710.0) == kInfinity);
  CHECK(portable::exp(-745.0) == 0x1p-1074);
  CHECK(portable::exp(0.0) == 1.0);
  CHECK(portable::log(0.0) == -kInfinity);
  CHECK(portable::log(-0.0) == -kInfinity);
  CHECK(portable::log(kInfinity) == kInfinity);
  CHECK(bits_of(portable::log(1.0)) == 0u);
  CHECK(std::isnan(portable::log(-1.0)));
  CHECK(std::isnan(portable::log(kNan)));
  CHECK(std::isnan(portable::exp(kNan)));
  CHECK(std::isnan(portable::sin(kInfinity)));
  CHECK(std::isnan(portable::cos(-kInfinity)));
  CHECK(bits_of(portable::sin(-0.0)) == 0x8000000000000000u);
  CHECK(portable::cos(0.0) == 1.0);
}

TEST_CASE("the double functions give the known bits") {
  struct Known {
    double x;
    std::uint64_t results[4];  ///< exp(x), log(|x|), sin(x), cos(x)
  };
  // Golden digests of portable-1: these bits never change.
  const Known known[] = {
      {0x1p+0, {0x4005bf0a8b145769u, 0x0000000000000000u, 0x3feaed548f090ceeu, 0x3fe14a280fb5068bu}},
      {-0x1p+0, {0x3fd78b56362cef38u, 0x0000000000000000u, 0xbfeaed548f090ceeu, 0x3fe14a280fb5068bu}},
      {0x1.999999999999ap-4, {0x3ff1aec7b35a00d4u, 0xc0026bb1bbb55515u, 0x3fb98eaecb8bcb2cu, 0x3fefd712f9a817c1u}},
      {0x1.4p+1, {0x40285d6fd931e0bbu, 0x3fed5240f0e0e078u, 0x3fe326af0dcfcab0u, 0xbfe9a2f7ef858b7du}},
      {-0x1.748p+9, {0x0000000000000001u, 0x401a741afe174a7au, 0x3fdb683ccbc86662u, 0xbfecead5c656161au}},
      {0x1.5ep+9, {0x7f0d945df4f8ec8eu, 0x401a344e6741ebabu, 0x3fe16834defaadb0u, 0xbfead9f150b2e096u}},
      {0x0.012688b70e62bp-1022, {0x3ff0000000000000u, 0xc0864e69394d9508u, 0x000012688b70e62bu, 0x3ff0000000000000u}},
      {0x1.81cd6c8b43958p+13, {0x7ff0000000000000u, 0x4022d79559791e31u, 0xbfe687d5890974a5u, 0x3fe6b94c3bbe24b8u}},
  };
  for (const Known& row : known) {
    INFO(row.x);
    CHECK(bits_of(portable::exp(row.x)) == row.results[0]);
    CHECK(bits_of(portable::log(portable::abs(row.x))) == row.results[1]);
    CHECK(bits_of(portable::sin(row.x)) == row.results[2]);
    CHECK(bits_of(portable::cos(row.x)) == row.results[3]);
  }
}
