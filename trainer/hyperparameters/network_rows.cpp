// Rows of the hyperparameters that say what the network is; see rows.h.
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using H = Hyperparameters;
using core::Json;
using kernels::Activation;

constexpr std::array<std::string_view, 4> kModels{"mlp", "cnn", "resnet", "transformer"};
constexpr std::array<std::string_view, 2> kPaddings{"same", "valid"};
constexpr std::array<std::string_view, 3> kPools{"max", "average", "none"};
constexpr std::array kPoolValues{PoolKind::kMax, PoolKind::kAverage, PoolKind::kNone};
constexpr std::array<std::string_view, 4> kActivations{"relu", "tanh", "gelu", "sigmoid"};
constexpr std::array kActivationValues{Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid};

std::vector<int> sizes(const Json& value) {
  if (!value.is_array()) return {value.get<int>()};
  std::vector<int> list;
  for (const Json& item : value) list.push_back(item.get<int>());
  return list;
}

constexpr std::array kRows{
    Hyperparameter{
        "model", ValueType::kChoice, R"("mlp")", 0, 0, kModels,
        "network: mlp is fully connected layers; cnn and resnet (ResNet-9) take images, transformer (causal, "
        "by characters) a text",
        [](H& h, const Json& v) { h.model = v.get<std::string>(); }},
    Hyperparameter{"hidden",
                   ValueType::kIntegers,
                   "[256, 128]",
                   1,
                   65536,
                   {},
                   "mlp: sizes of the hidden layers; an integer alone is one layer, [] none",
                   [](H& h, const Json& v) { h.hidden = sizes(v); }},
    Hyperparameter{"activation", ValueType::kChoice, R"("relu")", 0, 0, kActivations,
                   "mlp, cnn: of each hidden layer; resnet has relu, transformer gelu",
                   [](H& h, const Json& v) { h.activation = chosen(v, kActivations, kActivationValues); }},
    Hyperparameter{"dropout",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   0.99,
                   {},
                   "share of each hidden layer's outputs that a training step sets to zero; transformer: of each "
                   "branch's, resnet: "
                   "of what its last layer reads",
                   [](H& h, const Json& v) { h.dropout = v.get<double>(); }},
    Hyperparameter{"channels",
                   ValueType::kIntegers,
                   "[32, 64]",
                   1,
                   4096,
                   {},
                   "cnn: channels of each block: convolution, batch norm, activation, pooling, dropout",
                   [](H& h, const Json& v) { h.channels = sizes(v); }},
    Hyperparameter{"kernel",
                   ValueType::kIntegers,
                   "3",
                   1,
                   64,
                   {},
                   "cnn: side of the square kernels; one for all blocks, or as many as channels",
                   [](H& h, const Json& v) { h.kernel = sizes(v); }},
    Hyperparameter{"stride",
                   ValueType::kIntegers,
                   "1",
                   1,
                   64,
                   {},
                   "cnn: of the convolutions; one for all blocks, or as many as channels",
                   [](H& h, const Json& v) { h.stride = sizes(v); }},
    Hyperparameter{"padding", ValueType::kChoice, R"("same")", 0, 0, kPaddings,
                   "cnn: same keeps an image's size (at stride 1), valid takes no place outside of it",
                   [](H& h, const Json& v) { h.pads = v.get<std::string>() == kPaddings[0]; }},
    Hyperparameter{"pool", ValueType::kChoice, R"("max")", 0, 0, kPools, "cnn: pooling at the end of each block",
                   [](H& h, const Json& v) { h.pool = chosen(v, kPools, kPoolValues); }},
    Hyperparameter{"pool_size",
                   ValueType::kIntegers,
                   "2",
                   1,
                   64,
                   {},
                   "cnn: side and stride of the pooling's windows; one for all blocks, or as many as channels",
                   [](H& h, const Json& v) { h.pool_size = sizes(v); }},
    Hyperparameter{"batch_norm",
                   ValueType::kBoolean,
                   "true",
                   0,
                   0,
                   {},
                   "cnn: normalises each channel over the batch, before the activation",
                   [](H& h, const Json& v) { h.batch_norm = v.get<bool>(); }},
    Hyperparameter{"dense",
                   ValueType::kIntegers,
                   "[128]",
                   1,
                   65536,
                   {},
                   "cnn: sizes of the fully connected layers behind the blocks; [] none",
                   [](H& h, const Json& v) { h.dense = sizes(v); }},
    Hyperparameter{
        "width",
        ValueType::kInteger,
        "null",
        1,
        8192,
        {},
        "resnet: channels of the first convolution, 64 where it is not given; transformer: numbers that stand "
        "for a character, 128 where it is not given",
        [](H& h, const Json& v) { h.width = v.is_null() ? 0 : v.get<int>(); }},
    Hyperparameter{"context",
                   ValueType::kInteger,
                   "64",
                   1,
                   4096,
                   {},
                   "transformer: characters of a sample",
                   [](H& h, const Json& v) { h.context = v.get<int>(); }},
    Hyperparameter{"layers",
                   ValueType::kInteger,
                   "4",
                   1,
                   64,
                   {},
                   "transformer: blocks of attention and a two-layer network",
                   [](H& h, const Json& v) { h.layers = v.get<int>(); }},
    Hyperparameter{"heads",
                   ValueType::kInteger,
                   "4",
                   1,
                   256,
                   {},
                   "transformer: heads of attention; width is a multiple of it",
                   [](H& h, const Json& v) { h.heads = v.get<int>(); }},
};

}  // namespace

std::span<const Hyperparameter> network_rows() { return kRows; }

}  // namespace trainer
