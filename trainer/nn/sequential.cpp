// See sequential.h.
#include "trainer/nn/sequential.h"

#include "core/error.h"

namespace trainer {

// Two places are enough: a layer's input gradient is written while that of its output is read, and no other is alive.
// One is enough where the layer goes back in place; the gradient of the last layer's output is not ours to write to.
// None is needed where a gradient may take the place of what it is the gradient of: that is near, too, for it was just
// read.
void Sequential::finish(Builder& builder) {
  if (layers_.empty()) return;
  gradients_.resize(layers_.size() - 1);
  int turn = 0;
  for (std::size_t l = gradients_.size(); l-- > 0;) {
    if (layers_[l + 1]->goes_back_over_input() && layers_[l]->replaceable_output()) continue;
    const bool in_place = l + 1 < gradients_.size() && gradients_[l + 1] && layers_[l + 1]->goes_back_in_place();
    if (!in_place) turn = 1 - turn;
    gradients_[l] = builder.between(depth_, turn, layers_[l]->output());
  }
}

const float* Sequential::forward(const Pass& pass, const float* in) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    inputs_[l] = in;
    in = layers_[l]->forward(pass, in);
  }
  return in;
}

float* Sequential::gradient_of_output(std::size_t layer) const {
  return gradients_[layer] ? gradients_[layer]->data() : layers_[layer]->replaceable_output();
}

void Sequential::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  core::check(!layers_.empty() && inputs_[0] == in, "a backward without its forward");
  for (std::size_t l = layers_.size(); l-- > 0;) {
    float* const below = l == 0 ? in_gradient : gradient_of_output(l - 1);
    layers_[l]->backward(pass, inputs_[l], gradient, below);
    gradient = below;
  }
}

}  // namespace trainer
