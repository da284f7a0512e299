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

kernels::Buffer<std::int32_t> winners_of(const Builder& builder, const Shape& output) {
  return {builder.ops, builder.context,
          static_cast<std::size_t>(builder.training_rows()) * static_cast<std::size_t>(output.count())};
}

}  // namespace

bool BatchNorm::can_pool(const kernels::Backend& ops, Activation activation, const kernels::Pool2dShape& pooling) {
  const bool is_computed_anew =
      activation == Activation::kNone || activation == Activation::kRelu || activation == Activation::kGelu;
  return ops.batch_norm_max_pool != nullptr && is_computed_anew && pooling.stride >= pooling.window_height &&
         pooling.stride >= pooling.window_width;
}

BatchNorm::BatchNorm(Builder& builder, const Shape& input, Activation activation,
                     const std::optional<kernels::Pool2dShape>& pooling)
    : ops_(builder.ops),
      context_(builder.context),
      shape_(input),
      activation_(activation),
      pooling_(pooling),
      gamma_(builder.parameter("weight", {input.channels}, {Start::Kind::kOne})),
      beta_(builder.parameter("bias", {input.channels}, {})),
      running_mean_(builder.state("running_mean", {input.channels}, {})),
      running_variance_(builder.state("running_variance", {input.channels}, {Start::Kind::kOne})),
      out_(builder.results(output())),
      winners_(pooling ? winners_of(builder, output()) : kernels::Buffer<std::int32_t>()),
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

Shape BatchNorm::output() const {
  return pooling_ ? Shape{pooling_->out_height, pooling_->out_width, pooling_->channels} : shape_;
}

kernels::Pool2dShape BatchNorm::pooling_for(int rows) const {
  kernels::Pool2dShape shape = *pooling_;
  shape.batch = rows;
  return shape;
}

const float* BatchNorm::forward_pooled(const Pass& pass, const float* in) {
  const kernels::Pool2dShape pooling = pooling_for(pass.rows);
  if (pass.mode == Mode::kTraining)
    ops_.batch_norm_max_pool(context_, activation_, pooling, out_.data(), winners_.data(), mean_.data(),
                             inverse_deviation_.data(), running_mean_.value, running_variance_.value, in, gamma_.value,
                             beta_.value, kEpsilon, kMomentum);
  else
    ops_.batch_norm_max_pool_evaluate(context_, activation_, pooling, out_.data(), in, gamma_.value, beta_.value,
                                      running_mean_.value, running_variance_.value, kEpsilon);
  return out_.data();
}

const float* BatchNorm::forward(const Pass& pass, const float* in) {
  if (pooling_) return forward_pooled(pass, in);
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
  float* const dx = in_gradient ? in_gradient : unwanted_->data();
  float* const dgamma = gamma_.gradient ? gamma_.gradient : unwanted_gamma_.data();
  float* const dbeta = beta_.gradient ? beta_.gradient : unwanted_beta_.data();
  if (pooling_)
    ops_.batch_norm_max_pool_backward(context_, activation_, pooling_for(pass.rows), dx, dgamma, dbeta, gradient,
                                      winners_.data(), in, gamma_.value, beta_.value, mean_.data(),
                                      inverse_deviation_.data());
  else
    ops_.batch_norm_backward(context_, activation_, dx, dgamma, dbeta, gradient, out_.data(), in, gamma_.value,
                             beta_.value, mean_.data(), inverse_deviation_.data(), pass.rows * shape_.positions(),
                             shape_.channels);
}

float* BatchNorm::droppable_output() { return pooling_ || is_droppable(activation_) ? out_.data() : nullptr; }

}  // namespace trainer
