// Golden vectors: what was drawn once is drawn for ever. They freeze random-1 and shuffled-1.
#include <bit>
#include <map>

#include "sweep/search/grid.h"
#include "sweep/search/random.h"
#include "tests/catch.h"
#include "tests/sweep/every_distribution.h"

using sweep::Dimension;
using sweep::Space;
using sweep::Value;

namespace {

struct Real {
  std::uint64_t seed, index;
  const char* parameter;
  double value;
  int offset;
};
constexpr Real kReals[] = {
#include "tests/sweep/search/golden_reals.inc"
};

struct Integer {
  std::uint64_t seed, index;
  const char* parameter;
  std::int64_t value;
};
constexpr Integer kIntegers[] = {
#include "tests/sweep/search/golden_integers.inc"
};

struct Order {
  std::uint64_t size, seed, index, random, shuffled;
};
constexpr Order kOrders[] = {
#include "tests/sweep/search/golden_orders.inc"
};

// The value that one parameter of a larger space has at a draw, through the sampler.
class Draws {
 public:
  Draws() : space_(sweep::every_distribution()) {
    for (std::size_t i = 0; i < space_.dimensions().size(); ++i) places_[space_.dimensions()[i].name()] = i;
  }

  Value operator()(std::uint64_t seed, std::uint64_t index, const std::string& parameter) const {
    std::vector<Value> point(places_.size());
    sweep::RandomSampler(space_, seed).point(index, point);
    return point[places_.at(parameter)];
  }

 private:
  Space space_;
  std::map<std::string, std::size_t> places_;
};

}  // namespace

TEST_CASE("draws of real numbers are frozen to the last bit, and each lies beside its true value") {
  const Draws draws;
  for (const Real& golden : kReals) {
    INFO(golden.seed << " " << golden.index << " " << golden.parameter);
    const double drawn = draws(golden.seed, golden.index, golden.parameter).real;
    CHECK(std::bit_cast<std::int64_t>(drawn) == std::bit_cast<std::int64_t>(golden.value) + golden.offset);
    CHECK(drawn == Approx(golden.value).epsilon(2e-13));
  }
}

TEST_CASE("draws of integers and choices are frozen") {
  const Draws draws;
  for (const Integer& golden : kIntegers) {
    INFO(golden.seed << " " << golden.index << " " << golden.parameter);
    CHECK(draws(golden.seed, golden.index, golden.parameter).integer == golden.value);
  }
}

TEST_CASE("every distribution has golden vectors") {
  std::map<std::string, int> seen;
  for (const Real& golden : kReals) ++seen[golden.parameter];
  for (const Integer& golden : kIntegers) ++seen[golden.parameter];
  for (const sweep::Parameter& parameter : sweep::every_distribution()) CHECK(seen[parameter.name] == 15);
}

TEST_CASE("the orders of random search and of a shuffled grid are frozen, each for itself") {
  for (const Order& golden : kOrders) {
    INFO(golden.size << " " << golden.seed << " " << golden.index);
    // A grid's digit is its value less `first`; 2^63 values need a negative start.
    const std::int64_t first = -static_cast<std::int64_t>(golden.size / 2);
    std::vector<sweep::Parameter> parameters = {
        {"x", sweep::IntUniform{first, first + static_cast<std::int64_t>(golden.size - 1)}}};
    if (golden.size == 1) parameters = {{"x", sweep::Constant{1}}};
    const Space space(parameters);
    const auto place = [&](const auto& sampler) {
      std::vector<Value> point(1);
      sampler.point(golden.index, point);
      return golden.size == 1 ? 0 : static_cast<std::uint64_t>(point[0].integer) - static_cast<std::uint64_t>(first);
    };
    CHECK(place(sweep::RandomSampler(space, golden.seed)) == golden.random);
    CHECK(place(sweep::GridSampler(space, sweep::GridOrder::kShuffled, golden.seed)) == golden.shuffled);
    CHECK(place(sweep::GridSampler(space, sweep::GridOrder::kWritten, golden.seed)) == golden.index);
  }
}
