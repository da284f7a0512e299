// The quantile functions of portable arithmetic: accuracy against tables of true values, known bits, every odd input.
#include "tests/catch.h"

#include <cmath>
#include <limits>

#include "core/math_beta.h"
#include "core/math_normal.h"
#include "core/philox.h"

namespace {

using namespace core;
using portable::beta_quantile;
using portable::bits_of;
using portable::double_of;
using portable::normal_quantile;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kFirst = 0x1p-53, kLast = 1 - 0x1p-53;  // of the numbers that a search draws

struct Normal {
  double u, value;
  int offset;
};
constexpr Normal kNormal[] = {
#include "tests/core/normal_quantiles.inc"
};

struct Beta {
  double u, a, b, value;
  int offset;
};
constexpr Beta kBeta[] = {
#include "tests/core/beta_quantiles.inc"
};

double uniform(std::uint32_t i, std::uint32_t stream) {
  const Philox4 words = philox(Philox4{{i, 0, 0, stream}}, 20261126);
  return (static_cast<double>((std::uint64_t{words.word[1]} << 32 | words.word[0]) >> 12) + 0.5) * 0x1p-52;
}

}  // namespace

TEST_CASE("the normal quantile errs by less than 1e-15 of its value, everywhere between 0 and 1") {
  for (const Normal& row : kNormal) {
    INFO(row.u);
    CHECK(std::abs(normal_quantile(row.u) - row.value) <= 1e-15 * std::abs(row.value));
  }
}

TEST_CASE("the normal quantile gives the known bits") {
  for (const Normal& row : kNormal) {
    INFO(row.u);
    CHECK(bits_of(normal_quantile(row.u)) == bits_of(row.value) + static_cast<std::uint64_t>(row.offset));
  }
}

TEST_CASE("the normal quantile is odd about one half and infinite at the ends") {
  CHECK(bits_of(normal_quantile(0.5)) == 0u);
  CHECK(normal_quantile(0.0) == -kInfinity);
  CHECK(normal_quantile(1.0) == kInfinity);
  CHECK(std::isnan(normal_quantile(-0.1)));
  CHECK(std::isnan(normal_quantile(1.1)));
  CHECK(std::isnan(normal_quantile(std::numeric_limits<double>::quiet_NaN())));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    const double u = uniform(i, 0);
    CHECK(normal_quantile(u) == -normal_quantile(1.0 - u));
  }
}

TEST_CASE("the normal quantile is the inverse of the distribution that libm computes") {
  for (std::uint32_t i = 0; i < 20000; ++i) {
    const double u = uniform(i, 1);
    const long double below = std::erfc(-static_cast<long double>(normal_quantile(u)) / std::sqrt(2.0L)) / 2;
    REQUIRE(std::abs(static_cast<double>(below - u)) <= 2e-15 * u + 4e-16);
  }
}

TEST_CASE("the Beta quantile errs by less than 1e-12 of its value for a and b from 0.1 to 1000") {
  for (const Beta& row : kBeta) {
    INFO(row.u << " " << row.a << " " << row.b);
    CHECK(std::abs(beta_quantile(row.u, row.a, row.b) - row.value) <= 1e-12 * row.value);
  }
}

TEST_CASE("the Beta quantile gives the known bits") {
  for (const Beta& row : kBeta) {
    INFO(row.u << " " << row.a << " " << row.b);
    CHECK(bits_of(beta_quantile(row.u, row.a, row.b)) == bits_of(row.value) + static_cast<std::uint64_t>(row.offset));
  }
}

TEST_CASE("the Beta quantile agrees with the cases that have a formula") {
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const double u = uniform(i, 2);
    CHECK(beta_quantile(u, 1, 1) == Approx(u).epsilon(1e-14));
    CHECK(beta_quantile(u, 1, 7) == Approx(static_cast<double>(-std::expm1(std::log1p(-u) / 7))).epsilon(1e-14));
    CHECK(beta_quantile(u, 0.25, 1) == Approx(u * u * u * u).epsilon(3e-14));
    const double sine = std::sin(u * std::acos(-1.0) / 2);
    CHECK(beta_quantile(u, 0.5, 0.5) == Approx(sine * sine).epsilon(1e-14));
  }
}

TEST_CASE("the Beta quantile of 1 - u with a and b exchanged is 1 - x") {
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const double u = uniform(i, 3);
    const double a = std::exp(14 * uniform(i, 4) - 4), b = std::exp(14 * uniform(i, 5) - 4);
    const double x = beta_quantile(u, a, b);
    CHECK(beta_quantile(1 - u, b, a) == (x > 0.5 ? Approx(1 - x).margin(1e-15) : Approx(1 - x).epsilon(1e-15)));
  }
}

TEST_CASE("the Beta quantile rises with u") {
  for (const double a : {0.03, 0.1, 1.0, 30.0, 1000.0, 3e6, 3e7}) {
    for (const double b : {0.03, 0.1, 1.0, 30.0, 1000.0, 3e6, 3e7}) {
      double before = 0;
      for (int i = 0; i < 200; ++i) {
        const double x = beta_quantile((i + 0.5) / 200, a, b);
        CHECK(x >= before);
        before = x;
      }
    }
  }
}

TEST_CASE("the Beta quantile crosses into the form for large a and b without a seam") {
  // On both sides of 10,000,000: the quantiles of neighbouring distributions differ by what their means differ.
  for (const double u : {kFirst, 0.01, 0.5, 0.99, kLast}) {
    for (const double b : {2e7, 1e8, 1e12}) {
      const double below = beta_quantile(u, 1e7, b), above = beta_quantile(u, 1e7 * (1 + 1e-15), b);
      CHECK(above == Approx(below).epsilon(5e-15));
    }
  }
}

TEST_CASE("the Beta quantile ends, is a number and lies between 0 and 1, whatever a and b") {
  constexpr double kOdd[] = {0x1p-1074, 0x1p-1022, 1e-200, 1e-20, 1e-4,  0.01,  1.0,
                             1e5,       9.9e6,     1e7,    1e20,  1e100, 1e300, std::numeric_limits<double>::max()};
  int outside = 0;
  for (const double a : kOdd)
    for (const double b : kOdd)
      for (const double u : {0x1p-1074, 1e-300, kFirst, 1e-6, 0.3, 0.5, 0.9, kLast}) {
        const double x = beta_quantile(u, a, b);
        outside += !(x >= 0 && x <= 1);
      }
  CHECK(outside == 0);
  CHECK(beta_quantile(0.3, 1e300, 1e300) == 0.5);
  CHECK(beta_quantile(0.3, 1e-300, 1e-300) == 0.0);
  CHECK(beta_quantile(0.7, 1e-300, 1e-300) == 1.0);
  CHECK(beta_quantile(0.5, 1e300, 3e300) == 0.25);
}
