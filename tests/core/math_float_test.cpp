// The functions of portable-1 in binary32: accuracy, special values, known bits, the same bits from every compilation.
#include "tests/catch.h"

#include "core/math_float.h"
#include "tests/core/math_digest.h"
#include "tests/core/math_reference.h"
#include "tests/skip.h"

namespace {

using namespace core;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::uint32_t kStride = 5003;

using portable::bits_of;
using portable::canonical_bits;
using portable::float_of;

}  // namespace

TEST_CASE("each portable function keeps its promised accuracy over a stride of all floats") {
  for (const auto& function : reference::kFunctions<long double>) {
    double worst = 0;
    float worst_at = 0;
    for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += kStride) {
      const float x = float_of(static_cast<std::uint32_t>(bits));
      const double error = reference::ulp_error<long double>(function.portable(x), function.wide(x), function.min_unit);
      if (!(error <= worst)) {
        worst = error;
        worst_at = x;
      }
    }
    INFO(function.name << " at " << worst_at);
    CHECK(worst <= function.max_ulp);
  }
}

TEST_CASE("sine and cosine of a part of a turn are exact at quarters and accurate between") {
  CHECK(portable::cos_of_turns(0.0f) == 1.0f);
  CHECK(portable::sin_of_turns(0.25f) == 1.0f);
  CHECK(portable::cos_of_turns(0.25f) == 0.0f);
  CHECK(portable::cos_of_turns(0.5f) == -1.0f);
  CHECK(portable::sin_of_turns(0.75f) == -1.0f);
  constexpr long double kTurn = 6.28318530717958647692528676655900577L;
  double worst = 0;
  for (std::uint32_t i = 1; i < 1u << 24; i += 61) {
    const float turns = static_cast<float>(i) * 0x1p-24f;
    const long double angle = kTurn * static_cast<long double>(turns);
    // Where the true value is 0 (half a turn), 2π rounded to long double leaves a rest.
    if (i != 1u << 23) {
      worst =
          std::max(worst, reference::ulp_error<long double>(portable::sin_of_turns(turns), std::sin(angle), 0x1p-80));
    }
    worst = std::max(worst, reference::ulp_error<long double>(portable::cos_of_turns(turns), std::cos(angle), 0x1p-80));
  }
  CHECK(worst <= 1.0);
}

TEST_CASE("infinities, NaN and zeros give what the functions tend to") {
  using namespace portable;
  CHECK(bits_of(portable::exp(-kInfinity)) == 0u);
  CHECK(portable::exp(kInfinity) == kInfinity);
  CHECK(portable::exp(88.73f) == kInfinity);
  CHECK(portable::exp(-104.0f) == 0.0f);
  CHECK(portable::exp(-103.2f) == 0x1p-149f);
  CHECK(portable::log(0.0f) == -kInfinity);
  CHECK(portable::log(-0.0f) == -kInfinity);
  CHECK(portable::log(kInfinity) == kInfinity);
  CHECK(canonical_bits(portable::log(-1.0f)) == 0x7fc00000u);
  CHECK(canonical_bits(portable::log(-kInfinity)) == 0x7fc00000u);
  CHECK(portable::tanh(kInfinity) == 1.0f);
  CHECK(portable::tanh(-kInfinity) == -1.0f);
  CHECK(bits_of(portable::tanh(-0.0f)) == 0x80000000u);
  CHECK(portable::sigmoid(kInfinity) == 1.0f);
  CHECK(bits_of(portable::sigmoid(-kInfinity)) == 0u);
  CHECK(portable::gelu(kInfinity) == kInfinity);
  CHECK(bits_of(portable::gelu(-kInfinity)) == 0x80000000u);
  CHECK(bits_of(portable::gelu(-0.0f)) == 0x80000000u);
  CHECK(portable::gelu_derivative(kInfinity) == 1.0f);
  CHECK(portable::gelu_derivative(-kInfinity) == 0.0f);
  CHECK(portable::gelu_derivative(0.0f) == 0.5f);
  CHECK(canonical_bits(portable::sin(kInfinity)) == 0x7fc00000u);
  CHECK(canonical_bits(portable::cos(-kInfinity)) == 0x7fc00000u);
  CHECK(bits_of(portable::sin(-0.0f)) == 0x80000000u);
  for (const auto& function : reference::kFunctions<long double>) {
    INFO(function.name);
    CHECK(canonical_bits(function.portable(kNan)) == 0x7fc00000u);
    CHECK(canonical_bits(function.portable(float_of(0xff800001u))) == 0x7fc00000u);
  }
}

TEST_CASE("tanh and sine are odd and cosine is even to the bit") {
  for (std::uint64_t bits = 0; bits < 0x7f800000u; bits += kStride) {
    const float x = float_of(static_cast<std::uint32_t>(bits));
    REQUIRE(bits_of(portable::tanh(-x)) == (bits_of(portable::tanh(x)) ^ 0x80000000u));
    REQUIRE(bits_of(portable::sin(-x)) == (bits_of(portable::sin(x)) ^ 0x80000000u));
    REQUIRE(bits_of(portable::cos(-x)) == bits_of(portable::cos(x)));
  }
}

