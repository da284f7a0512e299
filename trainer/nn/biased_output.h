// What stands behind the products of a layer: bias and activation, the results' memory, and the way back. Callers:
// dense.cpp, conv2d.cpp; batch_norm.cpp for is_droppable.
#pragma once

#include "trainer/nn/builder.h"
#include "trainer/nn/layer.h"

namespace trainer {

/// Whether a dropout may do its work in the memory of an activation's results. tanh and sigmoid take their derivative
/// from their result as it was. relu's is the same from one that was dropped (there the gradient is zero already), and
/// gelu's comes from what it was given.
inline bool is_droppable(kernels::Activation activation) {
  return activation != kernels::Activation::kTanh && activation != kernels::Activation::kSigmoid;
}

class BiasedOutput {
 public:
  /// `bias` as long as the output has channels; without one (a null value) there is no activation either.
  BiasedOutput(Builder& builder, const Shape& output, kernels::Activation activation, Weights bias);

  const Shape& shape() const { return shape_; }

  /// Where the products go. Shapes: rows × output.
  float* products() { return sums_.data() ? sums_.data() : out_.data(); }

  /// After the products: the layer's results.
  const float* forward(const Pass& pass);

  /// The results of the whole layer, where one call computes them: `call(activation, out, bias)`, which answers whether
  /// it has. Else null, and nothing was done.
  template <class Call>
  const float* fused(Call&& call) {
    return bias_.value && call(activation_, out_.data(), bias_.value) ? out_.data() : nullptr;
  }
  /// The same of a dense layer's backward(): overwrites the gradients of bias and weight.
  const float* fused_dense_backward(const Pass& pass, const float* in, const float* gradient, const Weights& weight,
                                    int inputs);

  /// The gradient of the products, from that of the results; overwrites the bias's.
  const float* backward(const Pass& pass, const float* gradient);

  float* droppable();
  /// The results' memory where backward() does not read it, else null.
  float* replaceable() { return sums_gradient_ ? nullptr : out_.data(); }

 private:
  int rows(const Pass& pass) const { return pass.rows * shape_.positions(); }

  const kernels::Backend& ops_;
  kernels::Context& context_;
  Shape shape_;
  kernels::Activation activation_;
  Weights bias_;
  kernels::Buffer<float> sums_;  ///< before the activation; gelu alone needs them again
  kernels::Buffer<float> out_;
  Shared sums_gradient_;  ///< null without an activation
};

}  // namespace trainer
