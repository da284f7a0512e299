// Attention on the GPU (attention_formula.h); portable. Listed in cuda_ops.h.
//
// Every head of every text has a handful of small products: one kernel computes them all, a block a tile of 32 × 32
// outputs, whose operands pass through shared memory sixteen terms at a time. A thread owns four outputs; their sums of
// chunk, group and groups live in registers. Terms beyond k are zeros, as in gemm_cuda.cu. A warp takes a row of the
// softmax.
#include "core/math_float.h"
#include "kernels/attention_formula.h"
#include "kernels/cuda_ops.h"
#include "kernels/row_sum.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

constexpr int kTile = 32;
constexpr int kDepth = 16;
constexpr int kPitch = kTile + 1;  ///< of a stage's rows: reads along either side meet each bank once
constexpr unsigned kThreads = 256;
static_assert(kChunk % kDepth == 0);

/// One operand: element (line, term) of head h of text n at data[n·text + h·head + line·line_step + term·term_step].
struct Operand {
  const float* data;
  std::ptrdiff_t text, head;
  int line_step, term_step;
};

/// C of head h of text n: element (row, column) at data[n·text + h·head + row·row_step + column].
struct Result {
  float* data;
  std::ptrdiff_t text, head;
  int row_step;
};

struct Products {
  int items, heads;
  int m, n, k;
};

/// Sixteen terms of 32 lines into stage[term · kPitch + line]. Threads side by side read what lies side by side.
__device__ __forceinline__ void load_stage(float* stage, const float* from, const Operand& operand, int first,
                                           int lines, int term, int terms) {
#pragma unroll
  for (int load = 0; load < kTile * kDepth / static_cast<int>(kThreads); ++load) {
    const int index = static_cast<int>(threadIdx.x) + load * static_cast<int>(kThreads);
    const bool terms_next = operand.term_step == 1;
    const int line = terms_next ? index / kDepth : index % kTile, at = terms_next ? index % kDepth : index / kTile;
    const bool inside = first + line < lines && term + at < terms;
    const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(first + line) * operand.line_step +
                                 static_cast<std::ptrdiff_t>(term + at) * operand.term_step;
    stage[at * kPitch + line] = inside ? from[place] : 0.0f;
  }
}

/// The four outputs of a thread: rows y, y + 16 and columns x, x + 16 of the tile.
struct Sums {
  float of[2][2];
};

__device__ __forceinline__ void multiply_stage(Sums& sums, const float* a, const float* b, int y, int x) {
#pragma unroll
  for (int term = 0; term < kDepth; ++term) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        sums.of[i][j] =
            core::portable::fma(a[term * kPitch + y + 16 * i], b[term * kPitch + x + 16 * j], sums.of[i][j]);
      }
    }
  }
}

/// to += from, from = +0.
__device__ __forceinline__ void fold(Sums& to, Sums& from) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      to.of[i][j] = to.of[i][j] + from.of[i][j];
      from.of[i][j] = 0.0f;
    }
  }
}

__global__ void __launch_bounds__(kThreads) products_kernel(Products shape, Operand a, Operand b, Result c) {
  using Stage = float[kDepth * kPitch];
  SWEEP_SHARED(Stage, stage_a);
  SWEEP_SHARED(Stage, stage_b);
  const int x = static_cast<int>(threadIdx.x) % 16, y = static_cast<int>(threadIdx.x) / 16;
  const int first_row = static_cast<int>(blockIdx.y) * kTile, first_column = static_cast<int>(blockIdx.x) * kTile;
  for (int item = static_cast<int>(blockIdx.z); item < shape.items; item += static_cast<int>(gridDim.z)) {
    const int text = item / shape.heads, head = item % shape.heads;
    const float* const from_a = a.data + text * a.text + head * a.head;
    const float* const from_b = b.data + text * b.text + head * b.head;
    Sums chunk{}, group{}, total{};
    for (int term = 0; term < shape.k; term += kDepth) {
      __syncthreads();  // the stage has been read
      load_stage(stage_a, from_a, a, first_row, shape.m, term, shape.k);
      load_stage(stage_b, from_b, b, first_column, shape.n, term, shape.k);
      __syncthreads();
      multiply_stage(chunk, stage_a, stage_b, y, x);
      const int next = term + kDepth;
      if (next % kChunk == 0 || next >= shape.k) fold(group, chunk);
      if (next % (kChunk * kGroup) == 0 || next >= shape.k) fold(total, group);
    }
    float* const to = c.data + text * c.text + head * c.head;
#pragma unroll
    for (int i = 0; i < 2; ++i) {
#pragma unroll
      for (int j = 0; j < 2; ++j) {
        const int row = first_row + y + 16 * i, column = first_column + x + 16 * j;
        if (row < shape.m && column < shape.n) {
          to[static_cast<std::ptrdiff_t>(row) * c.row_step + column] = total.of[i][j];
        }
      }
    }
  }
}

constexpr unsigned kWarps = 4;  ///< rows of a block

__device__ __forceinline__ float row_maximum(const float* row, int count, int lane, float scale) {
  float maximum = row[0] * scale;
  for (int s = lane; s < count; s += kLanes) maximum = larger(maximum, row[s] * scale);
#pragma unroll
  for (int width = kLanes / 2; width > 0; width /= 2) {
    maximum = larger(maximum, __shfl_xor_sync(0xffffffffu, maximum, width));
  }
  return maximum;
}

