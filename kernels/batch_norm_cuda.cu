// Batch normalisation on the GPU (batch_norm_formula.h); portable. Listed in cuda_ops.h.
//
// A thread adds one chunk of one column; a second kernel adds the chunk sums of a column in order and makes of them
// what the column needs; a third one takes each element by itself.
#include "kernels/activation_formula.h"
#include "kernels/batch_norm_formula.h"
#include "kernels/column_sum_formula.h"
#include "kernels/cuda_ops.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr dim3 kPlane(32, 4);     ///< columns × chunks of a block of the summing kernels
constexpr dim3 kElements(32, 8);  ///< columns × rows of a block of the others
constexpr unsigned kThreads = 128;

__device__ __forceinline__ int own_column() { return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }
__device__ __forceinline__ int own_row() { return static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y); }
__device__ __forceinline__ int row_stride() { return static_cast<int>(gridDim.y * blockDim.y); }

/// Calls add(element) for the rows of each chunk that is this thread's, then end(place of the chunk's sum).
template <class Add, class End>
__device__ __forceinline__ void each_chunk(int rows, int columns, const Add& add, const End& end) {
  const int column = own_column(), chunks = (rows - 1) / kChunk + 1;
  if (column >= columns) return;
  for (int chunk = own_row(); chunk < chunks; chunk += row_stride()) {
    const int begin = chunk * kChunk, last = rows - begin < kChunk ? rows : begin + kChunk;
    for (int row = begin; row < last; ++row) add(static_cast<std::ptrdiff_t>(row) * columns + column, column);
    end(static_cast<std::ptrdiff_t>(chunk) * columns + column);
  }
}

__global__ void __launch_bounds__(128) mean_chunks_kernel(float* sums, const float* x, int rows, int columns) {
  float sum = 0.0f;
  each_chunk(
      rows, columns, [&](std::ptrdiff_t at, int) { sum = sum + x[at]; },
      [&](std::ptrdiff_t place) {
        sums[place] = sum;
        sum = 0.0f;
      });
}

__global__ void __launch_bounds__(128)
    square_chunks_kernel(float* sums, const float* x, const float* mean, int rows, int columns) {
  float sum = 0.0f;
  each_chunk(
      rows, columns, [&](std::ptrdiff_t at, int column) { sum = sum + centred_square(x[at], mean[column]); },
      [&](std::ptrdiff_t place) {
        sums[place] = sum;
        sum = 0.0f;
      });
}

/// What batch_norm_backward reads.
struct Backward {
  const float *dout, *out, *x, *gamma, *beta, *mean, *inverse_deviation;
};

/// The constants of one column.
struct BackwardColumn {
  float mean, inverse_deviation, scale, beta;
};
__device__ __forceinline__ BackwardColumn backward_column(const Backward& given, int column) {
  const float inverse = given.inverse_deviation[column];
  return {given.mean[column], inverse, given.gamma[column] * inverse, given.beta[column]};
}

/// dz of one element.
template <Activation kKind>
__device__ __forceinline__ float dz_of(const Backward& given, const BackwardColumn& column, std::ptrdiff_t at) {
  return norm_activation_gradient<kKind>(given.dout[at], kNormGradientNeedsOut<kKind> ? given.out[at] : 0.0f,
                                         given.x[at], column.mean, column.scale, column.beta);
}

template <Activation kKind>
__global__ void __launch_bounds__(128)
    gradient_chunks_kernel(float* gamma_sums, float* beta_sums, Backward given, int rows, int columns) {
  float gamma_sum = 0.0f, beta_sum = 0.0f;
  each_chunk(
      rows, columns,
      [&](std::ptrdiff_t at, int column) {
        const BackwardColumn constants = backward_column(given, column);
        const float dz = dz_of<kKind>(given, constants, at);
        gamma_sum = gamma_sum + dz * normalised(given.x[at], constants.mean, constants.inverse_deviation);
        beta_sum = beta_sum + dz;
      },
      [&](std::ptrdiff_t place) {
        gamma_sums[place] = gamma_sum;
        beta_sums[place] = beta_sum;
        gamma_sum = beta_sum = 0.0f;
      });
}

/// The chunk sums of one column, added in order.
__device__ __forceinline__ float fold_column(const float* sums, int column, int columns, int rows) {
  return fold_chunk_sums(sums + column, (rows - 1) / kChunk + 1, columns);
}

__global__ void __launch_bounds__(kThreads) mean_kernel(float* mean, const float* sums, int rows, int columns) {
  const int column = own_column();
  if (column < columns) mean[column] = fold_column(sums, column, columns, rows) / static_cast<float>(rows);
}

__global__ void __launch_bounds__(kThreads)
    statistics_kernel(float* inverse_deviation, float* running_mean, float* running_variance, const float* mean,
                      const float* sums, int rows, int columns, float epsilon, float momentum) {
  const int column = own_column();
  if (column >= columns) return;
  const BatchStatistics made = batch_statistics(mean[column], fold_column(sums, column, columns, rows), rows, epsilon,
                                                momentum, running_mean[column], running_variance[column]);
  inverse_deviation[column] = made.inverse_deviation;
  running_mean[column] = made.running_mean;
  running_variance[column] = made.running_variance;
}

__global__ void __launch_bounds__(kThreads) fold_gradients_kernel(float* dgamma, float* dbeta, const float* gamma_sums,
                                                                  const float* beta_sums, int rows, int columns) {
  const int column = own_column();
  if (column >= columns) return;
  dgamma[column] = fold_column(gamma_sums, column, columns, rows);
  dbeta[column] = fold_column(beta_sums, column, columns, rows);
}

