// Layers one after another, as one layer. Callers: the models and network.cpp.
#pragma once

#include <memory>
#include <vector>

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Sequential final : public Layer {
 public:
  /// `depth`: how many sequences this one is a part of.
  explicit Sequential(const Shape& input, int depth = 0) : input_(input), depth_(depth) {}

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
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return layers_.empty() ? nullptr : layers_.back()->droppable_output(); }

  /// The newest layer. Requires: there is one.
  Layer& last() { return *layers_.back(); }

 private:
  Shape input_;
  int depth_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<const float*> inputs_;  ///< what each layer was given in the last forward
  float* gradient_of_output(std::size_t layer) const;

  /// Of each layer's output but the last one's, in two places; null where it lies over the output itself.
  std::vector<Shared> gradients_;
};

}  // namespace trainer
