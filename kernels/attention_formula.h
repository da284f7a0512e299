// The causal softmax of attention, and its gradient, for one row of scores. Callers: attention_* of each back end,
// tests. Promise: portable. Sums go by the row rule over the places that are not masked.
// Source: Vaswani et al., "Attention is all you need" (2017).
#pragma once

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"
#include "kernels/softmax_formula.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// What a score is multiplied by.
SWEEP_HOST_DEVICE inline float attention_scale(int depth) {
  return 1.0f / core::portable::sqrt(static_cast<float>(depth));
}

/// The larger of two logits; where one is a NaN the row's sum becomes a NaN whichever is taken.
SWEEP_HOST_DEVICE inline float larger(float a, float b) { return b > a ? b : a; }

/// The gradient of the score at one place: `product_sum` = Σ weight·dweight over the row.
SWEEP_HOST_DEVICE inline float score_gradient(float weight, float dweight, float product_sum, float scale) {
  return weight * (dweight - product_sum) * scale;
}

/// Row t of length `length`, in place: scores to weights, as the plain loop.
SWEEP_HOST_DEVICE inline void causal_softmax_row(float* row, int t, int length, float scale) {
  float maximum = row[0] * scale;
  for (int s = 1; s <= t; ++s) maximum = larger(maximum, row[s] * scale);
  float lane[kLanes] = {};
  for (int s = 0; s <= t; ++s) lane[s % kLanes] = lane[s % kLanes] + softmax_term(row[s] * scale, maximum);
  const float sum = fold_lanes(lane);
  for (int s = 0; s <= t; ++s) row[s] = softmax_term(row[s] * scale, maximum) / sum;
  for (int s = t + 1; s < length; ++s) row[s] = 0.0f;
}

/// Row t, in place: gradients of the weights to gradients of the scores, as the plain loop.
SWEEP_HOST_DEVICE inline void causal_softmax_backward_row(float* row, const float* weights, int t, int length,
                                                          float scale) {
  float lane[kLanes] = {};
  for (int s = 0; s <= t; ++s) lane[s % kLanes] = lane[s % kLanes] + weights[s] * row[s];
  const float sum = fold_lanes(lane);
  for (int s = 0; s <= t; ++s) row[s] = score_gradient(weights[s], row[s], sum, scale);
  for (int s = t + 1; s < length; ++s) row[s] = 0.0f;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
