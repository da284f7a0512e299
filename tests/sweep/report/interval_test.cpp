// Confidence intervals and Welch's test against published tables.
#include "sweep/report/interval.h"

#include <cmath>

#include "tests/catch.h"

using namespace sweep;

namespace {

Spread of(std::uint64_t n, double mean, double deviation) { return {n, mean, deviation}; }

// Student's t at 97.5 %, n - 1 degrees of freedom.
double t(std::uint64_t n) { return *half_width(of(n, 0, 1)) * std::sqrt(static_cast<double>(n)); }

}  // namespace

TEST_CASE("the interval of a mean is Student's") {
  // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: three decimals.
  CHECK(t(2) == Approx(12.706).margin(5e-4));
  CHECK(t(3) == Approx(4.303).margin(5e-4));
  CHECK(t(6) == Approx(2.571).margin(5e-4));
  CHECK(t(31) == Approx(2.042).margin(5e-4));
  CHECK(t(101) == Approx(1.984).margin(5e-4));
  CHECK(t(1'000'001) == Approx(1.95996).margin(5e-5));
  CHECK(*half_width(of(5, 3, 0)) == 0);
  CHECK_FALSE(half_width(Spread{1, 0.5, std::nullopt}));
}

TEST_CASE("two means are told apart where Welch's t is beyond its 5 %") {
  // Three values of deviation 1 each: four degrees of freedom, t(97.5 %) = 2.776, standard error sqrt(2/3).
  CHECK(*tells_apart(of(3, 0, 1), of(3, 2.28, 1)) == true);
  CHECK(*tells_apart(of(3, 0, 1), of(3, 2.25, 1)) == false);
  CHECK(*tells_apart(of(3, 2.28, 1), of(3, 0, 1)) == true);
  // One side without scatter: its two degrees of freedom do not count, t = 4.303, standard error sqrt(1/3).
  CHECK(*tells_apart(of(3, 0, 0), of(3, 2.45, 1)) == false);
  CHECK(*tells_apart(of(3, 0, 0), of(3, 2.5, 1)) == true);
  CHECK(*tells_apart(of(3, 0, 0), of(3, 1e-9, 0)) == true);
  CHECK(*tells_apart(of(3, 1, 0), of(3, 1, 0)) == false);
  CHECK_FALSE(tells_apart(of(3, 0, 1), Spread{1, 5, std::nullopt}));
}
