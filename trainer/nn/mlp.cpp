// The model mlp: fully connected layers, each with activation and dropout, and a linear one that predicts.
#include "trainer/nn/dense.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/models.h"

namespace trainer {

void add_dense_layers(Builder& builder, Sequential& layers, const Hyperparameters& h, const std::vector<int>& sizes,
                      const std::string& name, int outputs) {
  Shape shape{1, 1, layers.output().count()};
  const auto add = [&](std::size_t l, int size, Dense::Options options) {
    builder.within(name + "." + std::to_string(l), [&] { layers.add<Dense>(builder, shape, size, options); });
    shape = layers.output();
  };
  for (std::size_t l = 0; l < sizes.size(); ++l) {
    add(l, sizes[l], {h.activation, 1.0f});
    if (h.dropout > 0) layers.add<Dropout>(builder, layers.last(), static_cast<float>(h.dropout));
  }
  add(sizes.size(), outputs, {kernels::Activation::kNone, kLastLayerScale});
}

void build_mlp(Builder& builder, Sequential& layers, const Hyperparameters& h, int outputs) {
  add_dense_layers(builder, layers, h, h.hidden, "layers", outputs);
}

}  // namespace trainer
