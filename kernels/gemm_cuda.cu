// The matrix product on the GPU by the dot rule (gemm_formula.h); portable. Listed in cuda_ops.h.
//
// A block computes a tile of C, a thread a few of its outputs. A and B pass through shared memory sixteen terms of k at
// a time, two stages: the next one is fetched from global memory while this one is used. Only the sums of one chunk
// live in registers; the sums of a group wait in shared memory (each thread in places of its own, so without a barrier)
// and the sum over groups, needed only beyond k = 4096, in C itself. Where C has too few tiles for the device, the
// blocks of one tile compute one chunk each and a second kernel adds the chunk sums in order.
//
// Terms beyond k are zeros: they change a sum only from −0 to +0, and the rule adds every chunk to +0 or to a sum that
// is not −0.
#include "core/math_float.h"
#include "kernels/cuda_ops.h"
#include "kernels/four.cuh"
#include "kernels/gemm_formula.h"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

/// Rows × columns of C for a block, and of these the part of one thread: in fours, which are read with one load.
template <int kRows_, int kColumns_, int kThreadRows_, int kThreadColumns_, int kDepth_, int kBlocks_>
struct Tile {
  static constexpr int kRows = kRows_, kColumns = kColumns_;
  static constexpr int kDepth = kDepth_;  ///< terms of k in one stage
  static_assert(kChunk % kDepth == 0);
  static constexpr int kThreadRows = kThreadRows_, kThreadColumns = kThreadColumns_;
  static constexpr int kLanesDown = kRows / kThreadRows, kLanesAcross = kColumns / kThreadColumns;
  static constexpr int kThreads = kLanesDown * kLanesAcross;
  static constexpr int kBlocks = kBlocks_;  ///< on one multiprocessor: bounds the registers
  static constexpr int kOutputs = kThreadRows * kThreadColumns;
  static constexpr int kStage = kDepth * (kRows + kColumns);
  static constexpr std::size_t kSharedBytes = (2 * kStage + kThreads * kOutputs) * sizeof(float);
};
using Large = Tile<128, 128, 8, 8, 8, 2>;
using Medium = Tile<64, 64, 4, 8, 16, 4>;
using Small = Tile<32, 32, 4, 4, 16, 8>;

struct Shape {
  int m, n, k;
};

/// Place of element `line` (a row of A, a column of B) of term `term` in a stage of `kWidth` lines. Groups of four
/// lines are permuted by term, so that neither reading along the lines nor writing along the terms meets one bank
/// twice.
template <int kWidth, int kDepth>
__device__ __forceinline__ int place(int term, int line) {
  return term * kWidth + ((((line >> 2) ^ ((term >> 2) * (32 / kDepth))) << 2) | (line & 3));
}

/// Brings one operand's part of a stage from global to shared memory. kTermsNext: neighbours in memory are terms of one
/// line (A as stored, B transposed); otherwise lines of one term.
template <bool kTermsNext, int kWidth, int kDepth, int kThreads>
class Loader {
 public:
  static constexpr int kLoads = kWidth * kDepth / 4 / kThreads;
  static_assert(kLoads * kThreads * 4 == kWidth * kDepth);

  /// `lines` of the operand start at `source`, those of the block at `first`; its rows in memory are `pitch` apart.
  __device__ Loader(const float* source, int pitch, int first, int lines, int k, bool aligned)
      : pitch_(pitch), lines_(lines - first), k_(k), aligned_(aligned) {
    source_ = source + (kTermsNext ? static_cast<std::ptrdiff_t>(first) * pitch : first);
  }

