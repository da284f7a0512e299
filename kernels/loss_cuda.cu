// The losses on the GPU (softmax_formula.h, regression_formula.h); portable. Listed in cuda_ops.h.
//
// For a softmax a warp takes a row: its lanes are the lanes of the row rule.
#include "kernels/cuda_ops.h"
#include "kernels/regression_formula.h"
#include "kernels/softmax_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr unsigned kWarps = 4;   ///< rows of a block, a warp a row
constexpr unsigned kRows = 256;  ///< rows of a block, a thread a row
constexpr unsigned kWholeWarp = 0xffffffffu;
static_assert(kLanes == 32, "a lane of the row rule is a lane of a warp");

struct Maximum {
  float value;
  int at;
};

/// The largest logit of the row and its class, the same in each lane.
__device__ __forceinline__ Maximum row_maximum(const float* row, int classes, int lane) {
  // A lane without a class loses to every logit, −infinity included.
  Maximum best{core::portable::float_of(0xff800000u), classes};
  for (int j = lane; j < classes; j += kLanes) {
    if (j == lane || takes_maximum(row[j], j, best.value, best.at)) best = Maximum{row[j], j};
  }
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) {
    const float value = __shfl_xor_sync(kWholeWarp, best.value, width);
    const int at = __shfl_xor_sync(kWholeWarp, best.at, width);
    if (takes_maximum(value, at, best.value, best.at)) best = Maximum{value, at};
  }
  return best;
}

/// The row rule's sum of exp(logit − maximum), the same in each lane: a + b is b + a, so that after each fold the lanes
/// l and l + width hold the same bits.
__device__ __forceinline__ float row_sum(const float* row, int classes, int lane, float maximum) {
  float sum = 0.0f;
  for (int j = lane; j < classes; j += kLanes) sum = sum + softmax_term(row[j], maximum);
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) sum = sum + __shfl_xor_sync(kWholeWarp, sum, width);
  return sum;
}

/// The row rule's sum of maximum − logit, the same in each lane.
__device__ __forceinline__ float row_gaps(const float* row, int classes, int lane, float maximum) {
  float sum = 0.0f;
  for (int j = lane; j < classes; j += kLanes) sum = sum + (maximum - row[j]);
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) sum = sum + __shfl_xor_sync(kWholeWarp, sum, width);
  return sum;
}

__global__ void __launch_bounds__(kWarps * 32)
    softmax_cross_entropy_kernel(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                                 const std::int32_t* labels, int rows, int classes, float smoothing, float scale) {
  const int row = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(row) * classes;
  const float* const from = logits + start;
  const int label = labels[row];
  const Maximum maximum = row_maximum(from, classes, lane);
  const float sum = row_sum(from, classes, lane, maximum.value);
  const float gaps = smoothing > 0.0f ? row_gaps(from, classes, lane, maximum.value) : 0.0f;
  if (lane == 0) {
    loss[row] = smoothing > 0.0f ? smoothed_cross_entropy(maximum.value, from[label], sum, gaps, smoothing, classes)
                                 : cross_entropy(maximum.value, from[label], sum);
    correct[row] = sum == sum && maximum.at == label ? 1 : 0;
  }
  if (dlogits == nullptr) return;
  const SmoothedTarget wanted = smoothed_target(smoothing, classes);
  for (int j = lane; j < classes; j += kLanes) {
    dlogits[start + j] =
        softmax_gradient(softmax_term(from[j], maximum.value), sum, j == label ? wanted.label : wanted.other, scale);
  }
}

__global__ void __launch_bounds__(kWarps * 32)
    rank_kernel(std::int32_t* rank, std::int32_t* predicted, const float* logits, const std::int32_t* labels, int rows,
                int classes) {
  const int row = static_cast<int>(blockIdx.x * kWarps + threadIdx.x / 32);
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  const float* const from = logits + static_cast<std::ptrdiff_t>(row) * classes;
  const int label = labels[row];
  const Maximum maximum = row_maximum(from, classes, lane);
  int before = 0, nans = 0;
  for (int j = lane; j < classes; j += kLanes) {
    nans += from[j] != from[j] ? 1 : 0;
    before += takes_maximum(from[j], j, from[label], label) ? 1 : 0;
  }
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) {
    before += __shfl_xor_sync(kWholeWarp, before, width);
    nans += __shfl_xor_sync(kWholeWarp, nans, width);
  }
  if (lane != 0) return;
  rank[row] = nans == 0 ? before : classes;
  predicted[row] = nans == 0 ? maximum.at : -1;
}

__global__ void __launch_bounds__(kRows) regression_kernel(Regression kind, float* loss, float* dout, const float* out,
                                                           const float* target, int rows, float scale) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= rows) return;
  const RegressionScore score = regression_score(kind, out[row], target[row], scale);
  loss[row] = score.loss;
  if (dout != nullptr) dout[row] = score.gradient;
}

}  // namespace

void softmax_cross_entropy(Context& context, float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing) {
  if (rows <= 0) return;
  launch(softmax_cross_entropy_kernel, dim3(blocks_for(static_cast<std::size_t>(rows), kWarps)), dim3(kWarps * 32), 0,
         stream(context, "softmax_cross_entropy"), loss, correct, dlogits, logits, labels, rows, classes, smoothing,
         1.0f / static_cast<float>(rows));
}

void rank_labels(Context& context, std::int32_t* rank, std::int32_t* predicted, const float* logits,
                 const std::int32_t* labels, int rows, int classes) {
  if (rows <= 0) return;
  launch(rank_kernel, dim3(blocks_for(static_cast<std::size_t>(rows), kWarps)), dim3(kWarps * 32), 0,
         stream(context, "rank_labels"), rank, predicted, logits, labels, rows, classes);
}

void regression_loss(Context& context, Regression kind, float* loss, float* dout, const float* out, const float* target,
                     int rows) {
  if (rows <= 0) return;
  launch(regression_kernel, dim3(blocks_for(static_cast<std::size_t>(rows), kRows)), dim3(kRows), 0,
         stream(context, "regression_loss"), kind, loss, dout, out, target, rows, 1.0f / static_cast<float>(rows));
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
