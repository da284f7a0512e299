// See mlp.h. Forward and backward of each layer stand next to each other.
#include "trainer/nn/mlp.h"

#include <cstdint>
#include <limits>

#include "core/error.h"

namespace trainer {

using kernels::Activation;
using kernels::Buffer;
using kernels::Transpose;

namespace {

constexpr float kLastLayerScale = 0.1f;

std::size_t area(int rows, int columns) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }

}  // namespace

Mlp::Mlp(const kernels::Backend& ops, kernels::Context& context, MlpShape shape, int max_rows)
    : ops_(ops), context_(context), shape_(std::move(shape)), max_rows_(max_rows) {
  std::vector<int> sizes = shape_.hidden;
  sizes.push_back(shape_.classes);
  int inputs = shape_.inputs;
  for (std::size_t l = 0; l < sizes.size(); ++l) {
    const bool hidden = l + 1 < sizes.size();
    const int outputs = sizes[l];
    const std::string name = "layers." + std::to_string(l);
    const auto limit = static_cast<std::size_t>(std::numeric_limits<int>::max());
    if (area(outputs, inputs) > limit || area(max_rows, outputs) > limit)
      throw core::UserError("config.hidden", name + " would have " + std::to_string(outputs) + "×" +
                                                 std::to_string(inputs) + " weights for batches of " +
                                                 std::to_string(max_rows) + ", more than one tensor holds (2^31 − 1)");
    const auto id = static_cast<std::uint32_t>(2 * l);
    const auto buffer = [&](std::size_t count) { return Buffer<float>(ops_, context_, count); };
    parameters_.push_back(
        {name + ".weight", id, outputs, inputs, buffer(area(outputs, inputs)), buffer(area(outputs, inputs))});
    parameters_.push_back({name + ".bias", id + 1, outputs, 1, buffer(area(outputs, 1)), buffer(area(outputs, 1))});

    Layer layer{inputs, outputs, {}, buffer(area(max_rows, outputs)), {}, buffer(area(max_rows, outputs))};
    if (hidden && shape_.activation == Activation::kGelu) layer.before = buffer(area(max_rows, outputs));
    if (hidden && keeps_activated()) layer.dropped = buffer(area(max_rows, outputs));
    layers_.push_back(std::move(layer));
    inputs = outputs;
  }
}

// tanh and sigmoid take their derivative from their undropped result. relu's derivative is the same from the dropped
// one (where it was dropped, the gradient is already zero), and gelu's comes from the sums.
bool Mlp::keeps_activated() const {
  return shape_.dropout > 0 && (shape_.activation == Activation::kTanh || shape_.activation == Activation::kSigmoid);
}

void Mlp::initialise(kernels::Initialisation method, std::uint64_t seed) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Layer& layer = layers_[l];
    const float scale = l + 1 == layers_.size() ? kLastLayerScale : 1.0f;
    Parameter& w = weight(l);
    ops_.initialise(context_, method, w.value.data(), w.count(), layer.inputs, layer.outputs, scale, seed, w.id);
    Parameter& b = bias(l);
    ops_.initialise(context_, kernels::Initialisation::kZero, b.value.data(), b.count(), layer.inputs, layer.outputs,
                    1.0f, seed, b.id);
  }
}

const float* Mlp::output(const Layer& layer) const {
  return layer.dropped.data() ? layer.dropped.data() : layer.activated.data();
}

// Returns the logits. Without `training` there is no dropout.
const float* Mlp::forward(const float* x, int rows, const Training* training) {
  core::check(rows >= 1 && rows <= max_rows_, "more rows than the network has room for");
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    Layer& layer = layers_[l];
    const bool hidden = l + 1 < layers_.size();
    float* sums = layer.before.data() ? layer.before.data() : layer.activated.data();
    ops_.gemm(context_, Transpose::kNT, rows, layer.outputs, layer.inputs, x, weight(l).value.data(), sums);
    ops_.bias_activation(context_, hidden ? shape_.activation : Activation::kNone, layer.activated.data(),
                         layer.before.data(), sums, bias(l).value.data(), rows, layer.outputs);
    x = layer.activated.data();
    if (hidden && training && shape_.dropout > 0) {
      float* dropped = layer.dropped.data() ? layer.dropped.data() : layer.activated.data();
      ops_.dropout(context_, dropped, x, rows * layer.outputs, shape_.dropout, training->seed,
                   static_cast<std::uint32_t>(l), training->state);
      x = dropped;
    }
  }
  return x;
}

// The last layer's `gradient` holds that of the logits. The input's own gradient is not wanted by anybody.
void Mlp::backward(const float* x, int rows, const Training& training) {
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = layers_[l];
    const float* input = l == 0 ? x : output(layers_[l - 1]);
    const float* gradient = layer.gradient.data();
    ops_.gemm(context_, Transpose::kTN, layer.outputs, layer.inputs, rows, gradient, input, weight(l).gradient.data());
    ops_.column_sum(context_, bias(l).gradient.data(), gradient, rows, layer.outputs);
    if (l == 0) return;

    Layer& below = layers_[l - 1];
    float* passed = below.gradient.data();
    const int count = rows * below.outputs;
    ops_.gemm(context_, Transpose::kNN, rows, layer.inputs, layer.outputs, gradient, weight(l).value.data(), passed);
    if (shape_.dropout > 0)
      ops_.dropout(context_, passed, passed, count, shape_.dropout, training.seed, static_cast<std::uint32_t>(l - 1),
                   training.state);
    ops_.activation_backward(context_, shape_.activation, passed, passed, below.activated.data(), below.before.data(),
                             count);
  }
}

void Mlp::evaluate(const float* x, const std::int32_t* labels, int rows, float* loss, std::int32_t* correct) {
  const float* logits = forward(x, rows, nullptr);
  ops_.softmax_cross_entropy(context_, loss, correct, nullptr, logits, labels, rows, shape_.classes);
}

void Mlp::forward_backward(const float* x, const std::int32_t* labels, int rows, float* loss, std::int32_t* correct,
                           std::uint64_t seed, const kernels::StepState* state) {
  const Training training{seed, state};
  const float* logits = forward(x, rows, &training);
  ops_.softmax_cross_entropy(context_, loss, correct, layers_.back().gradient.data(), logits, labels, rows,
                             shape_.classes);
  backward(x, rows, training);
}

}  // namespace trainer
