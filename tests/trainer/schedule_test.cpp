// Learning rates and bias corrections, step by step.
#include "trainer/optim/schedule.h"

#include <bit>
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

TEST_CASE("a linear schedule falls from its full height by the same amount each step, to above zero") {
  const trainer::Schedule s = schedule({{"schedule", "linear"}, {"learning_rate", 1.0}, {"epochs", 2}}, 8);
  for (std::uint64_t step = 1; step <= 16; ++step)
    CHECK(s.learning_rate(step) == 1 - static_cast<double>(step - 1) / 16);
}

TEST_CASE("a step schedule multiplies at each stair, counted from the end of the warm-up, in parts of an epoch too") {
  const trainer::Schedule s = schedule({{"schedule", "step"},
                                        {"learning_rate", 1.0},
                                        {"epochs", 3},
                                        {"step_size_epochs", 0.5},
                                        {"step_gamma", 0.5},
                                        {"warmup_epochs", 1}},
                                       4);
  const double wanted[] = {0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125};
  for (std::uint64_t step = 1; step <= 12; ++step) CHECK(s.learning_rate(step) == wanted[step - 1]);
  const trainer::Schedule tiny = schedule({{"schedule", "step"}, {"step_size_epochs", 1e-6}, {"step_gamma", 0}}, 4);
  CHECK(tiny.learning_rate(1) == 0.001);
  CHECK(tiny.learning_rate(2) == 0);
}

TEST_CASE("one cycle begins at a 25th, is at its height after its rise and ends at a 250000th") {
  for (const double warmup : {0.0, 0.5}) {
    const trainer::Schedule s =
        schedule({{"schedule", "onecycle"}, {"learning_rate", 1.0}, {"epochs", 2}, {"warmup_epochs", warmup}}, 10);
    const std::uint64_t peak = warmup > 0 ? 6 : 7;
    CHECK(s.learning_rate(1) == 0.04);
    CHECK(s.learning_rate(peak) == 1.0);
    CHECK(s.learning_rate(20) == 1 / 250000.0);
    for (std::uint64_t step = 2; step <= 20; ++step)
      CHECK((s.learning_rate(step) > s.learning_rate(step - 1)) == (step <= peak));
  }
  const trainer::Schedule one = schedule({{"schedule", "onecycle"}, {"learning_rate", 0.5}, {"epochs", 1}}, 1);
  CHECK(one.learning_rate(1) == 0.5);
}

// The values of torch.optim.lr_scheduler.OneCycleLR (PyTorch 1.13), total_steps 20, pct_start 7/20, which puts its top
// where ours is after a rise of 6 steps, max_lr 1, base_momentum 0.85, max_momentum 0.95.
TEST_CASE("one cycle moves rate and momentum as PyTorch's does") {
  const double rates[] = {0.040000000000000036,
                          0.10430780618346935,
                          0.28,
                          0.52,
                          0.7599999999999999,
                          0.9356921938165306,
                          1.0,
                          0.9854709668293912,
                          0.9427282419145536,
                          0.8742558770640542,
                          0.7840332372360844,
                          0.6773037343114937,
                          0.5602700990543009,
                          0.43973390094569903,
                          0.32270026568850624,
                          0.2159707627639156,
                          0.12574812293594576,
                          0.0572757580854464,
                          0.014533033170608847,
                          4e-06};
  const double momenta[] = {0.95,
                            0.9433012701892219,
                            0.9249999999999999,
                            0.8999999999999999,
                            0.875,
                            0.856698729810778,
                            0.85,
                            0.8514529091286974,
                            0.8557271987173395,
                            0.8625744625914449,
                            0.8715967626634422,
                            0.8822697556478731,
                            0.8939731659872339,
                            0.9060268340127661,
                            0.9177302443521267,
                            0.9284032373365577,
                            0.937425537408555,
                            0.9442728012826604,
                            0.9485470908713025,
                            0.95};
  const trainer::Schedule s =
      schedule({{"schedule", "onecycle"}, {"learning_rate", 1.0}, {"epochs", 2}, {"cycle_momentum", true}}, 10);
  for (std::uint64_t step = 1; step <= 20; ++step) {
    CHECK(s.learning_rate(step) == Approx(rates[step - 1]).epsilon(1e-13));
    CHECK(s.momentum(step).value() == Approx(momenta[step - 1]).epsilon(1e-14));
    CHECK(s.state(step).momentum == static_cast<float>(*s.momentum(step)));
  }
  const double beta1 = static_cast<double>(0.875f), power = beta1 * beta1 * beta1 * beta1 * beta1;
  CHECK(s.state(5).momentum == 0.875f);
  CHECK(s.state(5).bias_correction1 == static_cast<float>(1 / (1 - power)));
}

TEST_CASE("the momentum stays where nobody asks for a cycle, and under every other schedule") {
  const trainer::Schedule plain = schedule({{"schedule", "onecycle"}, {"epochs", 2}}, 10);
  const trainer::Schedule other = schedule({{"schedule", "cosine"}, {"epochs", 2}, {"cycle_momentum", true}}, 10);
  for (const trainer::Schedule* s : {&plain, &other}) {
    CHECK_FALSE(s->momentum(5).has_value());
    CHECK(s->state(5).momentum < 0);
  }
}

TEST_CASE("learning rates have the bits that they always had") {
  const auto rate = [](const char* kind, std::uint64_t step) {
    return std::bit_cast<std::uint64_t>(
        schedule(
            {{"schedule", kind}, {"learning_rate", 0.1}, {"epochs", 3}, {"step_gamma", 0.3}, {"step_size_epochs", 1}},
            7)
            .learning_rate(step));
  };
  CHECK(rate("cosine", 9) == 0x3fb179f3106085b7);
  CHECK(rate("linear", 9) == 0x3fafb1fb1fb1fb20);
  CHECK(rate("step", 17) == 0x3f826e978d4fdf3b);
  CHECK(rate("onecycle", 4) == 0x3faa9fbe76c8b43a);
  CHECK(rate("onecycle", 16) == 0x3f9cfc4634082376);
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
