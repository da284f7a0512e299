// What each character of a text is and where it stands, as numbers that are learned. The first layer of a text model:
// it reads the pass's tokens and no numbers. Callers: the models.
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Embedding final : public Layer {
 public:
  /// Shapes: tokens of `length` places; output length × 1 × width; weight vocabulary × width, positions length × width.
  Embedding(Builder&, int length, int vocabulary, int width);

  Shape output() const override { return output_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return out_.data(); }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  int vocabulary_;
  Shape output_;
  Weights table_;
  Weights places_;
  kernels::Buffer<float> out_;
};

}  // namespace trainer
