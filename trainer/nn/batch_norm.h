// Batch normalisation of each channel, and the activation behind it. In training a row's result depends on the batch;
// in evaluation the running statistics stand for it. Callers: the models.
// Source: Ioffe, Szegedy, "Batch normalization" (2015).
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class BatchNorm final : public Layer {
 public:
  /// Shapes: any input, output the same; weight (gamma), bias (beta) and the states running_mean and running_variance
  /// channels. Errors: as Builder's; UserError for batches of more than 2^24 positions.
  BatchNorm(Builder&, const Shape& input, kernels::Activation);

  Shape output() const override { return shape_; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  bool goes_back_in_place() const override { return true; }
  float* droppable_output() override;

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape shape_;
  kernels::Activation activation_;
  Weights gamma_;
  Weights beta_;
  Weights running_mean_;
  Weights running_variance_;
  kernels::Buffer<float> out_;
  kernels::Buffer<float> mean_;  ///< of the batch
  kernels::Buffer<float> inverse_deviation_;
  Shared unwanted_;                                        ///< the input's gradient, where nobody asks for it
  kernels::Buffer<float> unwanted_gamma_, unwanted_beta_;  ///< of frozen ones: the op computes them
};

}  // namespace trainer
