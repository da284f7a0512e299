// The random sampler: golden vectors, purity, coverage, and the distributions it draws.
#include "sweep/search/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sweep/spec/spec.h"
#include "tests/catch.h"

using sweep::Parameter;
using sweep::RandomSampler;
using sweep::Space;
using sweep::Value;

namespace {

struct Golden {
  std::uint64_t seed, index;
  const char* path;
  double u;
};

// Computed by a program of its own in another language, from the definition in random.h.
constexpr Golden kQuantiles[] = {
    {0u, 0u, "learning_rate", 0x1.4167d0831d69cp-3},
    {0u, 0u, "a.b", 0x1.4029608d64c3bp-1},
    {0u, 0u, "größe", 0x1.1b90c160c6048p-4},
    {0u, 1u, "learning_rate", 0x1.1dee0cbc32905p-1},
    {0u, 1u, "a.b", 0x1.698fbb9762df2p-2},
    {0u, 1u, "größe", 0x1.0ec3934118ad9p-1},
    {0u, 4294967296u, "learning_rate", 0x1.8b56f2e8cd1c6p-2},
    {0u, 4294967296u, "a.b", 0x1.8ff4644130094p-3},
    {0u, 4294967296u, "größe", 0x1.987f2cf929136p-2},
    {0u, 18446744073709551615u, "learning_rate", 0x1.8454a98997de2p-2},
    {0u, 18446744073709551615u, "a.b", 0x1.749383beff3dfp-1},
    {0u, 18446744073709551615u, "größe", 0x1.5745f55d1671dp-1},
    {1u, 0u, "learning_rate", 0x1.154ce4270117bp-1},
    {1u, 0u, "a.b", 0x1.72032e37cbf21p-1},
    {1u, 0u, "größe", 0x1.7e01904c7e2f4p-3},
    {1u, 1u, "learning_rate", 0x1.0dfb6c18499d3p-1},
    {1u, 1u, "a.b", 0x1.8f788b8ef1771p-1},
    {1u, 1u, "größe", 0x1.643365331cefdp-1},
    {1u, 4294967296u, "learning_rate", 0x1.97a29347e04ecp-3},
    {1u, 4294967296u, "a.b", 0x1.80af4905ac2ffp-1},
    {1u, 4294967296u, "größe", 0x1.484f6f89cd933p-1},
    {1u, 18446744073709551615u, "learning_rate", 0x1.1de109c993b19p-1},
    {1u, 18446744073709551615u, "a.b", 0x1.f558e8e6dc206p-2},
    {1u, 18446744073709551615u, "größe", 0x1.56d6fa9bafa0bp-1},
    {18446744073709551615u, 0u, "learning_rate", 0x1.d10850bd33bbbp-1},
    {18446744073709551615u, 0u, "a.b", 0x1.176842da46f0cp-3},
    {18446744073709551615u, 0u, "größe", 0x1.d0cc4b3311f86p-2},
    {18446744073709551615u, 1u, "learning_rate", 0x1.34802533a5274p-3},
    {18446744073709551615u, 1u, "a.b", 0x1.129138270cc01p-1},
    {18446744073709551615u, 1u, "größe", 0x1.f79d63db49b1bp-1},
    {18446744073709551615u, 4294967296u, "learning_rate", 0x1.ae22c43143e56p-2},
    {18446744073709551615u, 4294967296u, "a.b", 0x1.c8884156aac00p-11},
    {18446744073709551615u, 4294967296u, "größe", 0x1.ecc2a7fb8c34ep-2},
    {18446744073709551615u, 18446744073709551615u, "learning_rate", 0x1.ceca348ccc43ap-2},
    {18446744073709551615u, 18446744073709551615u, "a.b", 0x1.e7ba265c22018p-4},
    {18446744073709551615u, 18446744073709551615u, "größe", 0x1.b9e650ccea1bcp-3},
    {20261123u, 0u, "learning_rate", 0x1.7b63a17529f23p-1},
    {20261123u, 0u, "a.b", 0x1.eb62d99a3fa93p-1},
    {20261123u, 0u, "größe", 0x1.c04b32e84c02fp-1},
    {20261123u, 1u, "learning_rate", 0x1.99a24fca2f3b8p-4},
    {20261123u, 1u, "a.b", 0x1.794cacd74c57ap-2},
    {20261123u, 1u, "größe", 0x1.fc3f2c8805a43p-1},
    {20261123u, 4294967296u, "learning_rate", 0x1.d3fc559d99b5ep-2},
    {20261123u, 4294967296u, "a.b", 0x1.8c1380a76931bp-1},
    {20261123u, 4294967296u, "größe", 0x1.d3af81dc6a85cp-3},
    {20261123u, 18446744073709551615u, "learning_rate", 0x1.2d55db657cc63p-1},
    {20261123u, 18446744073709551615u, "a.b", 0x1.c6d9ea766af0fp-1},
    {20261123u, 18446744073709551615u, "größe", 0x1.977dd1155fba5p-1},
};

const std::vector<Parameter> kMixed = {
    {"choice", sweep::Categorical{{"a", 2, 2.5, nullptr}}},
    {"learning_rate", sweep::Continuous{"log_uniform_values", sweep::Family::kLogUniformValues, 1e-5, 1e-1}},
    {"momentum", sweep::Continuous{"uniform", sweep::Family::kUniform, 0.1, 0.99}},
    {"width", sweep::IntUniform{16, 1024}},
};

std::vector<Value> point_of(const RandomSampler& sampler, std::size_t dimensions, std::uint64_t index) {
  std::vector<Value> point(dimensions);
  sampler.point(index, point);
  return point;
}

// sqrt(n) times the largest distance between the shares below x and the identity (Kolmogorov, Smirnov).
double distance_to_uniform(std::vector<double> shares) {
  std::sort(shares.begin(), shares.end());
  const auto n = static_cast<double>(shares.size());
  double largest = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    largest = std::max(largest, static_cast<double>(i + 1) / n - shares[i]);
    largest = std::max(largest, shares[i] - static_cast<double>(i) / n);
  }
  return largest * std::sqrt(n);
}

