// The dot rule, written once as the plain loop: what every matrix product of the project must equal, bit for bit.
// Callers: the plain path of gemm_cpu, the CUDA kernel's fold, tests. It is not meant to be fast.
//
// Rule: k ascends; chunks of kChunk terms accumulate with fma from +0; kGroup chunk sums are added in order, from +0,
// into a group; group sums are added in order, from +0 (so that a chunk or group that ends in −0 becomes +0).
#pragma once

#include <cstddef>

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Σ a[p·a_step] · b[p·b_step] over p < k by the dot rule. k ≤ 0 gives +0.
SWEEP_HOST_DEVICE inline float dot(int k, const float* a, std::ptrdiff_t a_step, const float* b,
                                   std::ptrdiff_t b_step) {
  float total = 0.0f;
  int p = 0;
  while (p < k) {
    float group = 0.0f;
    for (int chunk = 0; chunk < kGroup && p < k; ++chunk) {
      const int end = k - p < kChunk ? k : p + kChunk;
      float sum = 0.0f;
      for (; p < end; ++p) sum = core::portable::fma(a[p * a_step], b[p * b_step], sum);
      group = group + sum;
    }
    total = total + group;
  }
  return total;
}

/// Where the elements of op(A) and op(B) lie: op(A)[i, p] = a[i·a_row + p·a_step], op(B)[p, j] = b[p·b_step +
/// j·b_column].
struct GemmLayout {
  std::ptrdiff_t a_row, a_step, b_step, b_column;
};

SWEEP_HOST_DEVICE inline GemmLayout gemm_layout(Transpose transpose, int m, int n, int k) {
  GemmLayout layout{k, 1, n, 1};
  if (transpose == Transpose::kNT) {
    layout.b_step = 1;
    layout.b_column = k;
  }
  if (transpose == Transpose::kTN) {
    layout.a_row = 1;
    layout.a_step = m;
  }
  return layout;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
