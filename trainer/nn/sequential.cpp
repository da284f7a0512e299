// See sequential.h.
#include "trainer/nn/sequential.h"

#include "core/error.h"

namespace trainer {

// Two places are enough: a layer's input gradient is written while that of its output is read, and no other is alive.
void Sequential::finish(Builder& builder) {
  for (std::size_t l = 0; l + 1 < layers_.size(); ++l)
    gradients_.push_back(builder.between(depth_, static_cast<int>(l % 2), layers_[l]->output()));
}

const float* Sequential::forward(const Pass& pass, const float* in) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    inputs_[l] = in;
    in = layers_[l]->forward(pass, in);
  }
  return in;
}

void Sequential::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  core::check(!layers_.empty() && inputs_[0] == in, "a backward without its forward");
  for (std::size_t l = layers_.size(); l-- > 0;) {
    float* const below = l == 0 ? in_gradient : gradients_[l - 1]->data();
    layers_[l]->backward(pass, inputs_[l], gradient, below);
    gradient = below;
  }
}

}  // namespace trainer
