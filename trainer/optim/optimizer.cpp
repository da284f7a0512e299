// See optimizer.h.
#include "trainer/optim/optimizer.h"

namespace trainer {

OptimizerState::OptimizerState(const kernels::Backend& ops, kernels::Context& context,
                               kernels::OptimizerSettings settings, const std::vector<Parameter>& parameters)
    : ops_(ops), context_(context), settings_(settings) {
  const auto zeros = [&](std::size_t count) {
    kernels::Buffer<float> buffer(ops_, context_, count);
    ops_.set_zero(context_, buffer.data(), count * sizeof(float));
    return buffer;
  };
  for (const Parameter& parameter : parameters) {
    const std::size_t count = parameter.value.size();
    Moments moments{zeros(count), {}};
    if (settings_.kind != kernels::Optimizer::kSgd) moments.second = zeros(count);
    moments_.push_back(std::move(moments));
  }
}

void OptimizerState::update(std::vector<Parameter>& parameters, const kernels::StepState* state,
                            std::uint64_t* fingerprints) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Parameter& p = parameters[i];
    ops_.optimizer_update(context_, settings_, state, p.value.data(), moments_[i].first.data(),
                          moments_[i].second.data(), p.gradient.data(), p.count(), p.id,
                          fingerprints ? fingerprints + i : nullptr);
  }
}

}  // namespace trainer
