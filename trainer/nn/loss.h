// What training makes small: the loss of a network's outputs against what they should have been. Callers: network.cpp.
#pragma once

#include <cstdint>

#include "kernels/backends.h"
#include "trainer/hyperparameters.h"

namespace trainer {

/// What the outputs of a batch should have been. Device; rows × positions of the network's output. One of the two.
struct Targets {
  const std::int32_t* labels = nullptr;
  const float* numbers = nullptr;  ///< regression
};

/// What a batch gave. Device; one entry a target. `rank` and `predicted` (kernels::ops::rank_labels) are null where
/// they are not wanted, and so are all but `loss` for a regression.
struct Scores {
  float* loss = nullptr;
  std::int32_t* correct = nullptr;
  std::int32_t* rank = nullptr;
  std::int32_t* predicted = nullptr;
};

/// Softmax and cross-entropy of one target or more a sample, or the error of one predicted number; the mean over
/// targets is what has the gradient. Labels are smoothed in training alone.
class Loss {
 public:
  /// Requires: kind is not kOfTask; outputs is 1 for a regression.
  Loss(const kernels::Backend& ops, kernels::Context& context, LossKind kind, float smoothing, int outputs)
      : ops_(ops), context_(context), kind_(kind), smoothing_(smoothing), outputs_(outputs) {}

  LossKind kind() const { return kind_; }

  /// Shapes: out and gradient targets × outputs. gradient is null in evaluation.
  void run(const float* out, const Targets& targets, int count, const Scores& scores, float* gradient) const {
    if (kind_ != LossKind::kCrossEntropy) {
      const auto way = kind_ == LossKind::kSquared ? kernels::Regression::kSquared : kernels::Regression::kAbsolute;
      ops_.regression_loss(context_, way, scores.loss, gradient, out, targets.numbers, count);
      return;
    }
    ops_.softmax_cross_entropy(context_, scores.loss, scores.correct, gradient, out, targets.labels, count, outputs_,
                               gradient ? smoothing_ : 0.0f);
    if (scores.rank) ops_.rank_labels(context_, scores.rank, scores.predicted, out, targets.labels, count, outputs_);
  }

 private:
  const kernels::Backend& ops_;
  kernels::Context& context_;
  LossKind kind_;
  float smoothing_;
  int outputs_;
};

}  // namespace trainer
