// One step of an optimizer over all tensors of a network, their gradients clipped before, and the moments that it
// remembers. Callers: training/, which also saves and restores the moments. The formulas are
// kernels/optimizer_formula.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "trainer/nn/builder.h"

namespace trainer {

/// What the optimizer remembers of one parameter; of a frozen one nothing.
struct Moments {
  kernels::Buffer<float> first;   ///< sgd, lion: the running gradient; rmsprop: the running step
  kernels::Buffer<float> second;  ///< the running square; empty where there is none
};

class OptimizerState {
 public:
  /// All moments +0. clip_norm: the largest norm of all gradients together; 0 for any. Errors: kernels::OutOfMemory.
  OptimizerState(const kernels::Backend&, kernels::Context&, kernels::OptimizerSettings, float clip_norm,
                 const std::vector<Parameter>& parameters);

  /// Updates every parameter from its gradient, and leaves the frozen ones as they are. `fingerprints` (device, one a
  /// parameter, or null) receives those of the new weights. The norm of the gradients stays on the device:
  /// state->gradient_scale holds what they were scaled by.
  void update(std::vector<Parameter>& parameters, kernels::StepState* state, std::uint64_t* fingerprints);

  std::vector<Moments>& moments() { return moments_; }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  kernels::OptimizerSettings settings_;
  float clip_norm_;
  kernels::Buffer<float> squares_;  ///< of each gradient
  std::vector<Moments> moments_;
};

}  // namespace trainer
