// Causal attention over queries, keys and values that a dense layer has made. It has no parameters. Callers: the
// models. Source: Vaswani et al., "Attention is all you need" (2017).
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Attention final : public Layer {
 public:
  /// Shapes: input length × 1 × 3·width; output length × 1 × width. Requires: `heads` divides width.
  Attention(Builder&, const Shape& input, int heads);

  Shape output() const override { return output_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return out_.data(); }

 private:
  kernels::AttentionShape shape_of(const Pass&) const;

  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape output_;
  int heads_;
  kernels::Buffer<float> out_;
  kernels::Buffer<float> weights_;  ///< of each head: what each place takes from each other
  Shared weights_gradient_;
};

}  // namespace trainer
