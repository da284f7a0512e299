// What the functions of core/math_float.h are held against: libm in a wider type, and the error that is allowed.
// Callers: math_float_test.cpp (long double, a stride of all floats), bench/math_accuracy.cpp (double, all of them).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/math_angle.h"
#include "core/math_float.h"

namespace reference {

template <class Real>
struct Function {
  const char* name;
  float (*portable)(float);
  Real (*wide)(Real);
  double max_ulp;   ///< the promise, in units of the last place of the true result
  double min_unit;  ///< the unit is never smaller than this
};

template <class Real>
Real normal_below(Real x) {
  return Real(0.5) * std::erfc(-x * Real(0.70710678118654752440084436210484903928L));
}

template <class Real>
Real sigmoid(Real x) {
  const Real e = std::exp(-std::abs(x));
  return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/// −0 at −infinity: the limit, where the formula would give NaN.
template <class Real>
Real gelu(Real x) {
  return x == -std::numeric_limits<Real>::infinity() ? -Real(0) : x * normal_below(x);
}

template <class Real>
Real gelu_derivative(Real x) {
  if (std::isinf(x)) return x < 0 ? Real(0) : Real(1);
  return normal_below(x) + x * std::exp(-x * x / 2) * Real(0.39894228040143267793994605993438186848L);
}

template <class Real>
inline constexpr std::array<Function<Real>, 8> kFunctions{{
    {"exp", [](float x) { return core::portable::exp(x); }, [](Real x) { return std::exp(x); }, 0.8, 0},
    {"log", [](float x) { return core::portable::log(x); }, [](Real x) { return std::log(x); }, 0.9, 0},
    {"tanh", [](float x) { return core::portable::tanh(x); }, [](Real x) { return std::tanh(x); }, 1.4, 0},
    {"sigmoid", [](float x) { return core::portable::sigmoid(x); }, sigmoid<Real>, 2.0, 0},
    {"gelu", [](float x) { return core::portable::gelu(x); }, gelu<Real>, 2.0, 0},
    {"gelu_derivative", [](float x) { return core::portable::gelu_derivative(x); }, gelu_derivative<Real>, 4.0,
     0x1p-26},
    {"sin", [](float x) { return core::portable::sin(x); }, [](Real x) { return std::sin(x); }, 1.2, 0},
    {"cos", [](float x) { return core::portable::cos(x); }, [](Real x) { return std::cos(x); }, 1.2, 0},
}};

/// How far `got` lies from `want`, in units of the last place of `want`; infinite where one is a NaN or an infinity and
/// the other is not the same.
template <class Real>
double ulp_error(float got, Real want, double min_unit) {
  if (std::isnan(want) || std::isnan(got)) {
    return std::isnan(want) && std::isnan(got) ? 0.0 : std::numeric_limits<double>::infinity();
  }
  const float rounded = static_cast<float>(want);
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got ? 0.0 : std::numeric_limits<double>::infinity();
  int exponent = 0;
  std::frexp(static_cast<double>(want), &exponent);
  const double unit = std::max(std::ldexp(1.0, std::max(exponent, -125) - 24), min_unit);
  return std::abs(static_cast<double>(got - want)) / unit;
}

}  // namespace reference
