// Layer normalisation: each position's numbers are centred and scaled, then given a gain and a shift. Callers: the
// models. Source: Ba, Kiros, Hinton, "Layer normalization" (2016).
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class LayerNorm final : public Layer {
 public:
  /// Shapes: any input, output the same; weight (gain) and bias (shift) channels.
  LayerNorm(Builder&, const Shape& input);

  Shape output() const override { return shape_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape shape_;
  Weights gain_;
  Weights shift_;
  kernels::Buffer<float> out_;
  kernels::Buffer<float> mean_;
  kernels::Buffer<float> inverse_deviation_;
  Shared unwanted_;  ///< for an input gradient that nobody wants: the op computes it
  kernels::Buffer<float> unwanted_gain_, unwanted_shift_;  ///< the same of frozen ones
};

}  // namespace trainer
