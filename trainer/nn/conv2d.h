// A convolution over images, with bias and activation or, where batch norm follows, without. Callers: the models.
#pragma once

#include "trainer/nn/biased_output.h"
#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

class Conv2d final : public Layer {
 public:
  struct Options {
    int channels = 1;  ///< of the output
    int kernel = 3;
    int stride = 1;
    bool pads = true;  ///< the output is the input's size over the stride, rounded up; the odd zero lies behind
    bool has_bias = true;
    kernels::Activation activation = kernels::Activation::kNone;  ///< with a bias alone
  };

  /// Shapes: weight channels × kernel × kernel × input channels, bias channels. Errors: as Builder's; UserError where
  /// the kernel is larger than the image and nothing is padded.
  Conv2d(Builder&, const Shape& input, Options);

  Shape output() const override { return {shape_.out_height, shape_.out_width, shape_.filters}; }
  const float* forward(const Pass&, const float* in) override;
  void backward(const Pass&, const float* in, const float* gradient, float* in_gradient) override;
  float* droppable_output() override { return output_.droppable(); }
  float* replaceable_output() override { return output_.replaceable(); }

 private:
  kernels::Conv2dShape shape_for(int rows) const;

  const kernels::Backend& ops_;
  kernels::Context& context_;
  kernels::Conv2dShape shape_;  ///< for a batch of one
  Weights weight_;
  BiasedOutput output_;
};

}  // namespace trainer