  __device__ __forceinline__ void fetch(int term) {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const int index = static_cast<int>(threadIdx.x) + load * kThreads;
      if (kTermsNext) {
        const int line = index / (kDepth / 4), at = term + index % (kDepth / 4) * 4;
        held_[load] =
            load_four(source_ + static_cast<std::ptrdiff_t>(line) * pitch_ + at, line < lines_ ? k_ - at : 0, aligned_);
      } else {
        const int line = index % (kWidth / 4) * 4, at = term + index / (kWidth / 4);
        held_[load] =
            load_four(source_ + static_cast<std::ptrdiff_t>(at) * pitch_ + line, at < k_ ? lines_ - line : 0, aligned_);
      }
    }
  }

  __device__ __forceinline__ void store(float* stage) const {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const int index = static_cast<int>(threadIdx.x) + load * kThreads;
      const float4 four = held_[load];
      if (kTermsNext) {
        const int line = index / (kDepth / 4), term = index % (kDepth / 4) * 4;
        stage[place<kWidth, kDepth>(term, line)] = four.x;
        stage[place<kWidth, kDepth>(term + 1, line)] = four.y;
        stage[place<kWidth, kDepth>(term + 2, line)] = four.z;
        stage[place<kWidth, kDepth>(term + 3, line)] = four.w;
      } else {
        const int line = index % (kWidth / 4) * 4, term = index / (kWidth / 4);
        *reinterpret_cast<float4*>(stage + place<kWidth, kDepth>(term, line)) = four;
      }
    }
  }

 private:
  const float* source_;
  int pitch_, lines_, k_;
  bool aligned_;
  float4 held_[kLoads];
};

/// This thread's lines of one term: fours that lie kLanes · 4 apart.
template <int kWidth, int kDepth, int kLanes, int kCount>
__device__ __forceinline__ void read_lines(float (&lines)[kCount], const float* stage, int term, int lane) {
#pragma unroll
  for (int four = 0; four < kCount / 4; ++four) {
    const float* from = stage + place<kWidth, kDepth>(term, (four * kLanes + lane) * 4);
    const float4 values = *reinterpret_cast<const float4*>(from);
    lines[four * 4] = values.x;
    lines[four * 4 + 1] = values.y;
    lines[four * 4 + 2] = values.z;
    lines[four * 4 + 3] = values.w;
  }
}

/// Adds the terms of one stage to the chunk sums.
template <class T>
__device__ __forceinline__ void multiply_stage(float (&sums)[T::kThreadRows][T::kThreadColumns], const float* stage,
                                               int lane_down, int lane_across) {
#pragma unroll
  for (int term = 0; term < T::kDepth; ++term) {
    float rows[T::kThreadRows], columns[T::kThreadColumns];
    read_lines<T::kRows, T::kDepth, T::kLanesDown>(rows, stage, term, lane_down);
    read_lines<T::kColumns, T::kDepth, T::kLanesAcross>(columns, stage + T::kDepth * T::kRows, term, lane_across);
#pragma unroll
    for (int i = 0; i < T::kThreadRows; ++i) {
#pragma unroll
      for (int j = 0; j < T::kThreadColumns; ++j) sums[i][j] = core::portable::fma(rows[i], columns[j], sums[i][j]);
    }
  }
}

/// A thread's own place in shared memory for the sums of its outputs: sum e at [e · kThreads], so that the lanes of a
/// warp use neighbouring banks. Nobody else reads it: no barrier.
template <class T>
__device__ __forceinline__ float* own_place(float* stages) {
  return stages + 2 * T::kStage + threadIdx.x;
}

/// A chunk has ended: adds its sums to those that wait in `place` (to +0 for the first of a group) and starts the next
/// from +0. `raw`: leaves them as they are.
template <class T>
__device__ __forceinline__ void fold_chunk(float (&sums)[T::kThreadRows][T::kThreadColumns], float* place, bool opens,
                                           bool raw) {
#pragma unroll
  for (int i = 0; i < T::kThreadRows; ++i) {
#pragma unroll
    for (int j = 0; j < T::kThreadColumns; ++j) {
      float& waiting = place[(i * T::kThreadColumns + j) * T::kThreads];
      const float sum = sums[i][j];
      waiting = raw ? sum : (opens ? 0.0f : waiting) + sum;
      sums[i][j] = 0.0f;
    }
  }
}

