// Rows of the hyperparameters of the optimizer and its schedule; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Optimizer;

constexpr std::array<std::string_view, 3> kOptimizers{"sgd", "adam", "adamw"};
constexpr std::array kOptimizerValues{Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW};
constexpr std::array<std::string_view, 2> kSchedules{"constant", "cosine"};
constexpr std::array kScheduleValues{ScheduleKind::kConstant, ScheduleKind::kCosine};
constexpr double kMaxBeta = 0.999999;  // below 1 also as a float: the bias correction divides by 1 − beta

constexpr std::array kRows{
    Hyperparameter{"optimizer", ValueType::kChoice, R"("adam")", 0, 0, kOptimizers,
                   "sgd with momentum, adam, or adamw (decoupled weight decay)",
                   [](H& h, const Json& v) { h.optimizer.kind = chosen(v, kOptimizers, kOptimizerValues); }},
    Hyperparameter{"learning_rate",
                   ValueType::kNumber,
                   "0.001",
                   0,
                   1000,
                   {},
                   "step size at the schedule's height",
                   [](H& h, const Json& v) { h.learning_rate = v.get<double>(); }},
    Hyperparameter{"momentum",
                   ValueType::kNumber,
                   "0.9",
                   0,
                   kMaxBeta,
                   {},
                   "sgd: of the running gradient",
                   [](H& h, const Json& v) { h.optimizer.momentum = v.get<float>(); }},
    Hyperparameter{"beta1",
                   ValueType::kNumber,
                   "0.9",
                   0,
                   kMaxBeta,
                   {},
                   "adam, adamw: decay of the first moment",
                   [](H& h, const Json& v) { h.optimizer.beta1 = v.get<float>(); }},
    Hyperparameter{"beta2",
                   ValueType::kNumber,
                   "0.999",
                   0,
                   kMaxBeta,
                   {},
                   "adam, adamw: decay of the second moment",
                   [](H& h, const Json& v) { h.optimizer.beta2 = v.get<float>(); }},
    Hyperparameter{"epsilon",
                   ValueType::kNumber,
                   "1e-08",
                   1e-20,
                   1,
                   {},
                   "adam, adamw: added to the divisor",
                   [](H& h, const Json& v) { h.optimizer.epsilon = v.get<float>(); }},
    Hyperparameter{"weight_decay",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   100,
                   {},
                   "sgd, adam: L2, added to the gradient; adamw: decoupled from it",
                   [](H& h, const Json& v) { h.optimizer.weight_decay = v.get<float>(); }},
    Hyperparameter{"schedule", ValueType::kChoice, R"("cosine")", 0, 0, kSchedules,
                   "of the learning rate, after the warm-up: constant, or half a cosine down to zero",
                   [](H& h, const Json& v) { h.schedule = chosen(v, kSchedules, kScheduleValues); }},
    Hyperparameter{"warmup_epochs",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   100000,
                   {},
                   "the learning rate rises in a line over so many epochs (a part of one is allowed)",
                   [](H& h, const Json& v) { h.warmup_epochs = v.get<double>(); }},
};

}  // namespace

std::span<const Hyperparameter> optimizer_rows() { return kRows; }

}  // namespace trainer
