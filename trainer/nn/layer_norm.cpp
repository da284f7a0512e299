// See layer_norm.h.
#include "trainer/nn/layer_norm.h"

namespace trainer {
namespace {

constexpr float kEpsilon = 1e-5f;

kernels::Buffer<float> numbers(const Builder& builder, int count) {
  return {builder.ops, builder.context, static_cast<std::size_t>(count)};
}

Shape one_each(const Shape& shape) { return {shape.height, shape.width, 1}; }

}  // namespace

LayerNorm::LayerNorm(Builder& builder, const Shape& input)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(input),
      gain_(builder.parameter("weight", {input.channels}, {Start::Kind::kOne})),
      shift_(builder.parameter("bias", {input.channels}, {})),
      out_(builder.results(input)),
      mean_(builder.results(one_each(input))),
      inverse_deviation_(builder.results(one_each(input))),
      unwanted_(builder.scratch(input)),
      unwanted_gain_(gain_.gradient ? kernels::Buffer<float>() : numbers(builder, input.channels)),
      unwanted_shift_(shift_.gradient ? kernels::Buffer<float>() : numbers(builder, input.channels)) {}

const float* LayerNorm::forward(const Pass& pass, const float* in) {
  ops_.layer_norm(context_, out_.data(), mean_.data(), inverse_deviation_.data(), in, gain_.value, shift_.value,
                  pass.rows * shape_.positions(), shape_.channels, kEpsilon);
  return out_.data();
}

void LayerNorm::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  ops_.layer_norm_backward(context_, in_gradient ? in_gradient : unwanted_->data(),
                           gain_.gradient ? gain_.gradient : unwanted_gain_.data(),
                           shift_.gradient ? shift_.gradient : unwanted_shift_.data(), gradient, in, gain_.value,
                           mean_.data(), inverse_deviation_.data(), pass.rows * shape_.positions(), shape_.channels);
}

}  // namespace trainer
