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

/// The gradient at one class. `scale` is 1 / rows.
SWEEP_HOST_DEVICE inline float softmax_gradient(float term, float sum, bool is_label, float scale) {
  return (term / sum - (is_label ? 1.0f : 0.0f)) * scale;
}

/// Whether class j takes the maximum from a class before or behind it: larger wins, equal goes to the lower class.
SWEEP_HOST_DEVICE inline bool takes_maximum(float logit, int j, float maximum, int at) {
  return logit > maximum || (logit == maximum && j < at);
}

/// A whole row, as the plain loop. Shapes: logits, dlogits (may be null) classes. Requires: 0 ≤ label < classes.
SWEEP_HOST_DEVICE inline void softmax_row(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                                          std::int32_t label, int classes, float scale) {
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
  // A NaN anywhere in the row is in the sum; so is the one that infinity − infinity makes.
  *correct = sum == sum && at == label ? 1 : 0;
  if (dlogits == nullptr) return;
  for (int j = 0; j < classes; ++j) {
    dlogits[j] = softmax_gradient(softmax_term(logits[j], maximum), sum, j == label, scale);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels
