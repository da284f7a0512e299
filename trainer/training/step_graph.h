// The calls of a training step, recorded once and replayed from then on. Callers: loop.cpp. It knows nothing of what
// they do.
//
// Determinism: a replay computes what the calls would.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "kernels/backends.h"

namespace trainer {

class StepGraph {
 public:
  /// Without `records` every step makes its calls: an error of a kernel then names its op.
  StepGraph(const kernels::Backend& ops, kernels::Context& context, bool records)
      : ops_(ops), context_(context), records_(records) {}

  /// Runs calls(), a sequence that is a function of `rows`, the samples of the batch, and of `traced` alone. The first
  /// time they are made as they stand, so that the device gets ready whatever it needs, and the second time recorded.
  void run(int rows, bool traced, const std::function<void()>& calls);

 private:
  struct Step {
    bool has_run = false;
    std::unique_ptr<kernels::Recording> recording;
  };

  const kernels::Backend& ops_;
  kernels::Context& context_;
  bool records_;
  std::map<std::pair<int, bool>, Step> steps_;  ///< four at most: the last batch of an epoch may be shorter
};

}  // namespace trainer
