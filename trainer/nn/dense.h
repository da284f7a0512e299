// A fully connected layer and its activation: out = activation(in · Wᵀ + b), at each position of a sample. Callers: the
// models.
#pragma once

#include "trainer/nn/biased_output.h"
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

  Shape output() const override { return output_.shape(); }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return output_.droppable(); }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  int inputs_;
  Weights weight_;
  BiasedOutput output_;
};

}  // namespace trainer
