// See schedule.h.
#include "trainer/optim/schedule.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.h"
#include "core/math_double.h"

namespace trainer {
namespace {

constexpr double kPi = 3.141592653589793;
constexpr double kOneCycleStart = 25.0;      // how far below its height the rate begins
constexpr double kOneCycleEnd = 25.0 * 1e4;  // and ends
constexpr double kOneCycleRise = 0.3;        // of the steps

// From 1 to 0 along half a cosine while progress goes from 0 to 1.
double half_cosine(double progress) { return (1.0 + core::portable::cos(kPi * progress)) / 2.0; }

std::uint64_t steps_of(double epochs, std::uint64_t steps_per_epoch) {
  return static_cast<std::uint64_t>(epochs * static_cast<double>(steps_per_epoch) + 0.5);
}

// 1 / (1 − beta^step). The step is clamped where beta^step has long been 0 for every beta in range.
double bias_correction(double beta, std::uint64_t step) {
  constexpr std::uint64_t kLong = 1u << 30;
  const auto exponent = static_cast<std::int32_t>(step < kLong ? step : kLong);
  return 1.0 / (1.0 - core::portable::pow_int(beta, exponent));
}

}  // namespace

Schedule::Schedule(const Hyperparameters& hyperparameters, std::uint64_t steps_per_epoch)
    : kind_(hyperparameters.schedule),
      learning_rate_(hyperparameters.learning_rate),
      cycles_momentum_(kind_ == ScheduleKind::kOneCycle && hyperparameters.cycle_momentum),
      momentum_min_(hyperparameters.momentum_min),
      momentum_max_(hyperparameters.momentum_max),
      beta1_(static_cast<double>(hyperparameters.optimizer.beta1)),
      beta2_(static_cast<double>(hyperparameters.optimizer.beta2)),
      steps_per_epoch_(steps_per_epoch),
      total_steps_(static_cast<std::uint64_t>(hyperparameters.epochs) * steps_per_epoch),
      warmup_steps_(steps_of(hyperparameters.warmup_epochs, steps_per_epoch)),
      stair_steps_(std::max<std::uint64_t>(1, steps_of(hyperparameters.step_size_epochs, steps_per_epoch))),
      stair_factor_(hyperparameters.step_gamma) {
  core::check(steps_per_epoch >= 1, "an epoch without a step");
  if (total_steps_ > kMaxSteps)
    throw core::UserError("config.epochs",
                          fmt::format("{} epochs of {} steps are {} steps, a trial has at most {}",
                                      hyperparameters.epochs, steps_per_epoch, total_steps_, kMaxSteps),
                          "take fewer epochs or larger batches");
}

double Schedule::learning_rate(std::uint64_t step) const {
  if (kind_ == ScheduleKind::kOneCycle) return one_cycle(step);
  if (step <= warmup_steps_) return learning_rate_ * (static_cast<double>(step) / static_cast<double>(warmup_steps_));
  const std::uint64_t after = step - warmup_steps_ - 1;
  const double progress = static_cast<double>(after) / static_cast<double>(total_steps_ - warmup_steps_);
  switch (kind_) {
    case ScheduleKind::kCosine:
      return learning_rate_ * half_cosine(progress);
    case ScheduleKind::kLinear:
      return learning_rate_ * (1.0 - progress);
    case ScheduleKind::kStep: {
      const std::uint64_t stairs = std::min<std::uint64_t>(after / stair_steps_, INT32_MAX);
      return learning_rate_ * core::portable::pow_int(stair_factor_, static_cast<std::int32_t>(stairs));
    }
    default:
      return learning_rate_;
  }
}

Schedule::Cycle Schedule::cycle(std::uint64_t step) const {
  std::uint64_t rise = warmup_steps_;
  if (rise == 0) rise = static_cast<std::uint64_t>(kOneCycleRise * static_cast<double>(total_steps_) + 0.5);
  if (step <= rise)
    return {Cycle::Part::kRise, 1.0 - half_cosine(static_cast<double>(step - 1) / static_cast<double>(rise))};
  if (step == rise + 1) return {Cycle::Part::kTop, 1.0};
  const double progress = static_cast<double>(step - rise - 1) / static_cast<double>(total_steps_ - rise - 1);
  return {Cycle::Part::kFall, half_cosine(progress)};
}

double Schedule::one_cycle(std::uint64_t step) const {
  const auto [part, height] = cycle(step);
  if (part == Cycle::Part::kTop) return learning_rate_;
  const double low = learning_rate_ / (part == Cycle::Part::kRise ? kOneCycleStart : kOneCycleEnd);
  return low + (learning_rate_ - low) * height;
}

std::optional<double> Schedule::momentum(std::uint64_t step) const {
  if (!cycles_momentum_) return std::nullopt;
  return momentum_max_ - (momentum_max_ - momentum_min_) * cycle(step).height;
}

kernels::StepState Schedule::state(std::uint64_t step) const {
  core::check(step >= 1 && step <= total_steps_, "a step beyond the schedule");
  kernels::StepState state{};
  state.step = static_cast<std::uint32_t>(step);
  state.epoch = static_cast<std::uint32_t>((step - 1) / steps_per_epoch_);
  state.learning_rate = static_cast<float>(learning_rate(step));
  double beta1 = beta1_;
  if (const std::optional<double> cycled = momentum(step)) {
    state.momentum = static_cast<float>(*cycled);
    beta1 = static_cast<double>(state.momentum);
  }
  state.bias_correction1 = static_cast<float>(bias_correction(beta1, step));
  state.bias_correction2_sqrt = static_cast<float>(core::portable::sqrt(bias_correction(beta2_, step)));
  return state;
}

}  // namespace trainer
