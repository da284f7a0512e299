// See optimizer.h.
#include "trainer/optim/optimizer.h"

namespace trainer {

OptimizerState::OptimizerState(const kernels::Backend& ops, kernels::Context& context,
                               kernels::OptimizerSettings settings, float clip_norm,
                               const std::vector<Parameter>& parameters)
    : ops_(ops), context_(context), settings_(settings), clip_norm_(clip_norm) {
  if (clip_norm_ > 0) squares_ = kernels::Buffer<float>(ops_, context_, parameters.size());
  const auto zeros = [&](const Parameter& of) {
    const std::size_t count = of.value.size();
    kernels::Buffer<float> buffer(ops_, context_, count, "moments of " + of.name);
    ops_.set_zero(context_, buffer.data(), count * sizeof(float));
    return buffer;
  };
  for (const Parameter& parameter : parameters) {
    Moments moments{zeros(parameter), {}};
    if (kernels::has_second_moment(settings_.kind)) moments.second = zeros(parameter);
    moments_.push_back(std::move(moments));
  }
}

void OptimizerState::update(std::vector<Parameter>& parameters, kernels::StepState* state,
                            std::uint64_t* fingerprints) {
  if (clip_norm_ > 0) clip(parameters, state);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Parameter& p = parameters[i];
    ops_.optimizer_update(context_, settings_, state, p.value.data(), moments_[i].first.data(),
                          moments_[i].second.data(), p.gradient.data(), p.count(), p.id,
                          fingerprints ? fingerprints + i : nullptr);
  }
}

void OptimizerState::clip(const std::vector<Parameter>& parameters, kernels::StepState* state) {
  for (std::size_t i = 0; i < parameters.size(); ++i)
    ops_.sum_of_squares(context_, squares_.data() + i, parameters[i].gradient.data(), parameters[i].count());
  ops_.clip_gradients(context_, state, squares_.data(), static_cast<int>(parameters.size()), clip_norm_);
}

}  // namespace trainer
