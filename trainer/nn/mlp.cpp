// The model mlp: fully connected layers, each with activation and dropout, and a linear one that predicts.
#include "trainer/nn/dense.h"
#include "trainer/nn/dropout.h"
#include "trainer/nn/models.h"

namespace trainer {

void build_mlp(Builder& builder, Sequential& layers, const Hyperparameters& h, int outputs) {
  const auto scope = [](std::size_t l) { return "layers." + std::to_string(l); };
  Shape shape{1, 1, layers.output().count()};
  for (std::size_t l = 0; l < h.hidden.size(); ++l) {
    const Scope names(builder, scope(l));
    Layer& dense = layers.add<Dense>(builder, shape, h.hidden[l], Dense::Options{h.activation, 1.0f});
    if (h.dropout > 0) layers.add<Dropout>(builder, dense, static_cast<float>(h.dropout));
    shape = dense.output();
  }
  const Scope names(builder, scope(h.hidden.size()));
  layers.add<Dense>(builder, shape, outputs, Dense::Options{kernels::Activation::kNone, kLastLayerScale});
}

}  // namespace trainer