__global__ void __launch_bounds__(kWarps * 32)
    causal_softmax_kernel(float* scores, std::ptrdiff_t rows, int length, float scale) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  float* const of = scores + row * length;
  const int count = static_cast<int>(row % length) + 1;
  const float maximum = row_maximum(of, count, lane, scale);
  const float sum = row_sum(lane, count, [=](int s) { return softmax_term(of[s] * scale, maximum); });
  for (int s = lane; s < length; s += kLanes) {
    of[s] = s < count ? softmax_term(of[s] * scale, maximum) / sum : 0.0f;
  }
}

__global__ void __launch_bounds__(kWarps * 32)
    causal_softmax_backward_kernel(float* gradients, const float* weights, std::ptrdiff_t rows, int length,
                                   float scale) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  const int lane = static_cast<int>(threadIdx.x % 32);
  if (row >= rows) return;
  float* const of = gradients + row * length;
  const float* const weight = weights + row * length;
  const int count = static_cast<int>(row % length) + 1;
  const float sum = row_sum(lane, count, [=](int s) { return weight[s] * of[s]; });
  for (int s = lane; s < length; s += kLanes) {
    of[s] = s < count ? score_gradient(weight[s], of[s], sum, scale) : 0.0f;
  }
}

/// The arrays of a call as operands.
class Layout {
 public:
  explicit Layout(const AttentionShape& shape)
      : shape_(shape), columns_(shape.heads * shape.depth), length_(shape.length) {}

  /// part 0, 1, 2: queries, keys, values. kLines: places are lines; otherwise they are terms.
  Operand qkv(const float* data, int part, bool places_are_lines) const {
    return operand(data + part * columns_, length_ * 3 * columns_, shape_.depth, 3 * columns_, places_are_lines);
  }
  Operand out(const float* data, bool places_are_lines) const {
    return operand(data, length_ * columns_, shape_.depth, columns_, places_are_lines);
  }
  /// Rows of the weights as lines; transposed: as terms.
  Operand weights(const float* data, bool rows_are_lines) const {
    return operand(data, shape_.heads * length_ * length_, length_ * length_, shape_.length, rows_are_lines);
  }
  Result to_qkv(float* data, int part) const {
    return {data + part * columns_, length_ * 3 * columns_, shape_.depth, 3 * columns_};
  }
  Result to_out(float* data) const { return {data, length_ * columns_, shape_.depth, columns_}; }
  Result to_weights(float* data) const {
    return {data, shape_.heads * length_ * length_, length_ * length_, shape_.length};
  }

 private:
  static Operand operand(const float* data, std::ptrdiff_t text, std::ptrdiff_t head, int step, bool lines) {
    return {data, text, head, lines ? step : 1, lines ? 1 : step};
  }

  AttentionShape shape_;
  int columns_;
  std::ptrdiff_t length_;
};

void multiply(Stream on, const AttentionShape& shape, int m, int n, int k, const Operand& a, const Operand& b,
              const Result& c) {
  const int items = shape.batch * shape.heads;
  const unsigned deep = static_cast<unsigned>(items) < kMostBlocks ? static_cast<unsigned>(items) : kMostBlocks;
  const dim3 grid(blocks_for(static_cast<std::size_t>(n), kTile), blocks_for(static_cast<std::size_t>(m), kTile), deep);
  launch(products_kernel, grid, dim3(kThreads), 0, on, Products{items, shape.heads, m, n, k}, a, b, c);
}

std::ptrdiff_t rows_of(const AttentionShape& shape) {
  return static_cast<std::ptrdiff_t>(shape.batch) * shape.heads * shape.length;
}

}  // namespace

void attention(Context& context, float* out, float* weights, const float* qkv, const AttentionShape& shape) {
  const Stream on = stream(context, "attention");
  const Layout at(shape);
  const int length = shape.length, depth = shape.depth;
  multiply(on, shape, length, length, depth, at.qkv(qkv, 0, true), at.qkv(qkv, 1, true), at.to_weights(weights));
  launch(causal_softmax_kernel, dim3(blocks_for(static_cast<std::size_t>(rows_of(shape)), kWarps)), dim3(kWarps * 32),
         0, on, weights, rows_of(shape), length, attention_scale(depth));
  multiply(on, shape, length, depth, length, at.weights(weights, true), at.qkv(qkv, 2, false), at.to_out(out));
}

void attention_backward(Context& context, float* dqkv, float* scratch, const float* dout, const float* qkv,
                        const float* weights, const AttentionShape& shape) {
  const Stream on = stream(context, "attention_backward");
  const Layout at(shape);
  const int length = shape.length, depth = shape.depth;
  multiply(on, shape, length, depth, length, at.weights(weights, false), at.out(dout, false), at.to_qkv(dqkv, 2));
  multiply(on, shape, length, length, depth, at.out(dout, true), at.qkv(qkv, 2, true), at.to_weights(scratch));
  launch(causal_softmax_backward_kernel, dim3(blocks_for(static_cast<std::size_t>(rows_of(shape)), kWarps)),
         dim3(kWarps * 32), 0, on, scratch, weights, rows_of(shape), length, attention_scale(depth));
  multiply(on, shape, length, depth, length, at.weights(scratch, true), at.qkv(qkv, 1, false), at.to_qkv(dqkv, 0));
  multiply(on, shape, length, depth, length, at.weights(scratch, false), at.qkv(qkv, 0, false), at.to_qkv(dqkv, 1));
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
