// Twenty thousand draws of each distribution against its exact share below x, after Kolmogorov and Smirnov.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "sweep/search/random.h"
#include "tests/catch.h"
#include "tests/sweep/every_distribution.h"

namespace {

using sweep::Dimension;

constexpr std::uint64_t kDraws = 20'000;
constexpr double kCritical = 1.628;  // exceeded once in a hundred times; the seed is fixed, so the test never wavers

using Share = std::function<double(double)>;  // of all draws, below x

Share uniform(double min, double max) {
  return [=](double x) { return std::clamp((x - min) / (max - min), 0.0, 1.0); };
}
Share of_logarithm(Share share) {
  return [=](double x) { return x > 0 ? share(std::log(x)) : 0.0; };
}
Share normal(double mu, double sigma) {
  return [=](double x) { return std::erfc((mu - x) / (sigma * std::sqrt(2.0))) / 2; };
}
Share weighted(std::vector<double> probabilities) {
  return [=](double x) {
    double sum = 0;
    for (std::size_t i = 0; i < probabilities.size() && static_cast<double>(i) < x; ++i) sum += probabilities[i];
    return sum;
  };
}

// At least a successes in a + b − 1 trials. Requires: whole a, b.
double beta_of_integers(double a, double b, double x) {
  const double n = a + b - 1;
  double term =
      std::exp(std::lgamma(n + 1) - std::lgamma(a + 1) - std::lgamma(b) + a * std::log(x) + (b - 1) * std::log1p(-x));
  double sum = 0;
  for (double k = a; k <= n; ++k) {
    sum += term;
    term *= (n - k) / (k + 1) * x / (1 - x);
  }
  return sum;
}

// The power series at 0, or at 1. Requires: a, b ≤ 1.
double beta_of_fractions(double a, double b, double x) {
  if (x > 0.5) return 1 - beta_of_fractions(b, a, 1 - x);
  double sum = 0, term = 1;
  for (int n = 0; n < 80; ++n) {
    sum += term / (a + n);
    term *= (1 - b + n) / (n + 1) * x;
  }
  return sum * std::pow(x, a) * std::tgamma(a + b) / (std::tgamma(a) * std::tgamma(b));
}

Share beta(double a, double b) {
  return [=](double x) {
    if (x <= 0 || x >= 1) return x <= 0 ? 0.0 : 1.0;
    return a < 1 ? beta_of_fractions(a, b, x) : beta_of_integers(a, b, x);
  };
}

// sqrt(n) times the largest distance between drawn and exact shares. Draws that are multiples of `step` each stand for
// what lies nearer to them than to others.
double distance(std::vector<double> draws, const Share& share, double step) {
  std::sort(draws.begin(), draws.end());
  const auto n = static_cast<double>(draws.size());
  double largest = 0;
  for (auto first = draws.begin(); first != draws.end();) {
    const auto last = std::upper_bound(first, draws.end(), *first);
    largest = std::max(largest, std::abs(static_cast<double>(first - draws.begin()) / n - share(*first - step / 2)));
    largest = std::max(largest, std::abs(static_cast<double>(last - draws.begin()) / n - share(*first + step / 2)));
    first = last;
  }
  return largest * std::sqrt(n);
}

struct Expected {
  const char* parameter;
  Share share;
  double step;
};

const std::vector<Expected>& expected() {
  static const std::vector<Expected> table = {
      {"categorical", weighted({0.25, 0.25, 0.25, 0.25}), 1},
      {"weighted", weighted({0.2, 0.0, 0.5, 0.3}), 1},
      {"int_uniform", uniform(15.5, 1024.5), 1},
      {"wide", uniform(-0x1p63, 0x1p63), 0},
      {"uniform", uniform(0.1, 0.99), 0},
      {"q_uniform", uniform(-1, 1), 0.1},
      {"q_uniform_integer", uniform(0, 1000), 7},
      {"log_uniform", of_logarithm(uniform(-11.5, -2.3)), 0},
      {"inv_log_uniform", of_logarithm(uniform(-11.5, -2.3)), 0},
      {"q_log_uniform", of_logarithm(uniform(0, 10)), 1},
      {"log_uniform_values", of_logarithm(uniform(std::log(1e-5), std::log(1e-1))), 0},
      {"inv_log_uniform_values", of_logarithm(uniform(std::log(1e-5), std::log(1e-1))), 0},
      {"q_log_uniform_values", of_logarithm(uniform(std::log(32), std::log(256))), 8},
      {"normal", normal(4, 2), 0},
      {"q_normal", normal(0, 100), 0.5},
      {"log_normal", of_logarithm(normal(2, 3)), 0},
      {"q_log_normal", of_logarithm(normal(2, 3)), 10},
      {"beta", beta(2, 5), 0},
      {"beta_steep", beta(0.1, 0.3), 0},
      {"beta_narrow", beta(300, 700), 0},
      {"q_beta", beta(2, 5), 0.05},
  };
  return table;
}

// A value as a number; a choice as its index.
double number(const Dimension& dimension, const sweep::Value& value, bool choice) {
  return choice ? static_cast<double>(value.choice) : dimension.json(value).get<double>();
}

std::vector<double> draw(const sweep::Parameter& parameter, std::uint64_t seed) {
  const Dimension dimension(parameter);
  const sweep::PathKey key = sweep::path_key(parameter.name);
  const bool choice = std::holds_alternative<sweep::Categorical>(parameter.distribution);
  std::vector<double> draws;
  for (std::uint64_t i = 0; i < kDraws; ++i)
    draws.push_back(number(dimension, dimension.at_quantile(sweep::quantile(seed, i, key)), choice));
  return draws;
}

}  // namespace

TEST_CASE("twenty thousand draws of every distribution follow it") {
  const std::vector<sweep::Parameter> parameters = sweep::every_distribution();
  REQUIRE(parameters.size() == expected().size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    REQUIRE(parameters[i].name == expected()[i].parameter);
    INFO(parameters[i].name);
    CHECK(distance(draw(parameters[i], 20261126), expected()[i].share, expected()[i].step) < kCritical);
  }
}

TEST_CASE("the test of a distribution finds another one") {
  const sweep::Parameter parameter{"normal", sweep::continuous("normal", sweep::Family::kNormal, 4, 2)};
  CHECK(distance(draw(parameter, 20261126), normal(4, 2.1), 0) > kCritical);
  CHECK(distance(draw(parameter, 20261126), normal(4.05, 2), 0) > kCritical);
  const sweep::Parameter steps{"q",
                               sweep::continuous("q_uniform", sweep::Family::kUniform, -1, 1, sweep::Quantum{0.1})};
  CHECK(distance(draw(steps, 20261126), uniform(-1.05, 1.05), 0.1) > kCritical);
}

TEST_CASE("a value of probability 0 is never drawn") {
  const sweep::Parameter parameter{"v", sweep::Categorical{{0, 1, 2, 3, 4}, {0, 0.3, 0, 0.7, 0}}};
  std::array<int, 5> counts{};
  for (const double choice : draw(parameter, 1)) ++counts[static_cast<std::size_t>(choice)];
  CHECK(counts[0] + counts[2] + counts[4] == 0);
  CHECK(counts[1] + counts[3] == kDraws);
}
