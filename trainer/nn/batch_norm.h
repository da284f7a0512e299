// Batch normalisation of each channel, the activation behind it, and max pooling behind that where the back end has the
// three as one op. In training a row's result depends on the batch; in evaluation the running statistics stand for it.
// Callers: the models.
// Source: Ioffe, Szegedy, "Batch normalization" (2015).
#pragma once

#include <optional>

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class BatchNorm final : public Layer {
 public:
  /// Shapes: any input, output the same; weight (gamma), bias (beta) and the states running_mean and running_variance
  /// channels. Errors: as Builder's; UserError for batches of more than 2^24 positions.
  /// With `pooling`, of a batch of one, the output is that of the pooling. Requires: can_pool() then.
  BatchNorm(Builder&, const Shape& input, kernels::Activation,
            const std::optional<kernels::Pool2dShape>& pooling = std::nullopt);

  /// Whether the layer may take over the pooling; as a layer of its own it gives the same bits.
  static bool can_pool(const kernels::Backend&, kernels::Activation, const kernels::Pool2dShape& pooling);

  Shape output() const override;
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  bool goes_back_in_place() const override { return !pooling_; }
  bool goes_back_over_input() const override { return pooling_.has_value(); }
  float* droppable_output() override;

 private:
  const float* forward_pooled(const Pass&, const float* in);
  kernels::Pool2dShape pooling_for(int rows) const;

  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape shape_;
  kernels::Activation activation_;
  std::optional<kernels::Pool2dShape> pooling_;
  Weights gamma_;
  Weights beta_;
  Weights running_mean_;
  Weights running_variance_;
  kernels::Buffer<float> out_;
  kernels::Buffer<std::int32_t> winners_;  ///< of the pooling
  kernels::Buffer<float> mean_;            ///< of the batch
  kernels::Buffer<float> inverse_deviation_;
  Shared unwanted_;                                        ///< the input's gradient, where nobody asks for it
  kernels::Buffer<float> unwanted_gamma_, unwanted_beta_;  ///< of frozen ones: the op computes them
};

}  // namespace trainer
