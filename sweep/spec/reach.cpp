// See reach.h. The numbers decide whether a file is refused, never what a trial gets.
#include "sweep/spec/reach.h"

#include <algorithm>
#include <cmath>

namespace sweep {
namespace {

constexpr double kRare = 1e-6;
constexpr double kRareNormal = 4.753424;  // quantile of the standard normal distribution at 1 − kRare

// The point above which Beta(a, b) has at most kRare of its mass, by the bound
// P(X > x) ≤ (1−x)^b / (b·B(a,b)) · max(1, x^(a−1)).
double beta_end(double a, double b) {
  const double log_beta = std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b);
  const auto rare_above = [&](double x) {
    const double scale = std::max(0.0, (a - 1) * std::log(x));
    return b * std::log1p(-x) - std::log(b) - log_beta + scale <= std::log(kRare);
  };
  double low = 0.5, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (rare_above(middle) ? high : low) = middle;
  }
  return high;
}

Reach of_family(const Continuous& range) {
  const double a = range.first, b = range.second;
  switch (range.family) {
    case Family::kUniform:
    case Family::kLogUniformValues:
      return {.low = a, .high = b, .bounds = true};
    case Family::kLogUniform:
      return {.low = std::exp(a), .high = std::exp(b)};
    case Family::kNormal:
      return {.low = a - kRareNormal * b, .high = a + kRareNormal * b};
    case Family::kLogNormal:
      return {.low = std::exp(a - kRareNormal * b), .high = std::exp(a + kRareNormal * b)};
    case Family::kBeta:
      return {.low = 1 - beta_end(b, a), .high = beta_end(a, b)};
  }
  return {};
}

}  // namespace

std::optional<Reach> reach_of(const Distribution& distribution) {
  if (const auto* range = std::get_if<IntUniform>(&distribution))
    return Reach{static_cast<double>(range->min), static_cast<double>(range->max), true, true};
  const auto* range = std::get_if<Continuous>(&distribution);
  if (!range) return std::nullopt;
  Reach reach = of_family(*range);
  if (range->quantum) {
    const double step = range->quantum->step;
    reach.low = std::nearbyint(reach.low / step) * step;
    reach.high = std::nearbyint(reach.high / step) * step;
    reach.whole = step == std::floor(step);
    reach.bounds = false;
  }
  return reach;
}

}  // namespace sweep
