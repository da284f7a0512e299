// The Beta quantile in portable arithmetic: for the sampler (sweep/space/). Host only, one number at a time.
// The same rules as core/math_double.h, hence the same bits from every compiler, optimisation level and machine.
//
// The smaller of x and 1 − x is found by Newton's method on the logarithm of the probability, over ln x: so a quantile
// of 1e-150 has as many digits as one of 0.3. Density and constants are in Loader's form, in which nothing large
// cancels. Source: Didonato, Morris, "Significant digit computation of the incomplete beta function ratios" (1992), for
// the continued fraction; Loader, "Fast and accurate computation of binomial probabilities" (2000), for the deviance;
// Barndorff-Nielsen's r*, as in Temme, "Asymptotic inversion of the incomplete beta function" (1992), for large a and
// b.
#pragma once

#include "core/math_normal.h"

namespace core {
inline namespace SWEEP_ISA {
namespace portable {

/// e − ln(1 + e), without loss near 0. Requires: e > −1.
inline double log_deviance(double e) {
  if (!(e >= -0.34 && e <= 0.5)) return e - log(1.0 + e);
  // ln(1 + e) = 2 artanh(s) with s = e / (2 + e), and e − 2s = e·s.
  const double s = e / (2.0 + e);
  const double z = s * s;
  double sum = 0.0;
  for (int i = 27; i >= 3; i -= 2) sum = fma(sum, z, 1.0 / static_cast<double>(i));
  return e * s - 2.0 * s * z * sum;
}

/// ln Γ(x) − ((x − ½) ln x − x + ½ ln 2π): what Stirling's formula lacks. Requires: x > 0.
inline double stirling_remainder(double x) {
  double below = 0.0;
  for (; x < 10.0; x += 1.0) {
    // From x to x + 1 the remainder falls by (x + ½) ln(1 + 1/x) − 1.
    const double e = 1.0 / x;
    below += x < 2.0 ? (x + 0.5) * (log(1.0 + x) - log(x)) - 1.0 : fma(-(x + 0.5), log_deviance(e), 0.5 * e);
  }
  const double r = 1.0 / x;
  const double z = r * r;
  double sum = -3617.0 / 122400.0;
  sum = fma(sum, z, 1.0 / 156.0);
  sum = fma(sum, z, -691.0 / 360360.0);
  sum = fma(sum, z, 1.0 / 1188.0);
  sum = fma(sum, z, -1.0 / 1680.0);
  sum = fma(sum, z, 1.0 / 1260.0);
  sum = fma(sum, z, -1.0 / 360.0);
  sum = fma(sum, z, 1.0 / 12.0);
  return fma(sum, r, below);
}

/// The quantile function of Beta(a, b), prepared for many draws.
class BetaQuantile {
 public:
  /// Requires: a > 0, b > 0, both finite.
  BetaQuantile(double a, double b) : a_(a), b_(b), total_(a + b) {
    log_scale_ = 0.5 * (log(a) + log(b) - log(total_) - kLogTwoPi) + stirling_remainder(total_) -
                 (stirling_remainder(a) + stirling_remainder(b));
  }

  /// The x below which a share u of all draws lies. Requires: 0 < u < 1. Returns: a number in [0, 1] for every a and b;
  /// 0 or 1 themselves where no other double comes as near (a or b below 0.05).
  /// Accuracy, measured against 60 digits at u = (k + ½)·2^-52: relative error ≤ 2e-13 for a, b from 0.1 to 1000 (the
  /// largest at a = 0.1 and quantiles around 1e-150), ≤ 1e-14 for a, b ≥ 1, ≤ 1e-15 where both exceed 10,000. Below 0.1
  /// it grows as 1/a. A quantile near 1 is as good as doubles near 1 are.
  double operator()(double u) const {
    const double smaller = a_ < b_ ? a_ : b_;
    if (smaller > kPointMass) return 1.0 / (1.0 + b_ / a_);
    if (smaller > kLarge) {
      const double z = normal_quantile(u);
      return a_ < b_ ? asymptotic(a_, b_, z) : 1.0 - asymptotic(b_, a_, -z);
    }
    const Side left{a_, b_, u, 1.0 - u};
    // Whichever of x and 1 − x is at most one half keeps its digits.
    if (step(left, 0.5).excess >= 0.0) return solve(left);
    return 1.0 - solve(Side{b_, a_, 1.0 - u, u});
  }

 private:
  static constexpr double kLogTwoPi = 0x1.d67f1c864beb5p+0;
  static constexpr double kLarge = 1e7;       // from here on the continued fraction is long, the asymptotic form exact
  static constexpr double kPointMass = 1e33;  // from here on all draws agree to the last bit
  // Never reached for a and b from 0.1 to 1000, where 12 steps and 422 terms are the most: 2 µs a draw on average.
  static constexpr int kMostSteps = 80;
  static constexpr int kMostTerms = 20000;

  /// What is sought: t with share p of Beta(a, b) below it and q above it.
  struct Side {
    double a, b, p, q;
  };
  /// At some t: whether too much lies below it (excess > 0), and how far to go along ln t.
  struct Step {
    double excess, newton;
  };

  /// The continued fraction of I_x(a, b) without its factor x^a (1−x)^b / B(a, b). `lambda` = a − (a + b)·x ≥ 0.
  static double fraction(double a, double b, double x, double lambda) {
    double beta = a / (a + 1.0) * (lambda + 1.0);
    double c = beta, d = 0.0, value = beta;
    for (int i = 1; i < kMostTerms; ++i) {
      const double n = static_cast<double>(i);
      const double below = a + 2.0 * n - 1.0;
      const double alpha = (a + n - 1.0) / below * ((a + b + n - 1.0) * x) / below * n * ((b - n) * x);
      beta = n + n * ((b - n) * x) / below + (a + n) / (below + 2.0) * (lambda + 1.0 + n * (2.0 - x));
      d = 1.0 / fma(alpha, d, beta);
      c = beta + alpha / c;
      const double change = c * d;
      value *= change;
      if (abs(change - 1.0) <= 0x1p-51) break;
    }
    return 1.0 / value;
  }

  /// a·ln(a / (N x)) + b·ln(b / (N (1 − x))) ≥ 0 with N = a + b and lambda = a − N·x: how unlikely x is.
  static double deviance(double a, double b, double ratio, double lambda) {
    const double e = -lambda / a;
    const double left = e < -0.34 ? e - log(ratio) : log_deviance(e);
    return fma(a, left, b * log_deviance(lambda / b));
  }

  Step step(const Side& side, double t) const {
    const double lambda = -fma(total_, t, -side.a);
    const double log_density = log_scale_ - deviance(side.a, side.b, total_ * t / side.a, lambda);
    if (lambda >= 0.0) {
      const double share = fraction(side.a, side.b, t, lambda);
      const double excess = log_density + log(share) - log(side.p);
      return {excess, -excess * share * (1.0 - t)};
    }
    const double share = fraction(side.b, side.a, 1.0 - t, -lambda);
    const double excess = log(side.q) - (log_density + log(share));
    return {excess, -excess * share * (1.0 - t)};
  }

  /// Where to begin: the power that the distribution follows near 0, or a normal distribution of ln(t / (1 − t)).
  double first_guess(const Side& side) const {
    const double log_odds = log(side.a) - log(side.b);
    if (side.a >= 1.0 && side.b >= 1.0) {
      const double z = side.p < side.q ? normal_quantile(side.p) : -normal_quantile(side.q);
      return 1.0 / (1.0 + exp(-(log_odds + z * sqrt(1.0 / side.a + 1.0 / side.b))));
    }
    const double log_beta = side.a * (log(side.a) - log(total_)) + side.b * (log(side.b) - log(total_)) - log_scale_;
    return exp((log(side.p) + log(side.a) + log_beta) / side.a);
  }

  /// Requires: t ≤ ½.
  double solve(const Side& side) const {
    double low = 0.0, high = 0.5;
    double t = first_guess(side);
    if (t == 0.0) return 0.0;
    if (!(t < high)) t = high;
    for (int i = 0; i < kMostSteps; ++i) {
      const Step here = step(side, t);
      if (here.excess > 0.0)
        high = t;
      else
        low = t;
      const double next = t * exp(here.newton);
      // Newton's method doubles the digits: after a step so small nothing is left but rounding.
      if (abs(here.newton) <= 1e-10) return next < 0.5 ? next : 0.5;
      t = next > low && next < high ? next : between(low, high);
      if (t <= low || t >= high) break;
    }
    return t;
  }

  /// Half the way along the logarithm, but from 0 down by leaps.
  static double between(double low, double high) { return low > 0.0 ? sqrt(low) * sqrt(high) : high * 0x1p-64; }

  /// For large a ≤ b: Φ(r*) is the share below x, r* = r + ln(v / r) / r, to a relative 1/N² and better.
  double asymptotic(double a, double b, double z) const {
    const double centre = 1.0 / (1.0 + b / a);
    const double scale = sqrt(a) * sqrt(b) / sqrt(total_);
    double log_odds = log(a) - log(b) + z / scale;
    double x = centre;
    for (int i = 0; i < 8; ++i) {
      x = 1.0 / (1.0 + exp(-log_odds));
      const double left = (x - centre) / centre, right = (centre - x) / (1.0 - centre);
      const double size = sqrt(2.0 * fma(a, log_deviance(left), b * log_deviance(right)));
      const double r = left < 0.0 ? -size : size;
      const double v = (total_ / scale) * (x - centre);
      const double bend = size > 1e-3 ? log(v / r) / r : (b - a) / (3.0 * sqrt(total_) * sqrt(a) * sqrt(b));
      log_odds += (z - r - bend) / scale;
    }
    return x;
  }

  double a_, b_, total_;
  double log_scale_;  // of the density at its mean, in ln(x / (1 − x))
};

/// The x below which a share u of Beta(a, b) lies. Requires: 0 < u < 1; a > 0, b > 0, both finite. For many draws of
/// one distribution make the BetaQuantile once.
inline double beta_quantile(double u, double a, double b) { return BetaQuantile(a, b)(u); }

}  // namespace portable
}  // namespace SWEEP_ISA
}  // namespace core
