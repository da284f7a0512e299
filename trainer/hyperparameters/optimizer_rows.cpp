// Rows of the hyperparameters of the optimizer and its schedule; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Optimizer;

constexpr std::array<std::string_view, 5> kOptimizers{"sgd", "adam", "adamw", "rmsprop", "lion"};
constexpr std::array kOptimizerValues{Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW, Optimizer::kRmsprop,
                                      Optimizer::kLion};
constexpr std::array<std::string_view, 5> kSchedules{"constant", "cosine", "step", "linear", "onecycle"};
constexpr std::array kScheduleValues{ScheduleKind::kConstant, ScheduleKind::kCosine, ScheduleKind::kStep,
                                     ScheduleKind::kLinear, ScheduleKind::kOneCycle};
constexpr double kMaxBeta = 0.999999;  // below 1 also as a float: the bias correction divides by 1 − beta
constexpr double kMaxEpochs = 100000;

constexpr std::array kRows{
    choice_row("optimizer", R"("adam")", kOptimizers,
               "sgd with momentum, adam, adamw (decoupled weight decay), rmsprop, or lion",
               [](H& h, const Json& v) { h.optimizer.kind = chosen(v, kOptimizers, kOptimizerValues); }),
    number_row("learning_rate", "0.001", 0, 1000, "step size at the schedule's height",
               [](H& h, const Json& v) { h.learning_rate = v.get<double>(); }),
    number_row("momentum", "0.9", 0, kMaxBeta, "sgd: of the running gradient; rmsprop: of the running step, there 0.0",
               [](H& h, const Json& v) { h.optimizer.momentum = v.get<float>(); }),
    boolean_row("nesterov", "false", "sgd: each step looks ahead along the momentum",
                [](H& h, const Json& v) { h.optimizer.nesterov = v.get<bool>(); }),
    number_row("beta1", "0.9", 0, kMaxBeta,
               "adam, adamw: decay of the first moment; lion: weight of the running gradient in a step",
               [](H& h, const Json& v) { h.optimizer.beta1 = v.get<float>(); }),
    number_row("beta2", "0.999", 0, kMaxBeta,
               "adam, adamw: decay of the second moment; rmsprop: of the running square, there 0.99; lion: of the "
               "running gradient, there 0.99",
               [](H& h, const Json& v) { h.optimizer.beta2 = v.get<float>(); }),
    number_row("epsilon", "1e-08", 1e-20, 1, "adam, adamw, rmsprop: added to the divisor",
               [](H& h, const Json& v) { h.optimizer.epsilon = v.get<float>(); }),
    number_row("weight_decay", "0.0", 0, 100,
               "sgd, adam, rmsprop: L2, added to the gradient; adamw, lion: decoupled from it",
               [](H& h, const Json& v) { h.optimizer.weight_decay = v.get<float>(); }),
    number_row("clip_norm", "0.0", 0, 1e9,
               "all gradients together are scaled down to this Euclidean norm where theirs is larger; 0: never",
               [](H& h, const Json& v) { h.clip_norm = v.get<float>(); }),
    choice_row(
        "schedule", R"("cosine")", kSchedules,
        "of the learning rate, after the warm-up: constant; half a cosine or a line down to zero; step by step; or "
        "onecycle: up from a 25th, then down to a 250,000th",
        [](H& h, const Json& v) { h.schedule = chosen(v, kSchedules, kScheduleValues); }),
    number_row(
        "warmup_epochs", "0.0", 0, kMaxEpochs,
        "the learning rate rises in a line over so many epochs (a part of one is allowed); onecycle: its rise takes "
        "so long, with 0 three tenths of the training",
        [](H& h, const Json& v) { h.warmup_epochs = v.get<double>(); }),
    number_row("step_size_epochs", "5.0", 1e-6, kMaxEpochs, "schedule step: epochs from one step down to the next",
               [](H& h, const Json& v) { h.step_size_epochs = v.get<double>(); }),
    number_row("step_gamma", "0.1", 0, 1, "schedule step: what each step multiplies the learning rate by",
               [](H& h, const Json& v) { h.step_gamma = v.get<double>(); }),
    boolean_row("cycle_momentum", "false",
                "schedule onecycle: the momentum (adam, adamw, lion: beta1) falls while the learning rate rises, from "
                "momentum_max to momentum_min, and back; in place of the constant one",
                [](H& h, const Json& v) { h.cycle_momentum = v.get<bool>(); }),
    number_row("momentum_min", "0.85", 0, kMaxBeta, "cycle_momentum: where the learning rate is at its height",
               [](H& h, const Json& v) { h.momentum_min = v.get<double>(); }),
    number_row("momentum_max", "0.95", 0, kMaxBeta, "cycle_momentum: at the first and the last step",
               [](H& h, const Json& v) { h.momentum_max = v.get<double>(); }),
};

/// Where an optimizer's paper or its usual use has another value than the table.
struct OwnDefault {
  Optimizer optimizer;
  std::string_view name;
  const char* json;
};
constexpr OwnDefault kOwnDefaults[] = {
    {Optimizer::kRmsprop, "momentum", "0.0"},
    {Optimizer::kRmsprop, "beta2", "0.99"},
    {Optimizer::kLion, "beta2", "0.99"},
};

}  // namespace

std::span<const Hyperparameter> optimizer_rows() { return kRows; }

const char* default_of(const Hyperparameter& row, const Hyperparameters& so_far) {
  for (const OwnDefault& own : kOwnDefaults)
    if (own.name == row.name && own.optimizer == so_far.optimizer.kind) return own.json;
  return row.default_json;
}

}  // namespace trainer
