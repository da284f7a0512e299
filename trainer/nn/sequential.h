// Layers one after another, as one layer. Callers: the models and network.cpp.
#pragma once

#include <memory>
#include <vector>

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Sequential final : public Layer {
 public:
  explicit Sequential(const Shape& input) : input_(input) {}

  /// Appends a layer that takes output().
  template <class L, class... Arguments>
  L& add(Arguments&&... arguments) {
    auto made = std::make_unique<L>(std::forward<Arguments>(arguments)...);
    L& layer = *made;
    layers_.push_back(std::move(made));
    inputs_.push_back(nullptr);
    return layer;
  }

  /// Once all layers are there: memory for the gradients between them.
  void finish(Builder&);

  Shape output() const override { return layers_.empty() ? input_ : layers_.back()->output(); }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, float* gradient, float* in_gradient) override;
  float* spare_output() override { return layers_.empty() ? nullptr : layers_.back()->spare_output(); }

  /// The newest layer. Requires: there is one.
  Layer& last() { return *layers_.back(); }

 private:
  Shape input_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<const float*> inputs_;     ///< what each layer was given in the last forward
  kernels::Buffer<float> gradients_[2];  ///< by turns: of a layer's output, of its input
};

}  // namespace trainer
