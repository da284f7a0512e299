// Sums down the columns on the GPU by the column rule (column_sum_formula.h); portable. Listed in cuda_ops.h.
//
// A thread adds one chunk of one column; where there are several chunks, a second kernel adds the chunk sums in order.
#include "kernels/column_sum_formula.h"
#include "kernels/cuda_ops.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr dim3 kPlane(32, 4);  ///< columns × chunks of a block
constexpr unsigned kThreads = 128;

/// sums[chunk][column] = the chunk's sum; for a single chunk what the rule makes of it.
__global__ void __launch_bounds__(128)
    sum_chunks_kernel(float* sums, const float* x, int rows, int columns, int chunks) {
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (column >= columns) return;
  const int stride = static_cast<int>(gridDim.y * blockDim.y);
  for (int chunk = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y); chunk < chunks; chunk += stride) {
    const int begin = chunk * kChunk, end = rows - begin < kChunk ? rows : begin + kChunk;
    float sum = 0.0f;
#pragma unroll 8
    for (int row = begin; row < end; ++row) sum = sum + x[static_cast<std::ptrdiff_t>(row) * columns + column];
    if (chunks == 1) sum = 0.0f + (0.0f + sum);
    sums[static_cast<std::ptrdiff_t>(chunk) * columns + column] = sum;
  }
}

/// out[column] = the chunk sums of one column, added in order.
__global__ void __launch_bounds__(kThreads) add_chunks_kernel(float* out, const float* sums, int columns, int chunks) {
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (column < columns) out[column] = fold_chunk_sums(sums + column, chunks, columns);
}

}  // namespace

void column_sum(Context& context, float* out, const float* x, int rows, int columns) {
  if (columns <= 0) return;
  const std::size_t width = static_cast<std::size_t>(columns);
  if (rows <= 0) return clear(context, "column_sum", out, width * sizeof(float));
  const Stream on = stream(context, "column_sum");
  const int chunks = (rows - 1) / kChunk + 1;
  const unsigned chunk_blocks = blocks_for(static_cast<std::size_t>(chunks), kPlane.y);
  const dim3 grid(blocks_for(width, kPlane.x), chunk_blocks < kMostBlocks ? chunk_blocks : kMostBlocks);
  float* const sums =
      chunks == 1 ? out : workspace(context, "column_sum", static_cast<std::size_t>(chunks) * width * sizeof(float));
  launch(sum_chunks_kernel, grid, kPlane, 0, on, sums, x, rows, columns, chunks);
  if (chunks == 1) return;
  launch(add_chunks_kernel, dim3(blocks_for(width, kThreads)), dim3(kThreads), 0, on, out, sums, columns, chunks);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
