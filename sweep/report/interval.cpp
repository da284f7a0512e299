// See interval.h.
#include "sweep/report/interval.h"

#include "core/math_beta.h"

namespace sweep {
namespace {

constexpr double kConfidence = 0.95;
// Student's t at that confidence lies between these, whatever the degrees of freedom, of which there is one at least.
constexpr double kLeastT = 1.9599, kMostT = 12.7063;

// That t which |T| exceeds with a probability of 5 %: T² / (T² + f) is distributed as Beta(1/2, f/2).
double student_t(double degrees_of_freedom) {
  const double x = core::portable::BetaQuantile(0.5, degrees_of_freedom / 2)(kConfidence);
  return core::portable::sqrt(degrees_of_freedom * x / (1 - x));
}

// The variance of the mean. Requires: a deviation.
double variance_of_mean(const Spread& spread) {
  return *spread.deviation * *spread.deviation / static_cast<double>(spread.n);
}

}  // namespace

std::optional<double> half_width(const Spread& spread) {
  if (!spread.deviation) return std::nullopt;
  return student_t(static_cast<double>(spread.n) - 1) * core::portable::sqrt(variance_of_mean(spread));
}

std::optional<bool> tells_apart(const Spread& a, const Spread& b) {
  if (!a.deviation || !b.deviation) return std::nullopt;
  const double difference = core::portable::abs(a.mean - b.mean);
  const double of_a = variance_of_mean(a), of_b = variance_of_mean(b), sum = of_a + of_b;
  if (!(sum > 0)) return difference > 0;
  const double t = difference / core::portable::sqrt(sum);
  if (t <= kLeastT || t > kMostT) return t > kMostT;  // a quantile takes time, and there may be many rows
  // Welch and Satterthwaite's degrees of freedom.
  const double share = of_a / sum, rest = of_b / sum;
  const double freedom =
      1 / (share * share / (static_cast<double>(a.n) - 1) + rest * rest / (static_cast<double>(b.n) - 1));
  return t > student_t(freedom);
}

}  // namespace sweep
