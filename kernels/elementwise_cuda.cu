// The ops that treat each element by itself, on the GPU: bias and activation, its gradient, dropout, initial weights.
// Portable: the formulas are those of the CPU. Listed in cuda_ops.h.
#include "kernels/activation_formula.h"
#include "kernels/cuda_ops.h"
#include "kernels/dropout_formula.h"
#include "kernels/four.cuh"
#include "kernels/initialise_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kThreads = 256;  ///< a block of the kernels that take elements in a row
constexpr dim3 kPlane(32, 8);       ///< a block of the kernels that know rows and columns

__device__ __forceinline__ int element() { return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }

template <Activation kKind>
__global__ void __launch_bounds__(256)
    bias_activation_kernel(float* out, float* z, const float* x, const float* bias, int rows, int columns) {
  const int column = element();
  if (column >= columns) return;
  const float shift = bias[column];
  const int stride = static_cast<int>(gridDim.y * blockDim.y);
  for (int row = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y); row < rows; row += stride) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * columns + column;
    const float sum = x[at] + shift;
    if (z != nullptr) z[at] = sum;
    out[at] = activate<kKind>(sum);
  }
}

template <Activation kKind>
__global__ void __launch_bounds__(kThreads)
    activation_backward_kernel(float* dz, const float* dout, const float* out, const float* z, int count) {
  const int at = element();
  if (at >= count) return;
  const bool needs_out = kKind != Activation::kNone && !kGradientNeedsInput<kKind>;
  dz[at] = activation_gradient<kKind>(dout[at], needs_out ? out[at] : 0.0f, kGradientNeedsInput<kKind> ? z[at] : 0.0f);
}

__global__ void __launch_bounds__(kThreads) add_kernel(float* out, const float* a, const float* b, int count) {
  const int at = element();
  if (at < count) out[at] = a[at] + b[at];
}

/// One thread for four elements: one draw gives four words.
__global__ void __launch_bounds__(kThreads)
    dropout_kernel(float* out, const float* in, int count, DropoutRule rule, std::uint64_t seed, std::uint32_t tensor,
                   const StepState* state, bool aligned) {
  const std::uint32_t quad = blockIdx.x * blockDim.x + threadIdx.x;
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(quad) * 4;
  if (first >= count) return;
  const int valid = count - static_cast<int>(first);
  const core::Philox4 words = dropout_words(seed, tensor, state->step, quad);
  float4 four = load_four(in + first, valid, aligned);
  four.x = drop(rule, words.word[0], four.x);
  four.y = drop(rule, words.word[1], four.y);
  four.z = drop(rule, words.word[2], four.z);
  four.w = drop(rule, words.word[3], four.w);
  store_four(out + first, four, valid, aligned);
}

template <Initialisation kKind>
__global__ void __launch_bounds__(kThreads)
    initialise_kernel(float* w, int count, float gain, std::uint64_t seed, std::uint32_t tensor, bool aligned) {
  const std::uint32_t quad = blockIdx.x * blockDim.x + threadIdx.x;
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(quad) * 4;
  if (first >= count) return;
  const InitialQuad made = initial_weights(kKind, initial_words(seed, tensor, quad), gain);
  store_four(w + first, float4{made.weight[0], made.weight[1], made.weight[2], made.weight[3]},
             count - static_cast<int>(first), aligned);
}

unsigned blocks_of_quads(int count) {
  return count > 0 ? blocks_for((static_cast<std::size_t>(count) + 3) / 4, kThreads) : 0u;
}

}  // namespace

void bias_activation(Context& context, Activation activation, float* out, float* z, const float* x, const float* bias,
                     int rows, int columns) {
  if (rows <= 0 || columns <= 0) return;
  const unsigned row_blocks = blocks_for(static_cast<std::size_t>(rows), kPlane.y);
  const dim3 grid(blocks_for(static_cast<std::size_t>(columns), kPlane.x),
                  row_blocks < kMostBlocks ? row_blocks : kMostBlocks);
  visit_activation(activation, [&](auto kind) {
    launch(bias_activation_kernel<decltype(kind)::value>, grid, kPlane, 0, stream(context, "bias_activation"), out, z,
           x, bias, rows, columns);
  });
}

void activation_backward(Context& context, Activation activation, float* dz, float* dbias, const float* dout,
                         const float* out, const float* z, int rows, int columns) {
  if (rows <= 0 || columns <= 0) return;
  const int count = rows * columns;
  visit_activation(activation, [&](auto kind) {
    launch(activation_backward_kernel<decltype(kind)::value>,
           dim3(blocks_for(static_cast<std::size_t>(count), kThreads)), dim3(kThreads), 0,
           stream(context, "activation_backward"), dz, dout, out, z, count);
  });
  if (dbias != nullptr) column_sum(context, dbias, dz, rows, columns);
}

void add(Context& context, float* out, const float* a, const float* b, int count) {
  if (count <= 0) return;
  launch(add_kernel, dim3(blocks_for(static_cast<std::size_t>(count), kThreads)), dim3(kThreads), 0,
         stream(context, "add"), out, a, b, count);
}

void dropout(Context& context, float* out, const float* in, int count, float rate, std::uint64_t seed,
             std::uint32_t tensor, const StepState* state) {
  launch(dropout_kernel, dim3(blocks_of_quads(count)), dim3(kThreads), 0, stream(context, "dropout"), out, in, count,
         dropout_rule(rate), seed, tensor, state, aligned_by_four(out) && aligned_by_four(in));
}

void initialise(Context& context, Initialisation kind, float* w, int count, int fan_in, int fan_out, float scale,
                std::uint64_t seed, std::uint32_t tensor) {
  const float gain = initialisation_gain(kind, fan_in, fan_out, scale);
  const auto start = [&](auto kernel) {
    launch(kernel, dim3(blocks_of_quads(count)), dim3(kThreads), 0, stream(context, "initialise"), w, count, gain, seed,
           tensor, aligned_by_four(w));
  };
  if (kind == Initialisation::kHe) return start(initialise_kernel<Initialisation::kHe>);
  if (kind == Initialisation::kXavier) return start(initialise_kernel<Initialisation::kXavier>);
  clear(context, "initialise", w, static_cast<std::size_t>(count > 0 ? count : 0) * sizeof(float));
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