/// The statistics that a forward pass uses. `epsilon` is used where the variance is given, not its inverse root.
struct Statistics {
  const float *mean, *inverse_deviation, *variance;
  float epsilon;
};

template <Activation kKind>
__global__ void __launch_bounds__(256) normalise_kernel(float* out, const float* x, const float* gamma,
                                                        const float* beta, Statistics given, int rows, int columns) {
  const int column = own_column();
  if (column >= columns) return;
  const float inverse = given.inverse_deviation != nullptr
                            ? given.inverse_deviation[column]
                            : inverse_deviation_of(given.variance[column], given.epsilon);
  const float mean = given.mean[column], scale = gamma[column] * inverse, shift = beta[column];
  for (int row = own_row(); row < rows; row += row_stride()) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * columns + column;
    out[at] = activate<kKind>(normalise(x[at], mean, scale, shift));
  }
}

template <Activation kKind>
__global__ void __launch_bounds__(256)
    norm_backward_kernel(float* dx, Backward given, const float* dgamma, const float* dbeta, int rows, int columns) {
  const int column = own_column();
  if (column >= columns) return;
  const BackwardColumn own = backward_column(given, column);
  const NormGradient constants =
      norm_gradient(given.gamma[column], own.inverse_deviation, dgamma[column], dbeta[column], rows);
  for (int row = own_row(); row < rows; row += row_stride()) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * columns + column;
    const float x_normalised = normalised(given.x[at], own.mean, own.inverse_deviation);
    dx[at] = norm_backward(constants, dz_of<kKind>(given, own, at), x_normalised);
  }
}

/// A grid of `block` over columns × `down`; what is beyond the most blocks is done by strides.
dim3 grid_of(int columns, int down, const dim3& block) {
  const unsigned blocks = blocks_for(static_cast<std::size_t>(down), block.y);
  return dim3(blocks_for(static_cast<std::size_t>(columns), block.x), blocks < kMostBlocks ? blocks : kMostBlocks);
}

int chunks_of(int rows) { return (rows - 1) / kChunk + 1; }

std::size_t sums_of(int rows, int columns) {
  return static_cast<std::size_t>(chunks_of(rows)) * static_cast<std::size_t>(columns);
}

void launch_normalise(Context& context, const char* op, Activation activation, float* out, const float* x,
                      const float* gamma, const float* beta, const Statistics& given, int rows, int columns) {
  visit_activation(activation, [&](auto kind) {
    launch(normalise_kernel<decltype(kind)::value>, grid_of(columns, rows, kElements), kElements, 0,
           stream(context, op), out, x, gamma, beta, given, rows, columns);
  });
}

}  // namespace

void batch_norm(Context& context, Activation activation, float* out, float* mean, float* inverse_deviation,
                float* running_mean, float* running_variance, const float* x, const float* gamma, const float* beta,
                int rows, int columns, float epsilon, float momentum) {
  if (rows <= 0 || columns <= 0) return;
  const Stream on = stream(context, "batch_norm");
  float* const sums = workspace(context, "batch_norm", sums_of(rows, columns) * sizeof(float));
  const dim3 chunks = grid_of(columns, chunks_of(rows), kPlane);
  const dim3 folds(blocks_for(static_cast<std::size_t>(columns), kThreads));
  launch(mean_chunks_kernel, chunks, kPlane, 0, on, sums, x, rows, columns);
  launch(mean_kernel, folds, dim3(kThreads), 0, on, mean, sums, rows, columns);
  launch(square_chunks_kernel, chunks, kPlane, 0, on, sums, x, mean, rows, columns);
  launch(statistics_kernel, folds, dim3(kThreads), 0, on, inverse_deviation, running_mean, running_variance, mean, sums,
         rows, columns, epsilon, momentum);
  launch_normalise(context, "batch_norm", activation, out, x, gamma, beta, {mean, inverse_deviation, nullptr, epsilon},
                   rows, columns);
}

void batch_norm_evaluate(Context& context, Activation activation, float* out, const float* x, const float* gamma,
                         const float* beta, const float* running_mean, const float* running_variance, int rows,
                         int columns, float epsilon) {
  if (rows <= 0 || columns <= 0) return;
  launch_normalise(context, "batch_norm_evaluate", activation, out, x, gamma, beta,
                   {running_mean, nullptr, running_variance, epsilon}, rows, columns);
}

void batch_norm_backward(Context& context, Activation activation, float* dx, float* dgamma, float* dbeta,
                         const float* dout, const float* out, const float* x, const float* gamma, const float* beta,
                         const float* mean, const float* inverse_deviation, int rows, int columns) {
  if (rows <= 0 || columns <= 0) return;
  const Stream on = stream(context, "batch_norm_backward");
  const Backward given{dout, out, x, gamma, beta, mean, inverse_deviation};
  float* const gamma_sums = workspace(context, "batch_norm_backward", 2 * sums_of(rows, columns) * sizeof(float));
  float* const beta_sums = gamma_sums + sums_of(rows, columns);
  visit_activation(activation, [&](auto kind) {
    launch(gradient_chunks_kernel<decltype(kind)::value>, grid_of(columns, chunks_of(rows), kPlane), kPlane, 0, on,
           gamma_sums, beta_sums, given, rows, columns);
    launch(fold_gradients_kernel, dim3(blocks_for(static_cast<std::size_t>(columns), kThreads)), dim3(kThreads), 0, on,
           dgamma, dbeta, gamma_sums, beta_sums, rows, columns);
    launch(norm_backward_kernel<decltype(kind)::value>, grid_of(columns, rows, kElements), kElements, 0, on, dx, given,
           dgamma, dbeta, rows, columns);
  });
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
