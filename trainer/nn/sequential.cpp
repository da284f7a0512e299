// See sequential.h.
#include "trainer/nn/sequential.h"

#include "core/error.h"

namespace trainer {

// Two places are enough: a layer's input gradient is written while that of its output is read, and no other is alive.
void Sequential::finish(Builder& builder) {
  Shape widest[2];
  int turn = 0;
  for (std::size_t l = layers_.size(); l-- > 1;) {
    if (layers_[l]->passes_in_place()) continue;
    const Shape shape = layers_[l - 1]->output();
    if (shape.count() > widest[turn].count()) widest[turn] = shape;
    turn = 1 - turn;
  }
  for (int i = 0; i < 2; ++i)
    if (widest[i].channels > 0) gradients_[i] = builder.gradients(widest[i]);
}

const float* Sequential::forward(const Pass& pass, const float* in) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    inputs_[l] = in;
    in = layers_[l]->forward(pass, in);
  }
  return in;
}

void Sequential::backward(const Pass& pass, const float* in, float* gradient, float* in_gradient) {
  core::check(!layers_.empty() && inputs_[0] == in, "a backward without its forward");
  int turn = 0;
  for (std::size_t l = layers_.size(); l-- > 0;) {
    Layer& layer = *layers_[l];
    float* below = in_gradient;
    if (l > 0) below = layer.passes_in_place() ? gradient : gradients_[turn].data();
    if (l > 0 && !layer.passes_in_place()) turn = 1 - turn;
    layer.backward(pass, inputs_[l], gradient, below);
    gradient = below;
  }
}

}  // namespace trainer
