// The norm of all gradients on the GPU (norm_formula.h), which never leaves the device; portable. Listed in cuda_ops.h.
//
// A thread sums one chunk, a warp as many as it has lanes: it reads them together, a tile at a time. What lies beyond
// the tensor is +0, which changes no sum of squares. Gradients of one network share two launches, with the table of
// them among the arguments.
#include "kernels/cuda_ops.h"
#include "kernels/norm_formula.h"
#include "kernels/optimizer_formula.h"
#include "kernels/tensor_table.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr int kLanesOfWarp = 32;
constexpr int kGroupsOfBlock = kLanesOfWarp / kGroup;
static_assert(kChunk % kLanesOfWarp == 0 && kLanesOfWarp % kGroup == 0);

/// A gradient among those of one launch. Each has whole blocks, and its groups lie behind those of the one before.
struct Gradient {
  const float* x;
  int count;
  unsigned first_block;
  int first_group;
};

using Gradients = TensorTable<Gradient, 128>;
static_assert(sizeof(Gradients) <= kMostTableBytes);

/// sums[group] for the groups of this block.
__global__ void __launch_bounds__(kLanesOfWarp) square_groups_kernel(float* sums, Gradients table) {
  using Tile = float[kLanesOfWarp][kLanesOfWarp + 1];
  SWEEP_SHARED(Tile, tile);
  const Gradient gradient = table.entries[entry_of(table, blockIdx.x)];
  const int block = static_cast<int>(blockIdx.x - gradient.first_block);
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t first = std::int64_t{kGroupsOfBlock} * kGroupElements * block;
  float sum = 0.0f;
  for (int start = 0; start < kChunk; start += kLanesOfWarp) {
    __syncthreads();
    for (int chunk = 0; chunk < kLanesOfWarp; ++chunk) {
      const std::int64_t at = first + chunk * kChunk + start + lane;
      tile[chunk][lane] = at < gradient.count ? gradient.x[at] : 0.0f;
    }
    __syncthreads();
#pragma unroll 8
    for (int i = 0; i < kLanesOfWarp; ++i) sum = core::portable::fma(tile[lane][i], tile[lane][i], sum);
  }
  __syncthreads();
  tile[0][lane] = sum;
  __syncthreads();
  const int group = block * kGroupsOfBlock + lane / kGroup;
  if (lane % kGroup != 0 || group >= square_groups(gradient.count)) return;
  sums[gradient.first_group + group] = square_sum(tile[0] + lane, kGroup);
}

/// out[i]: of gradient i, a block each.
__global__ void __launch_bounds__(1) add_groups_kernel(float* out, const float* sums, Gradients table) {
  const Gradient gradient = table.entries[blockIdx.x];
  out[blockIdx.x] = square_sum(sums + gradient.first_group, square_groups(gradient.count));
}

__global__ void __launch_bounds__(1) clip_kernel(StepState* state, const float* squares, int tensors, float limit) {
  state->gradient_scale = clip_scale(square_sum(squares, tensors), limit);
}

/// Places the gradients of the table, and sums each of them.
void square(Context& context, float* out, Gradients& table) {
  unsigned blocks = 0;
  int groups = 0;
  for (int i = 0; i < table.count; ++i) {
    Gradient& gradient = table.entries[i];
    const int own = square_groups(gradient.count);
    gradient.first_block = blocks;
    gradient.first_group = groups;
    blocks += blocks_for(static_cast<std::size_t>(own), kGroupsOfBlock);
    groups += own;
  }
  const Stream on = stream(context, "sum_of_squares");
  const bool is_one = table.count == 1 && groups == 1;
  const std::size_t bytes = static_cast<std::size_t>(groups) * sizeof(float);
  float* const sums = is_one || groups == 0 ? out : workspace(context, "sum_of_squares", bytes);
  launch(square_groups_kernel, dim3(blocks), dim3(kLanesOfWarp), 0, on, sums, table);
  if (!is_one) launch(add_groups_kernel, dim3(static_cast<unsigned>(table.count)), dim3(1), 0, on, out, sums, table);
}

}  // namespace

void sum_of_squares(Context& context, float* out, const float* x, int count) {
  Gradients table{};
  table.entries[table.count++] = {x, count, 0, 0};
  square(context, out, table);
}

void sum_of_squares_all(Context& context, float* squares, const OptimizedTensor* tensors, int count) {
  Gradients table{};
  for (int i = 0; i < count; ++i) {
    if (tensors[i].m == nullptr) continue;
    table.entries[table.count++] = {tensors[i].gradient, tensors[i].count, 0, 0};
    if (table.count < Gradients::kCapacity) continue;
    square(context, squares, table);
    squares += table.count;
    table.count = 0;
  }
  square(context, squares, table);
}

void clip_gradients(Context& context, StepState* state, const float* squares, int tensors, float limit) {
  launch(clip_kernel, dim3(1), dim3(1), 0, stream(context, "clip_gradients"), state, squares, tensors, limit);
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
