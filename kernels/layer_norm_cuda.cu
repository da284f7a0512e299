// Layer normalisation on the GPU (layer_norm_formula.h); portable. Listed in cuda_ops.h.
//
// A warp takes a row: its lanes are the lanes of the row rule.
#include "kernels/cuda_ops.h"
#include "kernels/layer_norm_formula.h"
#include "kernels/row_sum.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kWarps = 4;  ///< rows of a block
constexpr unsigned kThreads = 256;

__global__ void __launch_bounds__(kWarps * 32)
    layer_norm_kernel(float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                      const float* shift, int rows, int columns, float epsilon) {
  const int row = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(row) * columns;
  const float* const from = x + start;
  const float centre = row_mean(row_sum(lane, columns, [=](int j) { return from[j]; }), columns);
  const float squares = row_sum(lane, columns, [=](int j) { return centred_square(from[j], centre); });
  const float inverse = inverse_deviation_of(squares, columns, epsilon);
  for (int j = lane; j < columns; j += kLanes) {
    out[start + j] = layer_norm_of(standardised(from[j], centre, inverse), gain[j], shift[j]);
  }
  if (lane == 0) {
    mean[row] = centre;
    inverse_deviation[row] = inverse;
  }
}

/// out = dout · standardised x: what the gain's gradient is the column sum of.
__global__ void __launch_bounds__(kThreads)
    layer_norm_products_kernel(float* out, const float* dout, const float* x, const float* mean,
                               const float* inverse_deviation, std::ptrdiff_t count, int columns) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= count) return;
  const std::ptrdiff_t row = at / columns;
  out[at] = dout[at] * standardised(x[at], mean[row], inverse_deviation[row]);
}

__global__ void __launch_bounds__(kWarps * 32)
    layer_norm_backward_kernel(float* dx, const float* dout, const float* x, const float* gain, const float* mean,
                               const float* inverse_deviation, int rows, int columns) {
  const int row = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(row) * columns;
  const float* const given = dout + start;
  const float* const from = x + start;
  const float centre = mean[row], inverse = inverse_deviation[row];
  const float sum = row_sum(lane, columns, [=](int j) { return given[j] * gain[j]; });
  const float products =
      row_sum(lane, columns, [=](int j) { return given[j] * gain[j] * standardised(from[j], centre, inverse); });
  const float mean_gradient = row_mean(sum, columns), mean_product = row_mean(products, columns);
  for (int j = lane; j < columns; j += kLanes) {
    dx[start + j] = layer_norm_gradient(given[j] * gain[j], standardised(from[j], centre, inverse), mean_gradient,
                                        mean_product, inverse);
  }
}

}  // namespace

void layer_norm(Context& context, float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon) {
  if (rows <= 0) return;
  launch(layer_norm_kernel, dim3(blocks_for(static_cast<std::size_t>(rows), kWarps)), dim3(kWarps * 32), 0,
         stream(context, "layer_norm"), out, mean, inverse_deviation, x, gain, shift, rows, columns, epsilon);
}

// The products lie in dx until it is written itself.
void layer_norm_backward(Context& context, float* dx, float* dgain, float* dshift, const float* dout, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation, int rows, int columns) {
  const std::size_t count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  launch(layer_norm_products_kernel, dim3(blocks_for(count, kThreads)), dim3(kThreads), 0,
         stream(context, "layer_norm_backward"), dx, dout, x, mean, inverse_deviation,
         static_cast<std::ptrdiff_t>(count), columns);
  column_sum(context, dgain, dx, rows, columns);
  column_sum(context, dshift, dout, rows, columns);
  launch(layer_norm_backward_kernel, dim3(blocks_for(static_cast<std::size_t>(rows), kWarps)), dim3(kWarps * 32), 0,
         stream(context, "layer_norm_backward"), dx, dout, x, gain, mean, inverse_deviation, rows, columns);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
