// The distance of two numbers in units of the last place.
#include "core/ulp.h"

#include <cmath>
#include <limits>

#include "tests/catch.h"

using core::ulp_distance;

TEMPLATE_TEST_CASE("neighbours are one ulp apart, to either side and at every exponent", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  for (const TestType value : {TestType{1}, TestType{0.1}, TestType{-3}, TestType{0}, Limits::min(), -Limits::min(),
                               Limits::denorm_min(), Limits::max() / 2}) {
    const TestType above = std::nextafter(value, Limits::infinity());
    CHECK(ulp_distance(value, above) == 1u);
    CHECK(ulp_distance(above, value) == 1u);
    CHECK(ulp_distance(value, std::nextafter(value, -Limits::infinity())) == 1u);
    CHECK(ulp_distance(value, value) == 0u);
  }
}

TEMPLATE_TEST_CASE("both zeros are one number, and what lies on their two sides is counted through them", "", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  CHECK(ulp_distance(TestType{0}, -TestType{0}) == 0u);
  CHECK(ulp_distance(-TestType{0}, Limits::denorm_min()) == 1u);
  CHECK(ulp_distance(-Limits::denorm_min(), Limits::denorm_min()) == 2u);
  CHECK(*ulp_distance(TestType{-1}, TestType{1}) == 2 * *ulp_distance(TestType{0}, TestType{1}));
}

TEST_CASE("a power of two is as many ulp away as its type has numbers in between") {
  CHECK(ulp_distance(1.0f, 2.0f) == 1u << 23);
  CHECK(ulp_distance(1.0, 2.0) == std::uint64_t{1} << 52);
  CHECK(ulp_distance(-1.0, -2.0) == std::uint64_t{1} << 52);
}

TEMPLATE_TEST_CASE("infinity is the neighbour of the largest number", "", float, double) {
  using Limits = std::numeric_limits<TestType>;
  CHECK(ulp_distance(Limits::max(), Limits::infinity()) == 1u);
  CHECK(ulp_distance(-Limits::infinity(), -Limits::max()) == 1u);
  CHECK(ulp_distance(Limits::infinity(), Limits::infinity()) == 0u);
  CHECK(*ulp_distance(-Limits::infinity(), Limits::infinity()) == 2 * *ulp_distance(TestType{0}, Limits::infinity()));
}

TEMPLATE_TEST_CASE("nothing is any distance from a NaN", "", float, double) {
  const TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  CHECK_FALSE(ulp_distance(nan, nan));
  CHECK_FALSE(ulp_distance(nan, TestType{1}));
  CHECK_FALSE(ulp_distance(TestType{1}, -nan));
}
