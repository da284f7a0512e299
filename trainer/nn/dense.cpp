// See dense.h.
#include "trainer/nn/dense.h"

namespace trainer {

using kernels::Transpose;

Dense::Dense(Builder& builder, const Shape& input, int outputs, Options options)
    : ops_(builder.ops),
      context_(builder.context),
      inputs_(input.channels),
      weight_(
          builder.parameter("weight", {outputs, inputs_}, {Start::Kind::kWeights, inputs_, outputs, options.scale})),
      output_(builder, {input.height, input.width, outputs}, options.activation,
              builder.parameter("bias", {outputs}, {})) {}

const float* Dense::forward(const Pass& pass, const float* in) {
  const Shape shape = output();
  const int rows = pass.rows * shape.positions();
  const auto in_one_call = [&](kernels::Activation activation, float* out, const float* bias) {
    return ops_.fused_dense &&
           ops_.fused_dense(context_, activation, out, in, weight_.value, bias, rows, shape.channels, inputs_);
  };
  if (const float* const out = output_.fused(in_one_call)) return out;
  ops_.gemm(context_, Transpose::kNT, rows, shape.channels, inputs_, in, weight_.value, output_.products());
  return output_.forward(pass);
}

void Dense::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  const Shape shape = output();
  const int rows = pass.rows * shape.positions();
  if (const float* const fused = output_.fused_dense_backward(pass, in, gradient, weight_, inputs_)) {
    gradient = fused;
  } else {
    gradient = output_.backward(pass, gradient);
    if (weight_.gradient)
      ops_.gemm(context_, Transpose::kTN, shape.channels, inputs_, rows, gradient, in, weight_.gradient);
  }
  if (in_gradient)
    ops_.gemm(context_, Transpose::kNN, rows, inputs_, shape.channels, gradient, weight_.value, in_gradient);
}

}  // namespace trainer
