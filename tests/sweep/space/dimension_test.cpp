// What a quantile means for each distribution: the tables of the language, limits, rounding, values that would
// overflow.
#include "sweep/space/dimension.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "sweep/space/space.h"
#include "tests/catch.h"
#include "tests/sweep/every_distribution.h"

using sweep::continuous;
using sweep::Dimension;
using sweep::Distribution;
using sweep::Quantum;
using enum sweep::Family;

namespace {

using core::Json;

constexpr double kQuantiles[] = {.05, .25, .5, .75, .95, .999};
constexpr double kFirst = 0x1p-53, kLast = 1 - 0x1p-53;  // of the numbers that a search draws
constexpr double kLargest = std::numeric_limits<double>::max();

Json at(const Distribution& distribution, double u) {
  const Dimension dimension({"x", distribution});
  return dimension.json(dimension.at_quantile(u));
}

double real_at(const Distribution& distribution, double u) { return at(distribution, u).get<double>(); }

// The values at the quantiles of the tables, to six digits.
std::string table(const Distribution& distribution) {
  std::string text;
  for (const double u : kQuantiles) text += fmt::format("{}{:.6g}", text.empty() ? "" : " ", real_at(distribution, u));
  return text;
}

std::string texts(const Distribution& distribution, std::initializer_list<double> quantiles) {
  std::string text;
  for (const double u : quantiles) text += (text.empty() ? "" : " ") + core::canonical_json(at(distribution, u));
  return text;
}

}  // namespace

TEST_CASE("each distribution has the quantiles of its table, to six digits") {
  CHECK(table(continuous("log_uniform_values", kLogUniformValues, 1e-5, 1e-1)) ==
        "1.58489e-05 0.0001 0.001 0.01 0.0630957 0.0990832");
  CHECK(table(continuous("normal", kNormal, 4, 2)) == "0.710293 2.65102 4 5.34898 7.28971 10.1805");
  CHECK(table(continuous("log_normal", kLogNormal, 2, 3)) == "0.0531541 0.976804 7.38906 55.8947 1027.17 78487.7");
  CHECK(table(continuous("beta", kBeta, 2, 5)) == "0.0628499 0.161163 0.26445 0.389479 0.581803 0.818614");
  CHECK(table(continuous("q_log_uniform_values", kLogUniformValues, 32, 256, Quantum{8})) == "32 56 88 152 232 256");
  CHECK(table(continuous("q_uniform", kUniform, 0, 100, Quantum{10})) == "0 20 50 80 100 100");
  CHECK(table(sweep::IntUniform{1, 10}) == "1 3 5 8 10 10");
}

TEST_CASE("the inverse spellings have the same quantiles, and log_uniform takes exponents") {
  for (const double u : {kFirst, .05, .3, .999, kLast}) {
    CHECK(at(continuous("inv_log_uniform_values", kLogUniformValues, 1e-5, 1e-1), u) ==
          at(continuous("log_uniform_values", kLogUniformValues, 1e-5, 1e-1), u));
    CHECK(real_at(continuous("log_uniform", kLogUniform, std::log(1e-5), std::log(1e-1)), u) ==
          Approx(real_at(continuous("log_uniform_values", kLogUniformValues, 1e-5, 1e-1), u)).epsilon(1e-14));
  }
}

TEST_CASE("int_uniform includes both ends") {
  CHECK(texts(sweep::IntUniform{1, 10}, {kFirst, 0.1 - 0x1p-56, 0.1, kLast}) == "1 1 2 10");
}

TEST_CASE("int_uniform reaches both ends of all 64 bits") {
  using Limits = std::numeric_limits<std::int64_t>;
  const Dimension dimension({"n", sweep::IntUniform{Limits::min(), Limits::max()}});
  CHECK(dimension.at_quantile(0x1p-1074).integer == Limits::min());
  CHECK(dimension.at_quantile(0x1p-53).integer == Limits::min() + 2047);
  CHECK(dimension.at_quantile(0.5).integer == -1);
  CHECK(dimension.at_quantile(1 - 0x1p-53).integer == Limits::max() - 2048);
}

TEST_CASE("uniform is a straight line that never leaves its range") {
  CHECK(real_at(continuous("uniform", kUniform, -1, 3), 0.25) == 0);
  CHECK(real_at(continuous("uniform", kUniform, 0.1, 0.7), 0.5) == 0.1 + 0.5 * (0.7 - 0.1));
  for (const double max : {0.1 + 0x1p-56, 0.3, 1.1, 1e300}) {
    CHECK(real_at(continuous("uniform", kUniform, 0.1, max), kLast) <= max);
    CHECK(real_at(continuous("uniform", kUniform, 0.1, max), kFirst) >= 0.1);
  }
}

