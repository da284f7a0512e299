// A fully connected layer and its activation: out = activation(in · Wᵀ + b), at each position of a sample. Callers: the
// models.
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Dense final : public Layer {
 public:
  struct Options {
    kernels::Activation activation = kernels::Activation::kNone;
    float scale = 1.0f;  ///< of the initial weights
  };

  /// Shapes: input of any height and width; output the same with `outputs` channels; weight outputs × channels, bias
  /// outputs. Errors: as Builder's.
  Dense(Builder&, const Shape& input, int outputs, Options);

  Shape output() const override { return output_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override;

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  int inputs_;
  Shape output_;
  kernels::Activation activation_;
  Weights weight_;
  Weights bias_;
  kernels::Buffer<float> sums_;  ///< before the activation; gelu alone needs them again
  kernels::Buffer<float> out_;
  Shared sums_gradient_;  ///< null without an activation
};

}  // namespace trainer