constexpr double kCritical = 1.628;  // exceeded once in a hundred times
constexpr std::uint64_t kDraws = 50'000;

}  // namespace

TEST_CASE("a quantile is frozen as a function of seed, index and path") {
  for (const Golden& golden : kQuantiles) {
    INFO(golden.seed << " " << golden.index << " " << golden.path);
    CHECK(sweep::quantile(golden.seed, golden.index, sweep::path_key(golden.path)) == golden.u);
  }
}

TEST_CASE("points of a mixed space are frozen, to the last bit") {
  struct Row {
    std::uint64_t seed, index, choice;
    double learning_rate, momentum;
    std::int64_t width;
  };
  constexpr Row kRows[] = {
#include "tests/sweep/search/golden_points.inc"
  };
  const Space space(kMixed);
  for (const Row& row : kRows) {
    INFO(row.seed << " " << row.index);
    const std::vector<Value> point = point_of(RandomSampler(space, row.seed), 4, row.index);
    CHECK(point[0].choice == row.choice);
    CHECK(point[1].real == row.learning_rate);
    CHECK(point[2].real == row.momentum);
    CHECK(point[3].integer == row.width);
  }
}

TEST_CASE("a quantile lies strictly between 0 and 1") {
  CHECK((0 + 0.5) * 0x1p-52 > 0);
  CHECK((static_cast<double>((std::uint64_t{1} << 52) - 1) + 0.5) * 0x1p-52 < 1);
}

TEST_CASE("in a space that is not finite another parameter changes no draw of the first ones") {
  std::vector<Parameter> more = kMixed;
  more.insert(more.begin() + 1, {"dropout", sweep::Continuous{"uniform", sweep::Family::kUniform, 0, 1}});
  const Space space(kMixed), larger(more);
  const RandomSampler sampler(space, 7), larger_sampler(larger, 7);
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto config = space.config(point_of(sampler, 4, i));
    auto larger_config = larger.config(point_of(larger_sampler, 5, i));
    larger_config.erase("dropout");
    CHECK(config == larger_config);
  }
}

TEST_CASE("random search of a finite space visits every point once") {
  for (const std::int64_t n : {1, 2, 3, 7, 36, 1000}) {
    const Space space({{"a", sweep::IntUniform{0, n}}, {"b", sweep::Categorical{{"x", "y", "x"}}}});
    const RandomSampler sampler(space, 3);
    REQUIRE(sampler.size() == static_cast<std::uint64_t>(2 * (n + 1)));
    std::set<std::string> seen;
    for (std::uint64_t i = 0; i < *sampler.size(); ++i)
      seen.insert(core::canonical_json(space.config(point_of(sampler, 2, i))));
    CHECK(seen.size() == *sampler.size());
  }
}

