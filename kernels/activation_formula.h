// Activations and their gradients for one element: what every back end computes. Callers: bias_activation_*,
// activation_* of each back end, tests. Promise: portable.
//
// relu is x <= 0 ? 0 : x: it lets a NaN through, where x > 0 ? x : 0 would hide a divergence.
#pragma once

#include <type_traits>

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// activation(z).
template <Activation kKind>
SWEEP_HOST_DEVICE inline float activate(float z) {
  if constexpr (kKind == Activation::kRelu) return z <= 0.0f ? 0.0f : z;
  if constexpr (kKind == Activation::kTanh) return core::portable::tanh(z);
  if constexpr (kKind == Activation::kGelu) return core::portable::gelu(z);
  if constexpr (kKind == Activation::kSigmoid) return core::portable::sigmoid(z);
  return z;
}

/// Whether the gradient is taken from z rather than from the output.
template <Activation kKind>
inline constexpr bool kGradientNeedsInput = kKind == Activation::kGelu;

/// dout · activation'(z). `out` is activation(z); z is read by gelu alone, out by the others.
template <Activation kKind>
SWEEP_HOST_DEVICE inline float activation_gradient(float dout, float out, float z) {
  if constexpr (kKind == Activation::kRelu) return out <= 0.0f ? 0.0f : dout;
  if constexpr (kKind == Activation::kTanh) return dout * core::portable::fma(-out, out, 1.0f);
  if constexpr (kKind == Activation::kGelu) return dout * core::portable::gelu_derivative(z);
  if constexpr (kKind == Activation::kSigmoid) return dout * (out * (1.0f - out));
  return dout;
}

/// Calls visitor(std::integral_constant<Activation, kind>{}): from the value to the template argument.
template <class Visitor>
void visit_activation(Activation kind, Visitor&& visitor) {
  switch (kind) {
    case Activation::kNone:
      return visitor(std::integral_constant<Activation, Activation::kNone>{});
    case Activation::kRelu:
      return visitor(std::integral_constant<Activation, Activation::kRelu>{});
    case Activation::kTanh:
      return visitor(std::integral_constant<Activation, Activation::kTanh>{});
    case Activation::kGelu:
      return visitor(std::integral_constant<Activation, Activation::kGelu>{});
    case Activation::kSigmoid:
      return visitor(std::integral_constant<Activation, Activation::kSigmoid>{});
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels
