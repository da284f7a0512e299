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
  if (clip_norm_ > 0) clip(parameters, state);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    Parameter& p = parameters[i];
    std::uint64_t* const print = fingerprints ? fingerprints + i : nullptr;
    if (p.is_trained())
      ops_.optimizer_update(context_, settings_, state, p.value.data(), moments_[i].first.data(),
                            moments_[i].second.data(), p.gradient.data(), p.count(), p.id, print);
    else if (print)
      ops_.fingerprint(context_, p.value.data(), p.count(), p.id, print);
  }
}

void OptimizerState::clip(const std::vector<Parameter>& parameters, kernels::StepState* state) {
  int gradients = 0;
  for (const Parameter& p : parameters)
    if (p.is_trained()) ops_.sum_of_squares(context_, squares_.data() + gradients++, p.gradient.data(), p.count());
  ops_.clip_gradients(context_, state, squares_.data(), gradients, clip_norm_);
}

}  // namespace trainer
