// Softmax and cross-entropy of one row, and the row rule that sums it. Callers: softmax_* of each back end, tests.
// Promise: portable. The maximum needs no order: where it could matter (a NaN, ±0) the results do not differ.
#pragma once

#include <cstdint>

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// The end of the row rule: lane l += lane l + width for widths 16, 8, 4, 2, 1. Returns lane 0. Shapes: lane kLanes.
SWEEP_HOST_DEVICE inline float fold_lanes(float* lane) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int l = 0; l < width; ++l) lane[l] = lane[l] + lane[l + width];
  }
  return lane[0];
}

/// One term of the row's sum.
SWEEP_HOST_DEVICE inline float softmax_term(float logit, float maximum) { return core::portable::exp(logit - maximum); }

/// The loss of a row whose terms sum to `sum`: −ln softmax(label).
SWEEP_HOST_DEVICE inline float cross_entropy(float maximum, float label_logit, float sum) {
  return (maximum - label_logit) + core::portable::log(sum);
}

/// What the softmax of the label's class and of any other should be. Without smoothing: 1 and 0.
/// Source: Szegedy et al., "Rethinking the Inception architecture for computer vision" (2016), section 7.
struct SmoothedTarget {
  float label;
  float other;
};

SWEEP_HOST_DEVICE inline SmoothedTarget smoothed_target(float smoothing, int classes) {
  const float other = smoothing / static_cast<float>(classes);
  return {(1.0f - smoothing) + other, other};
}

/// The loss with smoothing > 0; `gaps` is the row rule's sum of maximum − logit.
SWEEP_HOST_DEVICE inline float smoothed_cross_entropy(float maximum, float label_logit, float sum, float gaps,
                                                      float smoothing, int classes) {
  const float missed = (1.0f - smoothing) * (maximum - label_logit);
  return core::portable::log(sum) + (missed + (smoothing / static_cast<float>(classes)) * gaps);
}

/// The gradient at one class, `wanted` being its part of smoothed_target. `scale` is 1 / rows.
SWEEP_HOST_DEVICE inline float softmax_gradient(float term, float sum, float wanted, float scale) {
  return (term / sum - wanted) * scale;
}

/// Whether class j takes the maximum from a class before or behind it: larger wins, equal goes to the lower class.
SWEEP_HOST_DEVICE inline bool takes_maximum(float logit, int j, float maximum, int at) {
  return logit > maximum || (logit == maximum && j < at);
}

/// A whole row, as the plain loop. Shapes: logits, dlogits (may be null) classes. Requires: 0 ≤ label < classes.
SWEEP_HOST_DEVICE inline void softmax_row(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                                          std::int32_t label, int classes, float smoothing, float scale) {
  float maximum = logits[0];
  int at = 0;
  for (int j = 1; j < classes; ++j) {
    const bool taken = takes_maximum(logits[j], j, maximum, at);
    maximum = taken ? logits[j] : maximum;
    at = taken ? j : at;
  }
  float lane[kLanes] = {};
  for (int j = 0; j < classes; ++j) lane[j % kLanes] = lane[j % kLanes] + softmax_term(logits[j], maximum);
  const float sum = fold_lanes(lane);
  *loss = cross_entropy(maximum, logits[label], sum);
  if (smoothing > 0.0f) {
    float gap[kLanes] = {};
    for (int j = 0; j < classes; ++j) gap[j % kLanes] = gap[j % kLanes] + (maximum - logits[j]);
    *loss = smoothed_cross_entropy(maximum, logits[label], sum, fold_lanes(gap), smoothing, classes);
  }
  // A NaN anywhere in the row is in the sum; so is the one that infinity − infinity makes.
  *correct = sum == sum && at == label ? 1 : 0;
  if (dlogits == nullptr) return;
  const SmoothedTarget wanted = smoothed_target(smoothing, classes);
  for (int j = 0; j < classes; ++j) {
    dlogits[j] =
        softmax_gradient(softmax_term(logits[j], maximum), sum, j == label ? wanted.label : wanted.other, scale);
  }
}

/// Where the label stands among the classes of a row, and the class that stands first.
struct LabelRank {
  std::int32_t rank;
  std::int32_t predicted;
};

/// As the plain loop. A NaN leaves no order.
SWEEP_HOST_DEVICE inline LabelRank rank_row(const float* logits, std::int32_t label, int classes) {
  LabelRank result{0, 0};
  int nans = 0;
  for (int j = 0; j < classes; ++j) {
    nans += logits[j] != logits[j] ? 1 : 0;
    result.rank += takes_maximum(logits[j], j, logits[label], label) ? 1 : 0;
    if (logits[j] > logits[result.predicted]) result.predicted = j;
  }
  return nans == 0 ? result : LabelRank{classes, -1};
}

}  // namespace SWEEP_ISA
}  // namespace kernels
