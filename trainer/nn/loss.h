// What training makes small: the loss of a network's outputs against what they should have been. Callers: network.cpp.
#pragma once

#include <cstdint>

#include "kernels/backends.h"

namespace trainer {

/// What the outputs of a batch should have been. Device; rows × positions of the network's output.
struct Targets {
  const std::int32_t* labels = nullptr;
};

/// What a batch gave. Device; one entry a target.
struct Scores {
  float* loss = nullptr;
  std::int32_t* correct = nullptr;
};

/// Softmax and cross-entropy of one target or more a sample; the mean over targets is what has the gradient.
class Loss {
 public:
  Loss(const kernels::Backend& ops, kernels::Context& context, int outputs)
      : ops_(ops), context_(context), outputs_(outputs) {}

  /// Shapes: logits and gradient targets × outputs. gradient is null in evaluation.
  void run(const float* logits, const Targets& targets, int count, const Scores& scores, float* gradient) const {
    ops_.softmax_cross_entropy(context_, scores.loss, scores.correct, gradient, logits, targets.labels, count,
                               outputs_, 0.0f);
  }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  int outputs_;
};

}  // namespace trainer
