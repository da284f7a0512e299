// One step of SGD, Adam or AdamW over all tensors of a network, and the moments that it remembers. Callers: training/,
// which also saves and restores the moments. The formulas are kernels/optimizer_formula.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backends.h"
#include "trainer/nn/builder.h"

namespace trainer {

/// What the optimizer remembers of one parameter.
struct Moments {
  kernels::Buffer<float> first;   ///< sgd: the running gradient
  kernels::Buffer<float> second;  ///< empty for sgd
};

class OptimizerState {
 public:
  /// All moments +0. Errors: kernels::OutOfMemory.
  OptimizerState(const kernels::Backend&, kernels::Context&, kernels::OptimizerSettings,
                 const std::vector<Parameter>& parameters);

  /// Updates every parameter from its gradient. `fingerprints` (device, one a parameter, or null) receives those of the
  /// new weights.
  void update(std::vector<Parameter>& parameters, const kernels::StepState* state, std::uint64_t* fingerprints);

  std::vector<Moments>& moments() { return moments_; }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  kernels::OptimizerSettings settings_;
  std::vector<Moments> moments_;
};

}  // namespace trainer
