// One step of an optimizer for one weight, and what changes from step to step. Callers: optimizer_* of each back end,
// the trainer (step_state), tests. Promise: portable.
// Sources: Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), in PyTorch's
// form; Kingma, Ba, "Adam: a method for stochastic optimization" (2015); Loshchilov, Hutter, "Decoupled weight decay
// regularization" (2019); Tieleman, Hinton, "Lecture 6.5: rmsprop" (2012), with a momentum of the whole step as PyTorch
// has it; Chen et al., "Symbolic discovery of optimization algorithms" (2023), algorithm 2, for lion.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/host_device.h"
#include "core/math_double.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Stands for a tensor's number where no fingerprint is wanted.
inline constexpr std::uint32_t kNoFingerprint = 0xfffffffeu;

/// The state of step 1, 2, 3, …. Bias corrections are computed in double from the same rounded betas that the moments
/// use, and rounded once. Requires: 0 ≤ beta < 1, 1 ≤ step < 2^31.
inline StepState step_state(const OptimizerSettings& settings, std::uint32_t step, std::uint32_t epoch,
                            double learning_rate) {
  const auto exponent = static_cast<std::int32_t>(step);
  const double rest1 = 1.0 - core::portable::pow_int(static_cast<double>(settings.beta1), exponent);
  const double rest2 = 1.0 - core::portable::pow_int(static_cast<double>(settings.beta2), exponent);
  return {step, epoch, static_cast<float>(learning_rate), static_cast<float>(1.0 / rest1),
          static_cast<float>(1.0 / core::portable::sqrt(rest2))};
}

/// A weight with the optimizer's memory of it. sgd: m is the velocity, v unused; lion: m is the running gradient, v
/// unused; rmsprop: m is the running step, v the running square.
struct OptimizedWeight {
  float w;
  float m;
  float v;
};

/// has_second_moment as a constant, which device code may name.
template <Optimizer kKind>
inline constexpr bool kHasSecondMoment = has_second_moment(kKind);

/// Whether the weight decays by itself instead of through the gradient.
template <Optimizer kKind>
inline constexpr bool kDecoupledDecay = kKind == Optimizer::kAdamW || kKind == Optimizer::kLion;

/// −1, 0 or 1; zeros and NaNs as they are.
SWEEP_HOST_DEVICE inline float sign(float x) { return x > 0.0f ? 1.0f : (x < 0.0f ? -1.0f : x); }

/// state.gradient_scale of the norm whose square is `squares`.
SWEEP_HOST_DEVICE inline float clip_scale(float squares, float limit) {
  const float norm = core::portable::sqrt(squares);
  return norm > limit ? limit / norm : 1.0f;
}

/// The step's own momentum where it has one.
SWEEP_HOST_DEVICE inline float momentum_of(const StepState& state, float of_settings) {
  return state.momentum < 0.0f ? of_settings : state.momentum;
}

/// One step under gradient g.
template <Optimizer kKind>
SWEEP_HOST_DEVICE inline OptimizedWeight optimizer_step(const OptimizerSettings& settings, const StepState& state,
                                                        OptimizedWeight old, float g) {
  using core::portable::fma;
  const float momentum = momentum_of(state, settings.momentum), beta1 = momentum_of(state, settings.beta1);
  OptimizedWeight now = old;
  g = g * state.gradient_scale;
  if constexpr (kDecoupledDecay<kKind>) {
    now.w = fma(-(state.learning_rate * settings.weight_decay), old.w, old.w);
  } else {
    g = fma(settings.weight_decay, old.w, g);
  }
  if constexpr (kKind == Optimizer::kSgd) {
    now.m = fma(momentum, old.m, g);
    const float ahead = fma(momentum, now.m, g);
    now.w = fma(-state.learning_rate, settings.nesterov ? ahead : now.m, old.w);
  } else if constexpr (kKind == Optimizer::kLion) {
    const float direction = sign(fma(beta1, old.m, (1.0f - beta1) * g));
    now.m = fma(settings.beta2, old.m, (1.0f - settings.beta2) * g);
    now.w = fma(-state.learning_rate, direction, now.w);
  } else if constexpr (kKind == Optimizer::kRmsprop) {
    now.v = fma(settings.beta2, old.v, ((1.0f - settings.beta2) * g) * g);
    now.m = fma(momentum, old.m, g / (core::portable::sqrt(now.v) + settings.epsilon));
    now.w = fma(-state.learning_rate, now.m, old.w);
  } else {
    now.m = fma(beta1, old.m, (1.0f - beta1) * g);
    now.v = fma(settings.beta2, old.v, ((1.0f - settings.beta2) * g) * g);
    const float denominator = fma(core::portable::sqrt(now.v), state.bias_correction2_sqrt, settings.epsilon);
    now.w = fma(-state.learning_rate, (now.m * state.bias_correction1) / denominator, now.w);
  }
  return now;
}

/// Calls visitor(std::integral_constant<Optimizer, kind>{}): from the value to the template argument.
template <class Visitor>
auto visit_optimizer(Optimizer kind, Visitor&& visitor) {
  switch (kind) {
    case Optimizer::kSgd:
      return visitor(std::integral_constant<Optimizer, Optimizer::kSgd>{});
    case Optimizer::kAdam:
      return visitor(std::integral_constant<Optimizer, Optimizer::kAdam>{});
    case Optimizer::kRmsprop:
      return visitor(std::integral_constant<Optimizer, Optimizer::kRmsprop>{});
    case Optimizer::kLion:
      return visitor(std::integral_constant<Optimizer, Optimizer::kLion>{});
    case Optimizer::kAdamW:
      break;
  }
  return visitor(std::integral_constant<Optimizer, Optimizer::kAdamW>{});
}

}  // namespace SWEEP_ISA
}  // namespace kernels