TEST_CASE("every NaN has the same canonical bits and all else keeps its own") {
  CHECK(canonical_bits(float_of(0x7f800001u)) == 0x7fc00000u);
  CHECK(canonical_bits(float_of(0xffffffffu)) == 0x7fc00000u);
  CHECK(canonical_bits(-0.0f) == 0x80000000u);
  CHECK(canonical_bits(-kInfinity) == 0xff800000u);
  CHECK(canonical_bits(0x1p-149f) == 1u);
}

TEST_CASE("the portable functions give the known bits") {
  struct Known {
    std::uint32_t x;
    std::uint32_t results[8];  ///< exp, log, tanh, sigmoid, gelu, gelu_derivative, sin, cos
  };
  // Golden digests of portable-1: these bits never change.
  const Known known[] = {
      {0x00000000u,
       {0x3f800000u, 0xff800000u, 0x00000000u, 0x3f000000u, 0x00000000u, 0x3f000000u, 0x00000000u, 0x3f800000u}},
      {0x80000000u,
       {0x3f800000u, 0xff800000u, 0x80000000u, 0x3f000000u, 0x80000000u, 0x3f000000u, 0x80000000u, 0x3f800000u}},
      {0x3f800000u,
       {0x402df854u, 0x00000000u, 0x3f42f7d6u, 0x3f3b26a8u, 0x3f57625eu, 0x3f8aaa15u, 0x3f576aa4u, 0x3f0a5140u}},
      {0xbf800000u,
       {0x3ebc5ab2u, 0x7fc00000u, 0xbf42f7d6u, 0x3e89b2b1u, 0xbe227686u, 0xbdaaa14eu, 0xbf576aa4u, 0x3f0a5140u}},
      {0x3dcccccdu,
       {0x3f8d763eu, 0xc0135d8eu, 0x3dcc1ebcu, 0x3f066509u, 0x3d5d1d0du, 0x3f145ba0u, 0x3dcc7577u, 0x3f7eb898u}},
      {0xbe99999au,
       {0x3f3da643u, 0x7fc00000u, 0xbe9526eeu, 0x3ed9e2abu, 0xbdeac156u, 0x3e890c55u, 0xbe974e6du, 0x3f7490efu}},
      {0x40200000u,
       {0x4142eb7fu, 0x3f6a9208u, 0x3f7c92c1u, 0x3f6c948fu, 0x401f01a7u, 0x3f84d071u, 0x3f193578u, 0xbf4d17bfu}},
      {0xc0e80000u,
       {0x3a3a2affu, 0x7fc00000u, 0xbf7fffefu, 0x3a3a092du, 0xabd4a034u, 0xad409078u, 0xbf52b56eu, 0x3f11637bu}},
      {0x41a00000u,
       {0x4de75844u, 0x403fba14u, 0x3f800000u, 0x3f800000u, 0x41a00000u, 0x3f800000u, 0x3f69b6c8u, 0x3ed0f022u}},
      {0xc2b10000u,
       {0x0027fce2u, 0x7fc00000u, 0xbf800000u, 0x0027fce2u, 0x80000000u, 0x80000000u, 0xbf029bd0u, 0x3f5c2d01u}},
      {0x42c80000u,
       {0x7f800000u, 0x40935d8eu, 0x3f800000u, 0x3f800000u, 0x42c80000u, 0x3f800000u, 0xbf01a12eu, 0x3f5cc0eeu}},
      {0x000116c2u,
       {0x3f800000u, 0xc2b834f2u, 0x000116c2u, 0x3f000000u, 0x00008b61u, 0x3f000000u, 0x000116c2u, 0x3f800000u}},
      {0x9e3ce508u,
       {0x3f800000u, 0x7fc00000u, 0x9e3ce508u, 0x3f000000u, 0x9dbce508u, 0x3f000000u, 0x9e3ce508u, 0x3f800000u}},
      {0x477fe000u,
       {0x7f800000u, 0x41317018u, 0x3f800000u, 0x3f800000u, 0x477fe000u, 0x3f800000u, 0x3f79b240u, 0xbe61d759u}},
      {0x7f61b1e6u,
       {0x7f800000u, 0x42b13196u, 0x3f800000u, 0x3f800000u, 0x7f61b1e6u, 0x3f800000u, 0x3f5ff9c4u, 0xbef7f57cu}},
  };
  for (const Known& row : known) {
    for (std::size_t i = 0; i < 8; ++i) {
      const auto& function = reference::kFunctions<long double>[i];
      INFO(function.name << " of " << std::hex << row.x);
      CHECK(canonical_bits(function.portable(float_of(row.x))) == row.results[i]);
    }
  }
}

TEST_CASE("code compiled without optimisation and code compiled for vectors give the same bits") {
  using namespace math_copies;
  CHECK(unoptimised::math_digests() == optimised::math_digests());
}

TEST_CASE("code compiled for AVX-512 gives the same bits") {
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")) {
    skip("this processor has no AVX-512");
  }
  CHECK(math_copies::avx512::math_digests() == math_copies::optimised::math_digests());
}
