// Pooling on the GPU (pool2d_formula.h); portable. Listed in cuda_ops.h. A thread computes one output of the forward or
// of the backward pass; neighbours are channels of one pixel.
#include "kernels/cuda_ops.h"
#include "kernels/pool2d_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;

/// One element of NHWC images.
struct Element {
  int n, row, column, channel;
};

__device__ __forceinline__ Element element_at(int index, int height, int width, int channels) {
  const int pixel = index / channels, line = pixel / width;
  return {line / height, line % height, pixel % width, index % channels};
}

__device__ __forceinline__ int own_index() { return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }

__global__ void __launch_bounds__(kThreads)
    max_pool2d_kernel(Pool2dShape shape, float* y, std::int32_t* winner, const float* x, int count) {
  const int index = own_index();
  if (index >= count) return;
  const Element at = element_at(index, shape.out_height, shape.out_width, shape.channels);
  const Winner best = max_pool2d_at(shape, x, at.n, at.row, at.column, at.channel);
  y[index] = best.value;
  if (winner != nullptr) winner[index] = best.place;
}

__global__ void __launch_bounds__(kThreads)
    average_pool2d_kernel(Pool2dShape shape, float* y, const float* x, int count) {
  const int index = own_index();
  if (index >= count) return;
  const Element at = element_at(index, shape.out_height, shape.out_width, shape.channels);
  y[index] = average_pool2d_at(shape, x, at.n, at.row, at.column, at.channel);
}

/// Of the maximum, or of the average where `winner` is null.
__global__ void __launch_bounds__(kThreads)
    pool2d_backward_kernel(Pool2dShape shape, float* dx, const float* dy, const std::int32_t* winner, int count) {
  const int index = own_index();
  if (index >= count) return;
  const Element at = element_at(index, shape.height, shape.width, shape.channels);
  dx[index] = pool2d_backward_at(shape, dy, winner, at.n, at.row, at.column, at.channel);
}

int out_count(const Pool2dShape& shape) { return shape.batch * shape.out_height * shape.out_width * shape.channels; }
int count_of(const Pool2dShape& shape) { return shape.batch * shape.height * shape.width * shape.channels; }
dim3 grid_of(int count) { return dim3(blocks_for(static_cast<std::size_t>(count), kThreads)); }

}  // namespace

void max_pool2d(Context& context, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x) {
  const int count = out_count(shape);
  launch(max_pool2d_kernel, grid_of(count), dim3(kThreads), 0, stream(context, "max_pool2d"), shape, y, winner, x,
         count);
}

void max_pool2d_backward(Context& context, const Pool2dShape& shape, float* dx, const float* dy,
                         const std::int32_t* winner) {
  const int count = count_of(shape);
  launch(pool2d_backward_kernel, grid_of(count), dim3(kThreads), 0, stream(context, "max_pool2d_backward"), shape, dx,
         dy, winner, count);
}

void average_pool2d(Context& context, const Pool2dShape& shape, float* y, const float* x) {
  const int count = out_count(shape);
  launch(average_pool2d_kernel, grid_of(count), dim3(kThreads), 0, stream(context, "average_pool2d"), shape, y, x,
         count);
}

void average_pool2d_backward(Context& context, const Pool2dShape& shape, float* dx, const float* dy) {
  const int count = count_of(shape);
  launch(pool2d_backward_kernel, grid_of(count), dim3(kThreads), 0, stream(context, "average_pool2d_backward"), shape,
         dx, dy, nullptr, count);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
