// The column rule, written once as the plain loop: bias gradients, the mean loss, pooling; and the chunks and groups
// that it shares with the dot rule. Callers: column_sum_*, pool2d_*, batch_norm_* and products of each back end, tests.
// Promise: portable.
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

/// Chunk sums, sums[chunk·step], added in order: groups of kGroup from +0, groups from +0.
SWEEP_HOST_DEVICE inline float fold_chunk_sums(const float* sums, int chunks, std::ptrdiff_t step) {
  float total = 0.0f;
  for (int chunk = 0; chunk < chunks;) {
    float group = 0.0f;
    for (const int end = chunk + kGroup < chunks ? chunk + kGroup : chunks; chunk < end; ++chunk)
      group = group + sums[chunk * step];
    total = total + group;
  }
  return total;
}

/// The chunks and groups of the dot and the column rule, for terms that come one by one.
class ChunkedSum {
 public:
  /// The sum of the chunk that the next term belongs to: the caller puts the term in.
  SWEEP_HOST_DEVICE float& next() {
    if (terms_ == kChunk) end_chunk();
    ++terms_;
    return sum_;
  }
  SWEEP_HOST_DEVICE float value() const { return total_ + (group_ + sum_); }

 private:
  SWEEP_HOST_DEVICE void end_chunk() {
    group_ = group_ + sum_;
    sum_ = 0.0f;
    terms_ = 0;
    if (++chunks_ < kGroup) return;
    total_ = total_ + group_;
    group_ = 0.0f;
    chunks_ = 0;
  }

  float total_ = 0.0f, group_ = 0.0f, sum_ = 0.0f;
  int terms_ = 0, chunks_ = 0;
};

/// The column rule.
class ColumnSum : public ChunkedSum {
 public:
  SWEEP_HOST_DEVICE void add(float term) {
    float& sum = next();
    sum = sum + term;
  }
};

}  // namespace SWEEP_ISA
}  // namespace kernels
