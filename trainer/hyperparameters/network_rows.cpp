// Rows of the hyperparameters that say what the network is; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Activation;

constexpr std::array<std::string_view, 1> kModels{"mlp"};
constexpr std::array<std::string_view, 4> kActivations{"relu", "tanh", "gelu", "sigmoid"};
constexpr std::array kActivationValues{Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid};

std::vector<int> sizes(const Json& value) {
  if (!value.is_array()) return {value.get<int>()};
  std::vector<int> list;
  for (const Json& item : value) list.push_back(item.get<int>());
  return list;
}

constexpr std::array kRows{
    Hyperparameter{"model", ValueType::kChoice, R"("mlp")", 0, 0, kModels, "network: mlp is fully connected layers",
                   [](H& h, const Json& v) { h.model = v.get<std::string>(); }},
    Hyperparameter{"hidden",
                   ValueType::kIntegers,
                   "[256, 128]",
                   1,
                   65536,
                   {},
                   "sizes of the hidden layers; an integer alone is one layer, [] none",
                   [](H& h, const Json& v) { h.hidden = sizes(v); }},
    Hyperparameter{"activation", ValueType::kChoice, R"("relu")", 0, 0, kActivations, "of each hidden layer",
                   [](H& h, const Json& v) { h.activation = chosen(v, kActivations, kActivationValues); }},
    Hyperparameter{"dropout",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   0.99,
                   {},
                   "share of each hidden layer's outputs that a training step sets to zero",
                   [](H& h, const Json& v) { h.dropout = v.get<double>(); }},
};

}  // namespace

std::span<const Hyperparameter> network_rows() { return kRows; }

}  // namespace trainer
