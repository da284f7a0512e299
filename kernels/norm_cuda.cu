// The norm of all gradients on the GPU (norm_formula.h), which never leaves the device; portable. Listed in cuda_ops.h.
//
// A thread sums one chunk, a warp as many as it has lanes: it reads them together, a tile at a time. What lies beyond
// the tensor is +0, which changes no sum of squares.
#include "kernels/cuda_ops.h"
#include "kernels/norm_formula.h"
#include "kernels/optimizer_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr int kLanesOfWarp = 32;
constexpr int kGroupsOfBlock = kLanesOfWarp / kGroup;
static_assert(kChunk % kLanesOfWarp == 0 && kLanesOfWarp % kGroup == 0);

/// sums[group] for the groups of this block.
__global__ void __launch_bounds__(kLanesOfWarp) square_groups_kernel(float* sums, const float* x, int count) {
  using Tile = float[kLanesOfWarp][kLanesOfWarp + 1];
  SWEEP_SHARED(Tile, tile);
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t first = std::int64_t{kGroupsOfBlock} * kGroupElements * blockIdx.x;
  float sum = 0.0f;
  for (int start = 0; start < kChunk; start += kLanesOfWarp) {
    __syncthreads();
    for (int chunk = 0; chunk < kLanesOfWarp; ++chunk) {
      const std::int64_t at = first + chunk * kChunk + start + lane;
      tile[chunk][lane] = at < count ? x[at] : 0.0f;
    }
    __syncthreads();
#pragma unroll 8
    for (int i = 0; i < kLanesOfWarp; ++i) sum = core::portable::fma(tile[lane][i], tile[lane][i], sum);
  }
  __syncthreads();
  tile[0][lane] = sum;
  __syncthreads();
  const int group = static_cast<int>(blockIdx.x) * kGroupsOfBlock + lane / kGroup;
  if (lane % kGroup != 0 || group >= square_groups(count)) return;
  sums[group] = square_sum(tile[0] + lane, kGroup);
}

__global__ void __launch_bounds__(1) add_groups_kernel(float* out, const float* sums, int groups) {
  *out = square_sum(sums, groups);
}

__global__ void __launch_bounds__(1) clip_kernel(StepState* state, const float* squares, int tensors, float limit) {
  state->gradient_scale = clip_scale(square_sum(squares, tensors), limit);
}

}  // namespace

void sum_of_squares(Context& context, float* out, const float* x, int count) {
  const Stream on = stream(context, "sum_of_squares");
  const int groups = square_groups(count);
  if (groups == 0) return clear(context, "sum_of_squares", out, sizeof(float));
  const std::size_t size = static_cast<std::size_t>(groups);
  float* const sums = groups == 1 ? out : workspace(context, "sum_of_squares", size * sizeof(float));
  launch(square_groups_kernel, dim3(blocks_for(size, kGroupsOfBlock)), dim3(kLanesOfWarp), 0, on, sums, x, count);
  if (groups > 1) launch(add_groups_kernel, dim3(1), dim3(1), 0, on, out, sums, groups);
}

void clip_gradients(Context& context, StepState* state, const float* squares, int tensors, float limit) {
  launch(clip_kernel, dim3(1), dim3(1), 0, stream(context, "clip_gradients"), state, squares, tensors, limit);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
