// The learning rate and Adam's bias corrections of every step. Callers: training/. They live on the device only as the
// numbers of kernels::StepState.
// Determinism: double, by the project's own functions, rounded once to float.
#pragma once

#include <cstdint>
#include <optional>

#include "kernels/ops.h"
#include "trainer/hyperparameters.h"

namespace trainer {

/// A step's number has 32 bits wherever a random number or a fingerprint is a function of it.
inline constexpr std::uint64_t kMaxSteps = UINT32_MAX - 1;

class Schedule {
 public:
  /// Requires: steps_per_epoch ≥ 1. Errors: UserError for more than kMaxSteps steps.
  Schedule(const Hyperparameters& hyperparameters, std::uint64_t steps_per_epoch);

  std::uint64_t total_steps() const { return total_steps_; }
  std::uint64_t warmup_steps() const { return warmup_steps_; }

  /// Of step 1 … total_steps(), before rounding. Warm-up of W steps: rate · step / W. After it, with
  /// p = (step − W − 1) / (total − W), full height at the first step and above 0 at the last:
  ///   constant  rate
  ///   cosine    rate · (1 + cos(π·p)) / 2. Source: Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm
  ///             restarts" (2017), without restarts
  ///   linear    rate · (1 − p)
  ///   step      rate · gamma^k, k = ⌊(step − W − 1) / S⌋, S = step_size_epochs in steps, at least 1
  /// onecycle has no warm-up beside its own: half a cosine from rate / 25 at the first step to rate at step R + 1, then
  /// half a cosine to rate / 250,000 at the last; R = W, or 0.3 · total where W is 0. Source: Smith, Topin,
  /// "Super-convergence: very fast training of neural networks using large learning rates" (2018), in PyTorch's form.
  double learning_rate(std::uint64_t step) const;

  /// Under onecycle with cycle_momentum, before rounding: from momentum_max at the first step to momentum_min at step
  /// R + 1 and back to momentum_max at the last, as PyTorch's OneCycleLR. Else nothing: the optimizer's own stays.
  std::optional<double> momentum(std::uint64_t step) const;

  /// What the device needs for step 1 … total_steps().
  /// Bias corrections: Kingma & Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1.
  kernels::StepState state(std::uint64_t step) const;

 private:
  double one_cycle(std::uint64_t step) const;
  // From 0 at the first step to 1 at step R + 1, the top, and back to 0 at the last, along two halves of cosines.
  struct Cycle {
    enum class Part { kRise, kTop, kFall } part;
    double height;
  };
  Cycle cycle(std::uint64_t step) const;

  ScheduleKind kind_;
  double learning_rate_;
  bool cycles_momentum_;
  double momentum_min_;
  double momentum_max_;
  double beta1_;
  double beta2_;
  std::uint64_t steps_per_epoch_;
  std::uint64_t total_steps_;
  std::uint64_t warmup_steps_;
  std::uint64_t stair_steps_;
  double stair_factor_;
};

}  // namespace trainer
