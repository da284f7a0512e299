// See biased_output.h.
#include "trainer/nn/biased_output.h"

#include "core/error.h"

namespace trainer {

using kernels::Activation;

BiasedOutput::BiasedOutput(Builder& builder, const Shape& output, Activation activation, Weights bias)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(output),
      activation_(activation),
      bias_(bias),
      sums_(activation == Activation::kGelu ? builder.results(output) : kernels::Buffer<float>()),
      out_(builder.results(output)),
      sums_gradient_(activation == Activation::kNone ? nullptr : builder.scratch(output)) {
  core::check(bias_.value || activation == Activation::kNone, "an activation without a bias");
}

const float* BiasedOutput::forward(const Pass& pass) {
  if (bias_.value)
    ops_.bias_activation(context_, activation_, out_.data(), sums_.data(), products(), bias_.value, rows(pass),
                         shape_.channels);
  return out_.data();
}

const float* BiasedOutput::fused_dense_backward(const Pass& pass, const float* in, const float* gradient,
                                                const Weights& weight, int inputs) {
  if (!ops_.fused_dense_backward || !bias_.gradient || !weight.gradient) return nullptr;
  float* const sums_gradient = sums_gradient_ ? sums_gradient_->data() : nullptr;
  if (!ops_.fused_dense_backward(context_, activation_, sums_gradient, bias_.gradient, weight.gradient, gradient,
                                 out_.data(), sums_.data(), in, rows(pass), shape_.channels, inputs))
    return nullptr;
  return sums_gradient ? sums_gradient : gradient;
}

const float* BiasedOutput::backward(const Pass& pass, const float* gradient) {
  if (sums_gradient_) {
    ops_.activation_backward(context_, activation_, sums_gradient_->data(), bias_.gradient, gradient, out_.data(),
                             sums_.data(), rows(pass), shape_.channels);
    return sums_gradient_->data();
  }
  if (bias_.gradient) ops_.column_sum(context_, bias_.gradient, gradient, rows(pass), shape_.channels);
  return gradient;
}

// Batch norm reads what a convolution without a bias gave.
float* BiasedOutput::droppable() { return bias_.value && is_droppable(activation_) ? out_.data() : nullptr; }

}  // namespace trainer