TEST_CASE("log-uniform draws are clamped to their range") {
  for (const double max : {1e-1, 3.0, 7e22}) {
    CHECK(real_at(continuous("log_uniform_values", kLogUniformValues, 1e-5, max), kLast) <= max);
    CHECK(real_at(continuous("log_uniform_values", kLogUniformValues, 1e-5, max), 0x1p-1074) >= 1e-5);
  }
  CHECK(real_at(continuous("log_uniform", kLogUniform, 0, 709), kFirst) >= 1.0);
  CHECK(real_at(continuous("log_uniform", kLogUniform, 0, 5000), kLast) == kLargest);
}

TEST_CASE("categorical gives every value its share, and mixed types keep theirs") {
  const Dimension dimension({"v", sweep::Categorical{{1, 1.0, "1", true, nullptr, Json::array({1, 2})}}});
  const std::vector<std::string> expected = {"1", "1.0", "\"1\"", "true", "null", "[1,2]"};
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(core::canonical_json(dimension.json(dimension.at_quantile((static_cast<double>(i) + 0.01) / 6))) ==
          expected[i]);
    CHECK(core::canonical_json(dimension.json(dimension.at_quantile((static_cast<double>(i) + 0.99) / 6))) ==
          expected[i]);
  }
}

TEST_CASE("a share of a count is exact where doubles would round") {
  CHECK(sweep::floor_of_product(1 - 0x1p-53, 3) == 2);
  CHECK(sweep::floor_of_product(1 - 0x1p-53, std::uint64_t{1} << 53) == (std::uint64_t{1} << 53) - 1);
  CHECK(sweep::floor_of_product(0.5, 7) == 3);
  CHECK(sweep::floor_of_product(0x1p-1074, ~std::uint64_t{0}) == 0);
  CHECK(sweep::ceil_of_product(0.5, 6) == 3);
  CHECK(sweep::ceil_of_product(0.5, 7) == 4);
  CHECK(sweep::ceil_of_product(0x1p-1074, 7) == 1);
  CHECK(sweep::ceil_of_product(0.5, sweep::WideCount{1} << 64) == sweep::WideCount{1} << 63);
}

TEST_CASE("probabilities give the first value whose sum exceeds the quantile, and a probability of 0 gives none") {
  const Distribution weighted = sweep::Categorical{{"never", "a", "b", "no", "c", "none"}, {0, 0.25, 0.5, 0, 0.25, 0}};
  CHECK(texts(weighted, {kFirst, 0.25 - 0x1p-53, 0.25, 0.75 - 0x1p-53, 0.75, kLast}) == R"("a" "a" "b" "b" "c" "c")");
}

TEST_CASE("where rounding leaves the sum of probabilities below a quantile the last possible value is drawn") {
  // Ten times 0.1 add up to 1 − 2^-53, which is the largest quantile.
  CHECK(at(sweep::Categorical{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, std::vector<double>(10, 0.1)}, kLast) == 9);
  CHECK(texts(sweep::Categorical{{"a", "b", "c"}, {0.499996, 0.499996, 0}}, {0.999999, kLast}) == R"("b" "b")");
  CHECK(at(sweep::Categorical{{"a", "b"}, {0.500004, 0.500004}}, kLast) == "b");
}

TEST_CASE(
    "a quantised value is a multiple, halves go to the even one, and it is an integer where q is written as one") {
  CHECK(texts(continuous("q_uniform", kUniform, 0, 8, Quantum{2, true}), {0.125, 0.375, 0.374, 0.625, kLast}) ==
        "0 4 2 4 8");
  CHECK(texts(continuous("q_uniform", kUniform, 0, 8, Quantum{2, false}), {0.125, 0.375, 0.374, 0.625, kLast}) ==
        "0.0 4.0 2.0 4.0 8.0");
  CHECK(texts(continuous("q_uniform", kUniform, 0, 1, Quantum{0.1}), {0.34, 0.36}) == "0.30000000000000004 0.4");
}

