// A batch on the GPU: the order of an epoch (shuffle_formula.h) and the rows and labels of the samples that it names.
// Portable: integers and copies. Listed in cuda_ops.h.
#include "kernels/cuda_ops.h"
#include "kernels/four.cuh"
#include "kernels/shuffle_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;
constexpr dim3 kPlane(32, 8);  ///< columns (by fours, where they can) × rows of a block

__global__ void __launch_bounds__(kThreads)
    shuffle_kernel(std::uint32_t* out, core::Permutation order, std::uint32_t first, std::uint32_t count) {
  const std::uint32_t at = blockIdx.x * blockDim.x + threadIdx.x;
  if (at < count) out[at] = static_cast<std::uint32_t>(order(std::uint64_t{first} + at));
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

__global__ void __launch_bounds__(kThreads)
    gather_labels_kernel(std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices,
                         std::ptrdiff_t count, int columns) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at < count) out[at] = source[static_cast<std::ptrdiff_t>(indices[at / columns]) * columns + at % columns];
}

}  // namespace

void shuffle_indices(Context& context, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, std::uint32_t epoch,
                     std::uint32_t first, std::uint32_t count) {
  if (count == 0) return;
  launch(shuffle_kernel, dim3(blocks_for(count, kThreads)), dim3(kThreads), 0, stream(context, "shuffle_indices"), out,
         epoch_order(n, seed, epoch), first, count);
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

void gather_labels(Context& context, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices,
                   int count, int columns) {
  if (count <= 0 || columns <= 0) return;
  const std::size_t labels = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
  launch(gather_labels_kernel, dim3(blocks_for(labels, kThreads)), dim3(kThreads), 0, stream(context, "gather_labels"),
         out, source, indices, static_cast<std::ptrdiff_t>(labels), columns);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
