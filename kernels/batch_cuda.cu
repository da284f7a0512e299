// A batch on the GPU: the state of its step, the order of an epoch (shuffle_formula.h) and the rows and labels of the
// samples that it names; and what a step leaves behind. Portable: integers and copies. Listed in cuda_ops.h.
#include "kernels/cuda_ops.h"
#include "kernels/four.cuh"
#include "kernels/shuffle_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;
constexpr dim3 kPlane(32, 8);  ///< columns (by fours, where they can) × rows of a block

__global__ void __launch_bounds__(1) next_step_kernel(StepState* now, const StepState* plan) {
  *now = plan[now->begun];
}

__global__ void __launch_bounds__(kThreads)
    store_row_kernel(std::uint32_t* table, const std::uint32_t* row, int words, const StepState* state) {
  const int at = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (at < words) table[static_cast<std::ptrdiff_t>(state->begun - 1) * words + at] = row[at];
}

/// Each thread makes the permutation, two draws, for itself.
__global__ void __launch_bounds__(kThreads) shuffle_kernel(std::uint32_t* out, std::uint32_t n, std::uint64_t seed,
                                                           const StepState* state, std::uint32_t count) {
  const std::uint32_t at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at >= count) return;
  const core::Permutation order = epoch_order(n, seed, state->epoch);
  out[at] = static_cast<std::uint32_t>(order(std::uint64_t{state->first} + at));
}

/// T: float, or float4 for rows that can be read by fours. `columns` counts Ts.
template <class T>
__global__ void __launch_bounds__(256)
    gather_rows_kernel(T* out, const T* source, const std::uint32_t* indices, int count, int columns) {
  const int row = static_cast<int>(blockIdx.x * blockDim.y + threadIdx.y);
  if (row >= count) return;
  const T* const from = source + static_cast<std::ptrdiff_t>(indices[row]) * columns;
  T* const to = out + static_cast<std::ptrdiff_t>(row) * columns;
  for (int column = static_cast<int>(threadIdx.x); column < columns; column += static_cast<int>(blockDim.x)) {
    to[column] = from[column];
  }
}

/// Neighbouring threads read neighbouring bytes and write neighbouring numbers.
__global__ void __launch_bounds__(256)
    gather_pixels_kernel(float* out, const std::uint8_t* source, const std::uint32_t* rows,
                         const std::uint32_t* indices, int count, int columns, const float* values, int channels) {
  const int row = static_cast<int>(blockIdx.x * blockDim.y + threadIdx.y);
  if (row >= count) return;
  const std::uint32_t sample = indices != nullptr ? indices[row] : static_cast<std::uint32_t>(row);
  const std::uint8_t* const from = source + static_cast<std::ptrdiff_t>(rows[sample]) * columns;
  float* const to = out + static_cast<std::ptrdiff_t>(row) * columns;
  for (int column = static_cast<int>(threadIdx.x); column < columns; column += static_cast<int>(blockDim.x)) {
    to[column] = values[column % channels * kBytes + from[column]];
  }
}

__global__ void __launch_bounds__(kThreads)
    gather_labels_kernel(std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices,
                         std::ptrdiff_t count, int columns) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at < count) out[at] = source[static_cast<std::ptrdiff_t>(indices[at / columns]) * columns + at % columns];
}

}  // namespace

void next_step(Context& context, StepState* now, const StepState* plan) {
  launch(next_step_kernel, dim3(1), dim3(1), 0, stream(context, "next_step"), now, plan);
}

void store_row(Context& context, std::uint32_t* table, const std::uint32_t* row, int words, const StepState* state) {
  if (words <= 0) return;
  launch(store_row_kernel, dim3(blocks_for(static_cast<std::size_t>(words), kThreads)), dim3(kThreads), 0,
         stream(context, "store_row"), table, row, words, state);
}

void shuffle_indices(Context& context, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, const StepState* state,
                     std::uint32_t count) {
  if (count == 0) return;
  launch(shuffle_kernel, dim3(blocks_for(count, kThreads)), dim3(kThreads), 0, stream(context, "shuffle_indices"), out,
         n, seed, state, count);
}

void gather_rows(Context& context, float* out, const float* source, const std::uint32_t* indices, int count,
                 int columns) {
  if (count <= 0 || columns <= 0) return;
  const Stream on = stream(context, "gather_rows");
  const dim3 grid(blocks_for(static_cast<std::size_t>(count), kPlane.y));
  if (aligned_by_four(out, columns) && aligned_by_four(source, columns)) {
    launch(gather_rows_kernel<float4>, grid, kPlane, 0, on, reinterpret_cast<float4*>(out),
           reinterpret_cast<const float4*>(source), indices, count, columns / 4);
  } else {
    launch(gather_rows_kernel<float>, grid, kPlane, 0, on, out, source, indices, count, columns);
  }
}

void gather_pixels(Context& context, float* out, const std::uint8_t* source, const std::uint32_t* rows,
                   const std::uint32_t* indices, int count, int columns, const float* values, int channels) {
  if (count <= 0 || columns <= 0) return;
  launch(gather_pixels_kernel, dim3(blocks_for(static_cast<std::size_t>(count), kPlane.y)), kPlane, 0,
         stream(context, "gather_pixels"), out, source, rows, indices, count, columns, values, channels);
}

void gather_labels(Context& context, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices,
                   int count, int columns) {
  if (count <= 0 || columns <= 0) return;
  const std::size_t labels = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
  launch(gather_labels_kernel, dim3(blocks_for(labels, kThreads)), dim3(kThreads), 0, stream(context, "gather_labels"),
         out, source, indices, static_cast<std::ptrdiff_t>(labels), columns);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
