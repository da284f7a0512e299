// See conv2d.h.
#include "trainer/nn/conv2d.h"

#include <algorithm>

#include "core/error.h"

namespace trainer {

namespace {

struct Side {
  int out;
  int pad;  ///< in front
};

Side side_of(int size, const Conv2d::Options& options) {
  if (!options.pads) return {(size - options.kernel) / options.stride + 1, 0};
  const int out = (size + options.stride - 1) / options.stride;
  const int padding = std::max(0, (out - 1) * options.stride + options.kernel - size);
  return {out, padding / 2};
}

kernels::Conv2dShape shape_of(const Builder& builder, const Shape& input, const Conv2d::Options& options) {
  if (!options.pads && (options.kernel > input.height || options.kernel > input.width))
    throw core::UserError("config.kernel",
                          builder.scope() + " would have a kernel of side " + std::to_string(options.kernel) +
                              " over images of " + std::to_string(input.height) + "×" + std::to_string(input.width),
                          "take a smaller kernel, fewer blocks, or padding same");
  const Side down = side_of(input.height, options), across = side_of(input.width, options);
  return {1,
          input.height,
          input.width,
          input.channels,
          options.channels,
          options.kernel,
          options.kernel,
          options.stride,
          down.pad,
          across.pad,
          down.out,
          across.out};
}

}  // namespace

Conv2d::Conv2d(Builder& builder, const Shape& input, Options options)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(shape_of(builder, input, options)),
      weight_(builder.parameter("weight", {options.channels, options.kernel, options.kernel, input.channels},
                                {Start::Kind::kWeights, options.kernel * options.kernel * input.channels,
                                 options.kernel * options.kernel * options.channels})),
      output_(builder, output(), options.activation,
              options.has_bias ? builder.parameter("bias", {options.channels}, {}) : Weights{}) {}

kernels::Conv2dShape Conv2d::shape_for(int rows) const {
  kernels::Conv2dShape shape = shape_;
  shape.batch = rows;
  return shape;
}

const float* Conv2d::forward(const Pass& pass, const float* in) {
  const auto in_one_call = [&](kernels::Activation activation, float* out, const float* bias) {
    return ops_.fused_conv2d &&
           ops_.fused_conv2d(context_, activation, shape_for(pass.rows), out, in, weight_.value, bias);
  };
  if (const float* const out = output_.fused(in_one_call)) return out;
  ops_.conv2d(context_, shape_for(pass.rows), output_.products(), in, weight_.value);
  return output_.forward(pass);
}

void Conv2d::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  gradient = output_.backward(pass, gradient);
  if (weight_.gradient) ops_.conv2d_filter(context_, shape_for(pass.rows), weight_.gradient, gradient, in);
  if (in_gradient) ops_.conv2d_data(context_, shape_for(pass.rows), in_gradient, gradient, weight_.value);
}

}  // namespace trainer