TEST_CASE("a finite space with a q_uniform is drawn from, its rounded draws leave the grid, and they do not end") {
  // The grid has 0, 4 and 8; a draw may be 12, which the grid has not, and 0 comes half as often as 4.
  const Space space({{"a", sweep::Categorical{{"x", "y"}}},
                     {"b", sweep::Continuous{"q_uniform", sweep::Family::kUniform, 0, 11, sweep::Quantum{4, true}}}});
  REQUIRE(space.size() == 6);
  const RandomSampler sampler(space, 3);
  REQUIRE_FALSE(sampler.size().has_value());
  std::map<std::int64_t, int> seen;
  for (std::uint64_t i = 0; i < 1100; ++i) {
    const std::vector<Value> point = point_of(sampler, 2, i);
    ++seen[point[1].integer];
    CHECK(point[1].integer == space.dimensions()[1].at_quantile(sweep::quantile(3, i, sweep::path_key("b"))).integer);
  }
  REQUIRE(seen.size() == 4);
  CHECK(std::abs(seen[0] - 200) < 50);
  CHECK(std::abs(seen[4] - 400) < 60);
  CHECK(std::abs(seen[8] - 400) < 60);
  CHECK(std::abs(seen[12] - 100) < 40);
}

TEST_CASE("a nested parameter draws by its dotted name") {
  const Space nested({{"a.b", sweep::Continuous{"uniform", sweep::Family::kUniform, 0, 1}, 0, 0, {"a", "b"}}});
  const Space plain({{"a.b", sweep::Continuous{"uniform", sweep::Family::kUniform, 0, 1}}});
  for (std::uint64_t i = 0; i < 20; ++i)
    CHECK(point_of(RandomSampler(nested, 5), 1, i)[0].real == point_of(RandomSampler(plain, 5), 1, i)[0].real);
}

TEST_CASE("another seed is another order of a finite space") {
  const Space space({{"a", sweep::IntUniform{0, 999}}});
  const RandomSampler one(space, 1), two(space, 2);
  int same = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) same += point_of(one, 1, i)[0].integer == point_of(two, 1, i)[0].integer;
  CHECK(same < 10);
}

TEST_CASE("a finite space beyond 2^63 points is drawn from without end") {
  std::vector<Parameter> parameters;
  for (char c = 'a'; c < 'i'; ++c) parameters.push_back({std::string(1, c), sweep::IntUniform{1, 1000}});
  const Space space(parameters);
  const RandomSampler sampler(space, 0);
  CHECK_FALSE(sampler.size().has_value());
  for (const Value value : point_of(sampler, 8, ~std::uint64_t{0})) {
    CHECK(value.integer >= 1);
    CHECK(value.integer <= 1000);
  }
}

TEST_CASE("draws follow their distributions") {
  const Space space(kMixed);
  for (const std::uint64_t seed : {0u, 1u, 20261123u}) {
    const RandomSampler sampler(space, seed);
    std::vector<double> rates, momenta, widths;
    std::vector<double> counts(4);
    for (std::uint64_t i = 0; i < kDraws; ++i) {
      const std::vector<Value> point = point_of(sampler, 4, i);
      ++counts[point[0].choice];
      rates.push_back((std::log(point[1].real) - std::log(1e-5)) / (std::log(1e-1) - std::log(1e-5)));
      momenta.push_back((point[2].real - 0.1) / (0.99 - 0.1));
      widths.push_back((static_cast<double>(point[3].integer) - 15.5) / 1009.0);
    }
    INFO("seed " << seed);
    CHECK(distance_to_uniform(rates) < kCritical);
    CHECK(distance_to_uniform(momenta) < kCritical);
    CHECK(distance_to_uniform(widths) < kCritical);
    double chi_squared = 0;
    for (const double count : counts) chi_squared += (count - kDraws / 4.0) * (count - kDraws / 4.0) / (kDraws / 4.0);
    CHECK(chi_squared < 11.34);  // 1 % at three degrees of freedom
  }
}

TEST_CASE("neighbouring trials and parameters are not correlated") {
  const sweep::PathKey a = sweep::path_key("a"), b = sweep::path_key("b");
  double trials = 0, parameters = 0;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = sweep::quantile(0, i, a) - 0.5;
    trials += u * (sweep::quantile(0, i + 1, a) - 0.5);
    parameters += u * (sweep::quantile(0, i, b) - 0.5);
  }
  const double three_sigmas = 3.0 / 12.0 * std::sqrt(static_cast<double>(kDraws));
  CHECK(std::abs(trials) < three_sigmas);
  CHECK(std::abs(parameters) < three_sigmas);
}
