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
    if (!parameter.is_trained()) {
      moments_.emplace_back();
      continue;
    }
    Moments moments{zeros(parameter), {}};
    if (kernels::has_second_moment(settings_.kind)) moments.second = zeros(parameter);
    moments_.push_back(std::move(moments));
  }
}

void OptimizerState::update(std::vector<Parameter>& parameters, kernels::StepState* state,
                            std::uint64_t* fingerprints) {
  std::vector<kernels::OptimizedTensor> tensors;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Parameter& p = parameters[i];
    kernels::OptimizedTensor tensor{p.value.data(), nullptr, nullptr, nullptr, p.count(), p.id};
    if (p.is_trained()) {
      tensor.m = moments_[i].first.data();
      tensor.v = moments_[i].second.data();
      tensor.gradient = p.gradient.data();
    }
    tensors.push_back(tensor);
  }
  kernels::update_all(ops_, context_, settings_, state, tensors, clip_norm_, squares_.data(), fingerprints);
}

}  // namespace trainer
