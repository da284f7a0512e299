// Embedding of tokens on the GPU, and its gradient: copies and additions; portable. Listed in cuda_ops.h.
//
// In the gradient a block owns one token of the vocabulary and some columns, and walks over all rows in order; the
// tokens pass through shared memory, so that most rows cost a comparison.
#include "kernels/cuda_ops.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;
constexpr int kColumns = 128;  ///< of a block of the gradient; as many tokens are read at once

__global__ void __launch_bounds__(kThreads)
    embed_kernel(float* out, const std::int32_t* tokens, const float* table, const float* places, std::ptrdiff_t count,
                 int context_length, int columns) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= count) return;
  const std::ptrdiff_t row = at / columns, column = at % columns;
  out[at] = table[static_cast<std::ptrdiff_t>(tokens[row]) * columns + column] +
            places[row % context_length * columns + column];
}

__global__ void __launch_bounds__(kColumns)
    embed_backward_kernel(float* dtable, const std::int32_t* tokens, const float* dout, int rows, int columns) {
  using Tokens = std::int32_t[kColumns];
  SWEEP_SHARED(Tokens, some);
  const int token = static_cast<int>(blockIdx.x);
  const int thread = static_cast<int>(threadIdx.x), column = static_cast<int>(blockIdx.y) * kColumns + thread;
  float sum = 0.0f;
  for (int first = 0; first < rows; first += kColumns) {
    __syncthreads();  // the tokens before have been read
    some[thread] = first + thread < rows ? tokens[first + thread] : -1;
    __syncthreads();
    for (int i = 0; i < kColumns; ++i) {
      if (some[i] == token && column < columns)
        sum = sum + dout[static_cast<std::ptrdiff_t>(first + i) * columns + column];
    }
  }
  if (column < columns) dtable[static_cast<std::ptrdiff_t>(token) * columns + column] = sum;
}

}  // namespace

void embed(Context& context, float* out, const std::int32_t* tokens, const float* table, const float* places, int rows,
           int context_length, int columns) {
  const std::size_t count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  launch(embed_kernel, dim3(blocks_for(count, kThreads)), dim3(kThreads), 0, stream(context, "embed"), out, tokens,
         table, places, static_cast<std::ptrdiff_t>(count), context_length, columns);
}

void embed_backward(Context& context, float* dtable, const std::int32_t* tokens, const float* dout, int rows,
                    int vocabulary, int columns) {
  const dim3 grid(static_cast<unsigned>(vocabulary), blocks_for(static_cast<std::size_t>(columns), kColumns));
  launch(embed_backward_kernel, grid, dim3(kColumns), 0, stream(context, "embed_backward"), dtable, tokens, dout, rows,
         columns);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
