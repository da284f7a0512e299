// The column rule, written once as the plain loop: bias gradients and the mean loss. Callers: column_sum_* of each back
// end, tests. Promise: portable.
#pragma once

#include <cstddef>

#include "core/host_device.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Σ x[i·step] over i < rows: chunks of kChunk from +0, groups of kGroup chunks from +0, groups from +0. rows ≤ 0 gives
/// +0.
SWEEP_HOST_DEVICE inline float column_sum_of(int rows, const float* x, std::ptrdiff_t step) {
  float total = 0.0f;
  int i = 0;
  while (i < rows) {
    float group = 0.0f;
    for (int chunk = 0; chunk < kGroup && i < rows; ++chunk) {
      const int end = rows - i < kChunk ? rows : i + kChunk;
      float sum = 0.0f;
      for (; i < end; ++i) sum = sum + x[i * step];
      group = group + sum;
    }
    total = total + group;
  }
  return total;
}

}  // namespace SWEEP_ISA
}  // namespace kernels
