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

/// Lines of outputs of a convolution: output (line, pixel, j) is the sum over p < k of a[line·a_line + pixel·a_pixel +
/// offsets[p]] · filters(p, j). `panels` holds the filters as pack_filters left them.
struct ConvLines {
  const float* a;
  std::ptrdiff_t a_line, a_pixel;
  const std::int32_t* offsets;
  int k;
  const float* panels;
  float* c;
  std::ptrdiff_t c_line, c_pixel;
  int lines, pixels, columns;
  float* group;  ///< lines · pixels · gemm_columns floats; unused up to k = 4096
};

/// One chunk of the sums of conv2d_filter: sums[r·columns + j], for rows first_row ≤ r < last_row, gets (first) or is
/// increased by the sum over p < pixels of a[(r / run)·a_run + r % run + offsets[p]] · dy[p·columns + j].
struct ConvFilterChunk {
  const float* a;
  std::ptrdiff_t a_run;
  int run;  ///< neighbouring rows that are neighbours in memory
  const std::int32_t* offsets;
  int pixels;  ///< ≤ 256
  int first_row, last_row;
  const float* dy;
  int columns;
  float* sums;
  bool first;
  float* packed;  ///< 256 · gemm_columns floats
};

/// Chunks of rows times columns of a matrix, rows × columns in all.
struct ChunkRange {
  int rows, columns;
  int first_chunk, last_chunk;
  int first_column, last_column;
};

/// What a range of a dropout needs besides the arrays.
struct DropoutKey {
  float rate;
  std::uint64_t seed;
  std::uint32_t tensor;
  std::uint32_t step;
};

/// What batch_norm_backward reads: rows × columns (out may be null), and one number a column.
struct NormRows {
  const float *dout, *out, *x;
  const float *mean, *inverse_deviation, *scale, *beta;
};

/// What batch_norm_max_pool_backward reads: dy and winner as the pooling's output, x as its input, and one number a
/// channel. Windows lie apart.
struct PooledNorm {
  Pool2dShape shape;
  const float* dy;
  const std::int32_t* winner;
  const float* x;
  const float *mean, *inverse_deviation, *scale, *beta;
};

struct IsaTable {
  int gemm_rows, gemm_columns;  ///< the register tile: where to cut C

  std::size_t (*gemm_scratch)(Transpose, int m, int n, int k);
  void (*gemm)(const GemmBlock&);

  /// One sample: out = image, augmented.
  void (*augment_sample)(float* out, const float* image, const ImageShape&, const Augmentation&, const float* fill,
                         std::uint64_t seed, std::uint32_t epoch, std::uint32_t sample);
  void (*conv_lines)(const ConvLines&);
  void (*conv_filter_chunk)(const ConvFilterChunk&);
  /// to[p·to_stride + i] = from[i·from_stride + p] for i < rows, p < depth.
  void (*pack_transposed)(const float* from, std::ptrdiff_t from_stride, int rows, int depth, float* to,
                          std::ptrdiff_t to_stride);
  /// to[p·to_stride + j] = from[p·from_stride + j] for p < depth, j < columns, which may be followed by others up to
  /// the next whole vector.
  void (*pack_straight)(const float* from, std::ptrdiff_t from_stride, int depth, int columns, float* to,
                        std::ptrdiff_t to_stride);

  void (*bias_activation)(Activation, float* out, float* z, const float* x, const float* bias, int rows, int columns);
  void (*activation_backward)(Activation, float* dz, const float* dout, const float* out, const float* z, int count);
  /// The same for the chunks of a range, of whole arrays, with the sums down their columns as column_chunks gives them.
  void (*activation_chunks)(Activation, float* sums, float* dz, const float* dout, const float* out, const float* z,
                            const ChunkRange&);
  /// Elements first … first + count − 1 of the whole tensor; the pointers are those of the whole. 4 divides first.
  void (*dropout)(float* out, const float* in, int first, int count, const DropoutKey&);
  /// Sums of one chunk of the column rule each, sums[chunk · columns + column]: of x; of the squares about `mean`; of
  /// the two sums of batch_norm_backward. fold_chunks adds them in order.
  void (*column_chunks)(float* sums, const float* x, const ChunkRange&);
  void (*square_chunks)(float* sums, const float* x, const float* mean, const ChunkRange&);
  void (*norm_gradient_chunks)(Activation, float* dgamma, float* dbeta, const NormRows&, const ChunkRange&);
  void (*fold_chunks)(float* out, const float* sums, int chunks, int columns);
  void (*normalise_rows)(Activation, float* out, const float* x, const float* mean, const float* scale,
                         const float* beta, int rows, int columns);
  /// Rows first … last − 1 of dx.
  void (*norm_backward_rows)(Activation, float* dx, const NormRows&, const float* mean_dz, const float* mean_slope,
                             int first, int last, int columns);
  /// Lines first … last − 1 of the batch: of y forward, of x backward.
  void (*max_pool2d)(const Pool2dShape&, float* y, std::int32_t* winner, const float* x, int first, int last);
  void (*max_pool2d_backward)(const Pool2dShape&, float* dx, const float* dy, const std::int32_t* winner, int first,
                              int last);
  /// max_pool2d of normalise_rows of x.
  void (*norm_max_pool)(Activation, const Pool2dShape&, float* y, std::int32_t* winner, const float* x,
                        const float* mean, const float* scale, const float* beta, int first, int last);
  /// norm_gradient_chunks of whole chunks, dout being what goes back through the pooling.
  void (*norm_max_pool_gradient_chunks)(Activation, float* dgamma, float* dbeta, const PooledNorm&, int first_chunk,
                                        int last_chunk);
  /// Pixels first … last − 1 of the batch of dx, likewise.
  void (*norm_max_pool_backward_pixels)(Activation, float* dx, const PooledNorm&, const float* mean_dz,
                                        const float* mean_slope, int first, int last);
  void (*average_pool2d)(const Pool2dShape&, float* y, const float* x, int first, int last);
  void (*average_pool2d_backward)(const Pool2dShape&, float* dx, const float* dy, int first, int last);
  /// `scale` is 1 / (rows of the whole batch).
  void (*softmax_cross_entropy)(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                                const std::int32_t* labels, int rows, int classes, float smoothing, float scale);
  void (*layer_norm)(float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                     const float* shift, int rows, int columns, float epsilon);
  void (*layer_norm_backward)(float* dx, const float* dout, const float* x, const float* gain, const float* mean,
                              const float* inverse_deviation, int rows, int columns);
  /// out = dout · standardised x.
  void (*layer_norm_products)(float* out, const float* dout, const float* x, const float* mean,
                              const float* inverse_deviation, int rows, int columns);
  /// length rows of length scores, in place: to weights; gradients of the weights to those of the scores.
  void (*causal_softmax)(float* rows, int length, float scale);
  void (*causal_softmax_backward)(float* rows, const float* weights, int length, float scale);
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
