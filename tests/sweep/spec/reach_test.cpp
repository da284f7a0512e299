// How far the values of a distribution reach, by which a file is held against a hyperparameter's range.
#include "sweep/spec/reach.h"

#include "tests/catch.h"

using sweep::Continuous;
using sweep::Family;
using sweep::reach_of;

TEST_CASE("constants and lists have no reach, their values are checked one by one") {
  CHECK_FALSE(reach_of(sweep::Constant{1}).has_value());
  CHECK_FALSE(reach_of(sweep::Categorical{{1, 2}, {}}).has_value());
}

TEST_CASE("a normal distribution reaches as far as all but one draw in a million do") {
  const auto reach = reach_of(Continuous{"normal", Family::kNormal, 10, 2});
  CHECK(reach->low == Approx(0.493152));
  CHECK(reach->high == Approx(19.506848));
  CHECK_FALSE(reach->whole);
  CHECK(reach_of(Continuous{"log_normal", Family::kLogNormal, 0, 1})->high == Approx(115.98).epsilon(1e-4));
}

TEST_CASE("a quantised distribution reaches to multiples of its step, whole ones where the step is whole") {
  const auto whole = reach_of(Continuous{"q_uniform", Family::kUniform, 1, 99, sweep::Quantum{10, false}});
  CHECK(whole->low == 0);
  CHECK(whole->high == 100);
  CHECK(whole->whole);
  CHECK_FALSE(whole->bounds);
  CHECK_FALSE(reach_of(Continuous{"q_uniform", Family::kUniform, 1, 99, sweep::Quantum{0.5, false}})->whole);
}

TEST_CASE("a beta distribution reaches no further than its tails weigh") {
  const auto flat = reach_of(Continuous{"beta", Family::kBeta, 1, 1});
  CHECK(flat->low == Approx(1e-6));
  CHECK(flat->high == Approx(1 - 1e-6));
  const auto narrow = reach_of(Continuous{"beta", Family::kBeta, 2, 5});
  CHECK(narrow->low > 0);
  CHECK(narrow->low < 0.001);
  CHECK(narrow->high > 0.95);
  CHECK(narrow->high < 0.98);
}
