// See dense.h.
#include "trainer/nn/dense.h"

namespace trainer {

using kernels::Activation;
using kernels::Transpose;

Dense::Dense(Builder& builder, const Shape& input, int outputs, Options options)
    : ops_(builder.ops),
      context_(builder.context),
      inputs_(input.channels),
      output_{input.height, input.width, outputs},
      activation_(options.activation),
      weight_(
          builder.parameter("weight", {outputs, inputs_}, {Start::Kind::kWeights, inputs_, outputs, options.scale})),
      bias_(builder.parameter("bias", {outputs}, {})),
      sums_(activation_ == Activation::kGelu ? builder.results(output_) : kernels::Buffer<float>()),
      out_(builder.results(output_)),
      sums_gradient_(activation_ == Activation::kNone ? nullptr : builder.scratch(output_)) {}

const float* Dense::forward(const Pass& pass, const float* in) {
  const int rows = pass.rows * output_.positions();
  float* const sums = sums_.data() ? sums_.data() : out_.data();
  ops_.gemm(context_, Transpose::kNT, rows, output_.channels, inputs_, in, weight_.value, sums);
  ops_.bias_activation(context_, activation_, out_.data(), sums_.data(), sums, bias_.value, rows, output_.channels);
  return out_.data();
}

void Dense::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  const int rows = pass.rows * output_.positions();
  if (sums_gradient_) {
    ops_.activation_backward(context_, activation_, sums_gradient_->data(), gradient, out_.data(), sums_.data(),
                             rows * output_.channels);
    gradient = sums_gradient_->data();
  }
  ops_.gemm(context_, Transpose::kTN, output_.channels, inputs_, rows, gradient, in, weight_.gradient);
  ops_.column_sum(context_, bias_.gradient, gradient, rows, output_.channels);
  if (in_gradient)
    ops_.gemm(context_, Transpose::kNN, rows, inputs_, output_.channels, gradient, weight_.value, in_gradient);
}

// tanh and sigmoid take their derivative from their result as it was. relu's is the same from one that was dropped
// (there the gradient is zero already), and gelu's comes from the sums.
float* Dense::droppable_output() {
  const bool reads_result = activation_ == Activation::kTanh || activation_ == Activation::kSigmoid;
  return reads_result ? nullptr : out_.data();
}

}  // namespace trainer
