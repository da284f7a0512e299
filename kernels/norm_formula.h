// The sum of squares of a tensor by the dot rule, in the pieces that threads and blocks take: groups. Callers:
// sum_of_squares of each back end. Promise: portable. square_sum() of all groups equals dot() of gemm_formula.h of the
// tensor with itself.
#pragma once

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

inline constexpr int kGroupElements = kChunk * kGroup;

/// Groups of a tensor of `count` elements.
SWEEP_HOST_DEVICE constexpr int square_groups(int count) { return count <= 0 ? 0 : (count - 1) / kGroupElements + 1; }

/// One chunk of `elements` ≤ kChunk.
SWEEP_HOST_DEVICE inline float square_chunk(const float* x, int elements) {
  float sum = 0.0f;
  for (int i = 0; i < elements; ++i) sum = core::portable::fma(x[i], x[i], sum);
  return sum;
}

/// One group of `elements` ≤ kGroupElements: its chunk sums, added in order from +0.
SWEEP_HOST_DEVICE inline float square_group(const float* x, int elements) {
  float group = 0.0f;
  for (int first = 0; first < elements; first += kChunk) {
    group = group + square_chunk(x + first, elements - first < kChunk ? elements - first : kChunk);
  }
  return group;
}

/// The sums of groups, or of tensors, added in order from +0.
SWEEP_HOST_DEVICE inline float square_sum(const float* sums, int count) {
  float total = 0.0f;
  for (int i = 0; i < count; ++i) total = total + sums[i];
  return total;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
