// See batch_norm.h.
#include "trainer/nn/batch_norm.h"

#include "core/error.h"
#include "trainer/nn/biased_output.h"

namespace trainer {

using kernels::Activation;

namespace {

constexpr float kEpsilon = 1e-5f;
constexpr float kMomentum = 0.1f;
constexpr std::int64_t kMaxPositions = std::int64_t{1} << 24;

kernels::Buffer<float> one_each(const Builder& builder, int channels) {
  return {builder.ops, builder.context, static_cast<std::size_t>(channels)};
}

}  // namespace

BatchNorm::BatchNorm(Builder& builder, const Shape& input, Activation activation)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(input),
      activation_(activation),
      gamma_(builder.parameter("weight", {input.channels}, {Start::Kind::kOne})),
      beta_(builder.parameter("bias", {input.channels}, {})),
      running_mean_(builder.state("running_mean", {input.channels}, {})),
      running_variance_(builder.state("running_variance", {input.channels}, {Start::Kind::kOne})),
      out_(builder.results(input)),
      mean_(one_each(builder, input.channels)),
      inverse_deviation_(one_each(builder, input.channels)),
      unwanted_(builder.scratch(input)),
      unwanted_gamma_(gamma_.gradient ? kernels::Buffer<float>() : one_each(builder, input.channels)),
      unwanted_beta_(beta_.gradient ? kernels::Buffer<float>() : one_each(builder, input.channels)) {
  if (std::int64_t{builder.training_rows()} * input.positions() > kMaxPositions)
    throw core::UserError("config.batch_size",
                          builder.scope() + " would normalise over " + std::to_string(builder.training_rows()) +
                              " images of " + std::to_string(input.positions()) + " positions, it can over 2^24",
                          "take smaller batches");
}

const float* BatchNorm::forward(const Pass& pass, const float* in) {
  const int rows = pass.rows * shape_.positions();
  if (pass.mode == Mode::kTraining)
    ops_.batch_norm(context_, activation_, out_.data(), mean_.data(), inverse_deviation_.data(), running_mean_.value,
                    running_variance_.value, in, gamma_.value, beta_.value, rows, shape_.channels, kEpsilon, kMomentum);
  else
    ops_.batch_norm_evaluate(context_, activation_, out_.data(), in, gamma_.value, beta_.value, running_mean_.value,
                             running_variance_.value, rows, shape_.channels, kEpsilon);
  return out_.data();
}

void BatchNorm::backward(const Pass& pass, const float* in, const float* gradient, float* in_gradient) {
  ops_.batch_norm_backward(context_, activation_, in_gradient ? in_gradient : unwanted_->data(),
                           gamma_.gradient ? gamma_.gradient : unwanted_gamma_.data(),
                           beta_.gradient ? beta_.gradient : unwanted_beta_.data(), gradient, out_.data(), in,
                           gamma_.value, beta_.value, mean_.data(), inverse_deviation_.data(),
                           pass.rows * shape_.positions(), shape_.channels);
}

float* BatchNorm::droppable_output() { return is_droppable(activation_) ? out_.data() : nullptr; }

}  // namespace trainer