TEST_CASE("a quantised value may leave its range, and rounds to no negative zero") {
  CHECK(texts(continuous("q_uniform", kUniform, 3, 7, Quantum{5, true}), {kFirst, kLast}) == "5 5");
  CHECK(texts(continuous("q_uniform", kUniform, 1, 9, Quantum{10, true}), {kFirst, kLast}) == "0 10");
  CHECK(texts(continuous("q_normal", kNormal, -0.1, 0.1, Quantum{}), {0.3, 0.5}) == "0.0 0.0");
  CHECK(texts(continuous("q_uniform", kUniform, -0.9, 0.1, Quantum{2, true}), {kFirst, kLast}) == "0 0");
}

TEST_CASE("every quantised draw is a multiple of q") {
  for (const double q : {0.1, 0.05, 0.7, 1.0, 3.0, 1e-5}) {
    for (const auto& [family, first, second] : {std::tuple{kUniform, -3.0, 11.0},
                                                {kLogUniform, -2.0, 5.0},
                                                {kLogUniformValues, 0.01, 900.0},
                                                {kNormal, 1.0, 40.0},
                                                {kLogNormal, 1.0, 2.0},
                                                {kBeta, 0.5, 3.0}}) {
      const Distribution real = continuous("q_…", family, first, second, Quantum{q});
      for (int i = 0; i < 1000; ++i) {
        const double x = real_at(real, (i + 0.5) / 1000);
        REQUIRE(x == std::nearbyint(x / q) * q);
      }
    }
  }
  const Dimension whole({"x", continuous("q_normal", kNormal, 0, 1e6, Quantum{7, true})});
  for (int i = 0; i < 1000; ++i) REQUIRE(whole.at_quantile((i + 0.5) / 1000).integer % 7 == 0);
}

TEST_CASE("integers saturate at the last multiple that 64 bits hold") {
  const Distribution steep = continuous("q_log_normal", kLogNormal, 0, 1e4, Quantum{10, true});
  CHECK(at(steep, 0.99) == 9223372036854775800);
  CHECK(at(continuous("q_normal", kNormal, 0, 1e300, Quantum{10, true}), 0.01) == -9223372036854775800);
  CHECK(at(continuous("q_normal", kNormal, 0, 1e300, Quantum{1, true}), 0.99) ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(at(continuous("q_normal", kNormal, 0, 1e300, Quantum{0x1p62, true}), 0.99) == 0x1p62);
  // A step that is no 64-bit integer itself is a float, however it was written.
  CHECK(at(continuous("q_normal", kNormal, 0, 1e20, Quantum{1e20, true}), 0.9) == 1e20);
}

TEST_CASE("sigma 0 is the constant") {
  for (const double u : {kFirst, 0.3, kLast}) {
    CHECK(real_at(continuous("normal", kNormal, 0.1, 0), u) == 0.1);
    CHECK(core::canonical_json(at(continuous("normal", kNormal, -0.0, 0), u)) == "-0.0");
    CHECK(real_at(continuous("log_normal", kLogNormal, 0, 0), u) == 1);
    CHECK(at(continuous("q_normal", kNormal, 7, 0, Quantum{2, true}), u) == 8);
  }
}

TEST_CASE("what would overflow becomes the largest double, never an infinity") {
  CHECK(real_at(continuous("log_normal", kLogNormal, 0, 1e4), kLast) == kLargest);
  CHECK(real_at(continuous("log_normal", kLogNormal, 0, 1e4), kFirst) == 0);
  CHECK(real_at(continuous("normal", kNormal, 1e308, 1e308), kLast) == kLargest);
  CHECK(real_at(continuous("normal", kNormal, -1e308, 1e308), kFirst) == -kLargest);
  CHECK(real_at(continuous("q_log_normal", kLogNormal, 0, 1e4, Quantum{1e308}), kLast) == 1e308);
  CHECK(real_at(continuous("q_log_normal", kLogNormal, 0, 1e4, Quantum{1e-5}), kLast) == kLargest);
  CHECK(real_at(continuous("q_normal", kNormal, 0, 1e308, Quantum{1e308}), kFirst) == -1e308);
}

TEST_CASE("a beta draw lies between 0 and 1 for every a and b") {
  for (const double a : {1e-300, 0.1, 1.0, 1e9, 1e300})
    for (const double b : {1e-300, 0.1, 1.0, 1e9, 1e300})
      for (const double u : {kFirst, 0.5, kLast}) {
        const double x = real_at(continuous("beta", kBeta, a, b), u);
        CHECK((x >= 0 && x <= 1));
      }
}
