// Rows of the hyperparameters of the training itself: batches, epochs, how weights begin; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Initialisation;

constexpr std::array<std::string_view, 2> kInits{"he", "xavier"};
constexpr std::array kInitValues{Initialisation::kHe, Initialisation::kXavier};

constexpr std::array kRows{
    Hyperparameter{"batch_size",
                   ValueType::kInteger,
                   "128",
                   1,
                   65536,
                   {},
                   "samples a step; the last batch of an epoch may be smaller",
                   [](H& h, const Json& v) { h.batch_size = v.get<int>(); }},
    Hyperparameter{"epochs",
                   ValueType::kInteger,
                   "10",
                   1,
                   100000,
                   {},
                   "passes over the training part",
                   [](H& h, const Json& v) { h.epochs = v.get<int>(); }},
    Hyperparameter{"init", ValueType::kChoice, R"("he")", 0, 0, kInits,
                   "initial weights: he (normal, variance 2/inputs) or xavier (uniform)",
                   [](H& h, const Json& v) { h.init = chosen(v, kInits, kInitValues); }},
};

}  // namespace

std::span<const Hyperparameter> training_rows() { return kRows; }

}  // namespace trainer
