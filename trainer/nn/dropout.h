// Dropout: in training each element is zero with probability `rate`, the others are scaled so that the mean stays.
// Callers: the models. Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting"
// (2014), in its inverted form.
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Dropout final : public Layer {
 public:
  /// `below` is the layer whose output this one takes: its memory is used where it is to spare. Requires: rate > 0.
  Dropout(Builder&, Layer& below, float rate);

  Shape output() const override { return shape_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  bool goes_back_in_place() const override { return true; }
  float* droppable_output() override { return out_; }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape shape_;
  float rate_;
  std::uint32_t stream_;
  kernels::Buffer<float> own_;  ///< empty where the layer below lends its memory
  float* out_;
};

}  // namespace trainer
