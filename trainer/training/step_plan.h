// What the device must know of the steps to come, uploaded for many of them at once: a step then begins without the
// host. Callers: loop.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/backends.h"

namespace trainer {

class StepPlan {
 public:
  /// Room for `steps` steps. Errors: kernels::OutOfMemory.
  StepPlan(const kernels::Backend& ops, kernels::Context& context, std::uint64_t steps)
      : ops_(ops), context_(context), states_(ops, context, steps + 1, "the plan of the steps"), given_(steps + 1) {}

  /// Steps that a plan holds.
  std::uint64_t capacity() const { return given_.size() - 1; }

  /// state_of(i) is the state of the i-th of the next `steps` steps. Requires: what was planned before has been done,
  /// and waited for; steps ≤ capacity().
  template <class StateOf>
  void make(std::uint64_t steps, StateOf&& state_of) {
    given_[0] = {};
    for (std::uint64_t i = 0; i < steps; ++i) {
      given_[i + 1] = state_of(i);
      given_[i + 1].begun = static_cast<std::uint32_t>(i + 1);
    }
    ops_.copy_to_device(context_, states_.data(), given_.data(), (steps + 1) * sizeof(kernels::StepState));
  }

  /// The next step begins.
  void begin() { ops_.next_step(context_, states_.data(), states_.data() + 1); }

  /// Of the step that has begun; device.
  kernels::StepState* now() { return states_.data(); }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  kernels::Buffer<kernels::StepState> states_;  ///< the present one, then the plan
  std::vector<kernels::StepState> given_;       ///< the host's; a copy may be under way until the device is waited for
};

}  // namespace trainer
