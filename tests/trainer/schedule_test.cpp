// Learning rates and bias corrections, step by step.
#include "trainer/optim/schedule.h"

#include <cmath>

#include "tests/catch.h"
#include "tests/trainer/message.h"

namespace {

trainer::Schedule schedule(core::Json config, std::uint64_t steps_per_epoch) {
  return {trainer::parse_hyperparameters(config), steps_per_epoch};
}

}  // namespace

TEST_CASE("a constant schedule stays at its learning rate") {
  const trainer::Schedule s = schedule({{"schedule", "constant"}, {"learning_rate", 0.5}, {"epochs", 3}}, 4);
  CHECK(s.total_steps() == 12);
  for (std::uint64_t step = 1; step <= 12; ++step) CHECK(s.learning_rate(step) == 0.5);
}

TEST_CASE("a cosine begins at its full height, passes half of it in the middle and ends above zero") {
  const trainer::Schedule s = schedule({{"learning_rate", 1.0}, {"epochs", 2}}, 50);
  CHECK(s.learning_rate(1) == 1.0);
  CHECK(s.learning_rate(51) == Approx(0.5).margin(1e-15));
  CHECK(s.learning_rate(100) > 0);
  for (std::uint64_t step = 1; step <= 100; ++step) {
    const double wanted = (1 + std::cos(3.141592653589793 * static_cast<double>(step - 1) / 100)) / 2;
    CHECK(s.learning_rate(step) == Approx(wanted).epsilon(1e-13).margin(1e-16));
    if (step > 1) CHECK(s.learning_rate(step) < s.learning_rate(step - 1));
  }
}

TEST_CASE("a warm-up rises in a line to the full height, over a part of an epoch too") {
  const trainer::Schedule s = schedule({{"learning_rate", 1.0}, {"epochs", 2}, {"warmup_epochs", 0.5}}, 8);
  CHECK(s.warmup_steps() == 4);
  CHECK(s.learning_rate(1) == 0.25);
  CHECK(s.learning_rate(4) == 1.0);
  CHECK(s.learning_rate(5) == 1.0);
  CHECK(s.learning_rate(6) < 1.0);
  const trainer::Schedule longer = schedule({{"learning_rate", 1.0}, {"epochs", 1}, {"warmup_epochs", 2}}, 8);
  CHECK(longer.learning_rate(8) == 0.5);
}

TEST_CASE("the device is given step, epoch, and numbers that were rounded once") {
  const trainer::Schedule s = schedule({{"learning_rate", 0.1}, {"epochs", 2}}, 3);
  const kernels::StepState first = s.state(1), fourth = s.state(4);
  CHECK(first.step == 1);
  CHECK(first.epoch == 0);
  CHECK(first.learning_rate == 0.1f);
  CHECK(fourth.epoch == 1);
  const double beta1 = static_cast<double>(0.9f), beta2 = static_cast<double>(0.999f);
  CHECK(first.bias_correction1 == static_cast<float>(1 / (1 - beta1)));
  CHECK(first.bias_correction2_sqrt == static_cast<float>(std::sqrt(1 / (1 - beta2))));
  CHECK(fourth.bias_correction1 == static_cast<float>(1 / (1 - beta1 * beta1 * beta1 * beta1)));
}

TEST_CASE("more steps than 32 bits count are refused with what they come from") {
  CHECK(schedule({{"epochs", 100000}}, 42949).total_steps() == 4294900000);
  CHECK(message_of([] {
          schedule({{"epochs", 100000}}, 42950);
        }) ==
        "config.epochs: 100000 epochs of 42950 steps are 4295000000 steps, a trial has at most 4294967294, take fewer "
        "epochs or larger batches");
}
