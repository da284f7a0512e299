// The row rule by one warp: its lanes are the rule's lanes. Included by the CUDA sources.
#pragma once

#include "kernels/launch.h"
#include "kernels/ops.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {

static_assert(kLanes == 32, "a lane of the row rule is a lane of a warp");

/// Σ term(j) over j < columns, the same in each lane: a + b is b + a, so that after each fold the lanes l and l + width
/// hold the same bits. Called by whole warps.
template <class Term>
__device__ __forceinline__ float row_sum(int lane, int columns, Term term) {
  float sum = 0.0f;
  for (int j = lane; j < columns; j += kLanes) sum = sum + term(j);
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) sum = sum + __shfl_xor_sync(0xffffffffu, sum, width);
  return sum;
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