/// A group has ended: adds its sums to C (to +0 for the first group) or, where `raw`, leaves them there as they are.
/// Loops are not unrolled: nothing here may take registers from the product.
template <class T>
__device__ __forceinline__ void write_outputs(float* c, const float* place, const Shape& shape, int first_row,
                                              int first_column, bool first_group, bool raw) {
#pragma unroll 1
  for (int i = 0; i < T::kThreadRows; ++i) {
    const int row = first_row + i / 4 * (T::kLanesDown * 4) + i % 4;
    if (row >= shape.m) break;
#pragma unroll 1
    for (int j = 0; j < T::kThreadColumns; ++j) {
      const int column = first_column + j / 4 * (T::kLanesAcross * 4) + j % 4;
      if (column >= shape.n) break;
      float& out = c[static_cast<std::ptrdiff_t>(row) * shape.n + column];
      const float sum = place[(i * T::kThreadColumns + j) * T::kThreads];
      out = raw ? sum : (first_group ? 0.0f : out) + sum;
    }
  }
}

/// C = op(A)·op(B), or, where `chunk_sums` is given, only the sums of chunk blockIdx.z: chunk_sums[chunk][m][n].
template <class T, Transpose kTranspose>
__global__ void __launch_bounds__(T::kThreads, T::kBlocks)
    gemm_kernel(Shape shape, const float* __restrict__ a, const float* __restrict__ b, float* c, float* chunk_sums,
                bool a_aligned, bool b_aligned) {
  float* stages = dynamic_shared<float>();
  constexpr bool kATermsNext = kTranspose != Transpose::kTN, kBTermsNext = kTranspose == Transpose::kNT;
  const int thread = static_cast<int>(threadIdx.x);
  const int warps_across = T::kLanesAcross / 8;
  // A warp covers 4 × 8 threads of the tile: its lanes share most of what they read.
  const int lane_across = thread / 32 % warps_across * 8 + thread % 8;
  const int lane_down = thread / 32 / warps_across * 4 + thread % 32 / 8;
  const int first_row = static_cast<int>(blockIdx.y) * T::kRows;
  const int first_column = static_cast<int>(blockIdx.x) * T::kColumns;
  const int own_row = first_row + lane_down * 4, own_column = first_column + lane_across * 4;

  const bool split = chunk_sums != nullptr;
  const int begin = split ? static_cast<int>(blockIdx.z) * kChunk : 0;
  const int end = split && shape.k - begin > kChunk ? begin + kChunk : shape.k;
  Loader<kATermsNext, T::kRows, T::kDepth, T::kThreads> load_a(a, kATermsNext ? shape.k : shape.m, first_row, shape.m,
                                                               end, a_aligned);
  Loader<kBTermsNext, T::kColumns, T::kDepth, T::kThreads> load_b(b, kBTermsNext ? shape.k : shape.n, first_column,
                                                                  shape.n, end, b_aligned);
  float* const out = split ? chunk_sums + static_cast<std::ptrdiff_t>(blockIdx.z) * shape.m * shape.n : c;
  float* const place = own_place<T>(stages);
  float sums[T::kThreadRows][T::kThreadColumns] = {};
  load_a.fetch(begin);
  load_b.fetch(begin);
  load_a.store(stages);
  load_b.store(stages + T::kDepth * T::kRows);
  __syncthreads();
  int parity = 0;
  for (int term = begin; term < end; term += T::kDepth) {
    const int next = term + T::kDepth;
    if (next < end) {
      load_a.fetch(next);
      load_b.fetch(next);
    }
    multiply_stage<T>(sums, stages + parity * T::kStage, lane_down, lane_across);
    if (next % kChunk == 0 || next >= end) {
      const int chunk = term / kChunk;
      fold_chunk<T>(sums, place, chunk % kGroup == 0, split);
      if (next >= end || chunk % kGroup == kGroup - 1) {
        write_outputs<T>(out, place, shape, own_row, own_column, chunk < kGroup, split);
      }
    }
    parity ^= 1;
    if (next < end) {
      // The other stage was last read before the barrier of the round before.
      load_a.store(stages + parity * T::kStage);
      load_b.store(stages + parity * T::kStage + T::kDepth * T::kRows);
      __syncthreads();
    }
  }
}

