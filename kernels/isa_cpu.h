// What each instruction set of the CPU back end offers: the ops on a range of rows, columns or elements, on one thread.
// gemm_isa_cpu.cpp, elementwise_isa_cpu.cpp, … are compiled once for each instruction set (kernels/CMakeLists.txt) and
// fill one table each; the ops (gemm_cpu.cpp, …) split the work over threads and call through the context's table.
// Nothing here allocates, locks or knows of threads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ops.h"

namespace kernels::cpu {

/// A block of C = op(A)·op(B): pointers at the block's first row and column, strides of the stored matrices.
struct GemmBlock {
  Transpose transpose;
  int m, n, k;
  const float* a;
  std::ptrdiff_t a_stride;
  const float* b;
  std::ptrdiff_t b_stride;
  float* c;
  std::ptrdiff_t c_stride;
  float* scratch;  ///< gemm_scratch(transpose, m, n, k) floats, 64-byte aligned
};

/// What a range of a dropout needs besides the arrays.
struct DropoutKey {
  float rate;
  std::uint64_t seed;
  std::uint32_t tensor;
  std::uint32_t step;
};

struct IsaTable {
  int gemm_rows, gemm_columns;  ///< the register tile: where to cut C

  std::size_t (*gemm_scratch)(Transpose, int m, int n, int k);
  void (*gemm)(const GemmBlock&);

  /// One sample: out = image, augmented.
  void (*augment_sample)(float* out, const float* image, const ImageShape&, const Augmentation&, const float* fill,
                         std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample);
  void (*bias_activation)(Activation, float* out, float* z, const float* x, const float* bias, int rows, int columns);
  void (*activation_backward)(Activation, float* dz, const float* dout, const float* out, const float* z, int count);
  /// Elements first … first + count − 1 of the whole tensor; the pointers are those of the whole. 4 divides first.
  void (*dropout)(float* out, const float* in, int first, int count, const DropoutKey&);
  /// Columns first … first + count − 1.
  void (*column_sum)(float* out, const float* x, int rows, int columns, int first, int count);
  /// `scale` is 1 / (rows of the whole batch).
  void (*softmax_cross_entropy)(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                                const std::int32_t* labels, int rows, int classes, float smoothing, float scale);
  /// As dropout: a range of the whole tensor; 4 divides first.
  void (*initialise)(Initialisation, float* w, int first, int count, int fan_in, int fan_out, float scale,
                     std::uint64_t seed, std::uint32_t tensor);
  /// A range of the whole tensor, 1024 divides first. Returns the range's part of the fingerprint.
  std::uint64_t (*optimizer_update)(const OptimizerSettings&, const StepState&, float* w, float* m, float* v,
                                    const float* gradient, int first, int count, std::uint32_t tensor);
  /// sums[g] = the sum of squares of group g of x, for first ≤ g < last; x has count elements.
  void (*group_squares)(float* sums, const float* x, int first, int last, int count);
  std::uint64_t (*fingerprint)(const float* x, int first, int count, std::uint32_t tensor);
};

extern const IsaTable kPlainTable;
extern const IsaTable kAvx2Table;
extern const IsaTable kAvx512Table;

}  // namespace kernels::cpu
