// See schedule.h.
#include "trainer/optim/schedule.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/math_double.h"

namespace trainer {
namespace {

constexpr double kPi = 3.141592653589793;

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
      beta1_(static_cast<double>(hyperparameters.optimizer.beta1)),
      beta2_(static_cast<double>(hyperparameters.optimizer.beta2)),
      steps_per_epoch_(steps_per_epoch),
      total_steps_(static_cast<std::uint64_t>(hyperparameters.epochs) * steps_per_epoch),
      warmup_steps_(
          static_cast<std::uint64_t>(hyperparameters.warmup_epochs * static_cast<double>(steps_per_epoch) + 0.5)) {
  core::check(steps_per_epoch >= 1, "an epoch without a step");
  if (total_steps_ > kMaxSteps)
    throw core::UserError("config.epochs",
                          fmt::format("{} epochs of {} steps are {} steps, a trial has at most {}",
                                      hyperparameters.epochs, steps_per_epoch, total_steps_, kMaxSteps),
                          "take fewer epochs or larger batches");
}

double Schedule::learning_rate(std::uint64_t step) const {
  if (step <= warmup_steps_) return learning_rate_ * (static_cast<double>(step) / static_cast<double>(warmup_steps_));
  if (kind_ == ScheduleKind::kConstant) return learning_rate_;
  const double progress =
      static_cast<double>(step - warmup_steps_ - 1) / static_cast<double>(total_steps_ - warmup_steps_);
  return learning_rate_ * ((1.0 + core::portable::cos(kPi * progress)) / 2.0);
}

kernels::StepState Schedule::state(std::uint64_t step) const {
  core::check(step >= 1 && step <= total_steps_, "a step beyond the schedule");
  kernels::StepState state{};
  state.step = static_cast<std::uint32_t>(step);
  state.epoch = static_cast<std::uint32_t>((step - 1) / steps_per_epoch_);
  state.learning_rate = static_cast<float>(learning_rate(step));
  state.bias_correction1 = static_cast<float>(bias_correction(beta1_, step));
  state.bias_correction2_sqrt = static_cast<float>(core::portable::sqrt(bias_correction(beta2_, step)));
  return state;
}

}  // namespace trainer