/// c[at] = the chunk sums of one output, added in order.
__global__ void __launch_bounds__(256)
    fold_chunks_kernel(float* c, const float* chunk_sums, std::ptrdiff_t outputs, int chunks) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= outputs) return;
  float total = 0.0f;
  for (int chunk = 0; chunk < chunks;) {
    float group = 0.0f;
    for (const int end = chunk + kGroup < chunks ? chunk + kGroup : chunks; chunk < end; ++chunk) {
      group = group + chunk_sums[chunk * outputs + at];
    }
    total = total + group;
  }
  c[at] = total;
}

/// How one product is laid over the device. No choice changes a bit.
struct Plan {
  int tile;  ///< 128, 64 or 32
  bool split;
};

constexpr std::size_t kMostChunkSums = std::size_t{1} << 24;

Plan plan_gemm(const Shape& shape, int chunks, int processors) {
  const std::size_t outputs = std::size_t(shape.m) * std::size_t(shape.n);
  const bool can_split = chunks > 1 && chunks <= 65535 && outputs * std::size_t(chunks) <= kMostChunkSums;
  for (const int tile : {128, 64, 32}) {
    const long tiles = long{(shape.m + tile - 1) / tile} * ((shape.n + tile - 1) / tile);
    // Three quarters of the device busy is better than smaller tiles.
    if (4 * tiles >= 3 * processors) return {tile, false};
    if (can_split && 4 * tiles * chunks >= 3 * processors) return {tile, true};
  }
  return {32, can_split};
}

struct Operands {
  const float* a;
  const float* b;
  float* c;
  float* chunk_sums;  ///< null where the product is not split
};

template <class T, Transpose kTranspose>
void launch_gemm(Stream stream, const Shape& shape, int chunks, const Operands& operands) {
  const bool split = operands.chunk_sums != nullptr;
  const dim3 grid(blocks_for(std::size_t(shape.n), T::kColumns), blocks_for(std::size_t(shape.m), T::kRows),
                  split ? static_cast<unsigned>(chunks) : 1u);
  launch(gemm_kernel<T, kTranspose>, grid, dim3(T::kThreads), T::kSharedBytes, stream, shape, operands.a, operands.b,
         operands.c, operands.chunk_sums, aligned_by_four(operands.a, kTranspose == Transpose::kTN ? shape.m : shape.k),
         aligned_by_four(operands.b, kTranspose == Transpose::kNT ? shape.k : shape.n));
}

template <class T>
void launch_gemm(Stream stream, Transpose transpose, const Shape& shape, int chunks, const Operands& operands) {
  switch (transpose) {
    case Transpose::kNN:
      return launch_gemm<T, Transpose::kNN>(stream, shape, chunks, operands);
    case Transpose::kNT:
      return launch_gemm<T, Transpose::kNT>(stream, shape, chunks, operands);
    case Transpose::kTN:
      return launch_gemm<T, Transpose::kTN>(stream, shape, chunks, operands);
  }
}

}  // namespace

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  const Stream on = stream(context, "gemm");
  const std::size_t outputs = std::size_t(m) * std::size_t(n);
  if (outputs == 0) return;
  if (k == 0) return clear(context, "gemm", c, outputs * sizeof(float));
  const Shape shape{m, n, k};
  const int chunks = (k - 1) / kChunk + 1;
  const Plan plan = plan_gemm(shape, chunks, multiprocessors(context));
  Operands operands{a, b, c, nullptr};
  if (plan.split) operands.chunk_sums = workspace(context, "gemm", outputs * std::size_t(chunks) * sizeof(float));
  if (plan.tile == 128) {
    launch_gemm<Large>(on, transpose, shape, chunks, operands);
  } else if (plan.tile == 64) {
    launch_gemm<Medium>(on, transpose, shape, chunks, operands);
  } else {
    launch_gemm<Small>(on, transpose, shape, chunks, operands);
  }
  if (plan.split) {
    launch(fold_chunks_kernel, dim3(blocks_for(outputs, 256)), dim3(256), 0, on, c, operands.chunk_sums,
           static_cast<std::ptrdiff_t>(outputs), chunks);
  }
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
