// The tile of a product on the GPU by the dot rule (gemm_formula.h): what the matrix product and the convolutions
// share. Included by gemm_cuda.cu and conv2d_cuda.cu, which say how the operands are loaded and where outputs lie.
//
// A block computes a tile, a thread a few of its outputs. A and B pass through shared memory some terms of k at a time,
// two stages: the next one is fetched from global memory while this one is used. Only the sums of one chunk live in
// registers; the sums of a group wait in shared memory (each thread in places of its own, so without a barrier) and the
// sum over groups, needed only beyond k = 4096, in the output itself. Where there are too few tiles for the device, the
// blocks of one tile compute one chunk each and a second kernel adds the chunk sums in order.
//
// Terms beyond k are zeros: they change a sum only from −0 to +0, and the rule adds every chunk to +0 or to a sum that
// is not −0.
#pragma once

#include "core/math_float.h"
#include "kernels/column_sum_formula.h"
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
/// Place of element `line` (a row of A, a column of B) of term `term` in a stage of `kWidth` lines. Groups of four
/// lines are permuted by term, so that neither reading along the lines nor writing along the terms meets one bank
/// twice.
template <int kWidth, int kDepth>
__device__ __forceinline__ int place(int term, int line) {
  return term * kWidth + ((((line >> 2) ^ ((term >> 2) * (32 / kDepth))) << 2) | (line & 3));
}

/// What a thread has fetched of one operand's part of a stage, by fours, and its way to shared memory. kTermsNext:
/// neighbours in memory are terms of one line (A as stored, B transposed); otherwise lines of one term.
template <bool kTermsNext, int kWidth, int kDepth, int kThreads>
class Held {
 public:
  static constexpr int kLoads = kWidth * kDepth / 4 / kThreads;
  static_assert(kLoads * kThreads * 4 == kWidth * kDepth);

  __device__ __forceinline__ void store(float* stage) const {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const float4 four = held_[load];
      const int line = line_of(load), term = term_of(load);
      if (kTermsNext) {
        stage[place<kWidth, kDepth>(term, line)] = four.x;
        stage[place<kWidth, kDepth>(term + 1, line)] = four.y;
        stage[place<kWidth, kDepth>(term + 2, line)] = four.z;
        stage[place<kWidth, kDepth>(term + 3, line)] = four.w;
      } else {
        *reinterpret_cast<float4*>(stage + place<kWidth, kDepth>(term, line)) = four;
      }
    }
  }

 protected:
  /// Where a load begins in the stage.
  __device__ __forceinline__ static int line_of(int load) {
    return kTermsNext ? index_of(load) / (kDepth / 4) : index_of(load) % (kWidth / 4) * 4;
  }
  __device__ __forceinline__ static int term_of(int load) {
    return kTermsNext ? index_of(load) % (kDepth / 4) * 4 : index_of(load) / (kWidth / 4);
  }

  float4 held_[kLoads];

 private:
  __device__ __forceinline__ static int index_of(int load) { return static_cast<int>(threadIdx.x) + load * kThreads; }
};

/// Brings one operand's part of a stage from global to shared memory.
template <bool kTermsNext, int kWidth, int kDepth, int kThreads>
class Loader : public Held<kTermsNext, kWidth, kDepth, kThreads> {
  using Base = Held<kTermsNext, kWidth, kDepth, kThreads>;

 public:
  /// `lines` of the operand start at `source`, those of the block at `first`; its rows in memory are `pitch` apart.
  __device__ Loader(const float* source, int pitch, int first, int lines, int k, bool aligned)
      : pitch_(pitch), lines_(lines - first), k_(k), aligned_(aligned) {
    source_ = source + (kTermsNext ? static_cast<std::ptrdiff_t>(first) * pitch : first);
  }

  __device__ __forceinline__ void fetch(int first) {
#pragma unroll
    for (int load = 0; load < Base::kLoads; ++load) {
      const int line = Base::line_of(load), term = first + Base::term_of(load);
      const std::ptrdiff_t at = kTermsNext ? static_cast<std::ptrdiff_t>(line) * pitch_ + term
                                           : static_cast<std::ptrdiff_t>(term) * pitch_ + line;
      const int terms = k_ - term, lines = lines_ - line;
      const int valid = kTermsNext ? (lines > 0 ? terms : 0) : (terms > 0 ? lines : 0);
      Base::held_[load] = load_four(source_ + at, valid, aligned_);
    }
  }

 private:
  const float* source_;
  int pitch_, lines_, k_;
  bool aligned_;
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

/// A group has ended: adds its sums to the outputs (to +0 for the first group) or, where `raw`, leaves them there as
/// they are. Loops are not unrolled: nothing here may take registers from the product.
template <class T, class Place>
__device__ __forceinline__ void write_outputs(const Place& output, const float* place, int m, int n, int first_row,
                                              int first_column, bool first_group) {
#pragma unroll 1
  for (int i = 0; i < T::kThreadRows; ++i) {
    const int row = first_row + i / 4 * (T::kLanesDown * 4) + i % 4;
    if (row >= m) break;
#pragma unroll 1
    for (int j = 0; j < T::kThreadColumns; ++j) {
      const int column = first_column + j / 4 * (T::kLanesAcross * 4) + j % 4;
      if (column >= n) break;
      float& out = output(row, column);
      out = (first_group ? 0.0f : out) + place[(i * T::kThreadColumns + j) * T::kThreads];
    }
  }
}

/// As write_outputs, for the sums of a single chunk: chunk_sums[row][column].
template <class T>
__device__ __forceinline__ void write_chunk(float* chunk_sums, const float* place, int m, int n, int first_row,
                                            int first_column) {
#pragma unroll 1
  for (int i = 0; i < T::kThreadRows; ++i) {
    const int row = first_row + i / 4 * (T::kLanesDown * 4) + i % 4;
    if (row >= m) break;
#pragma unroll 1
    for (int j = 0; j < T::kThreadColumns; ++j) {
      const int column = first_column + j / 4 * (T::kLanesAcross * 4) + j % 4;
      if (column >= n) break;
      chunk_sums[static_cast<std::ptrdiff_t>(row) * n + column] = place[(i * T::kThreadColumns + j) * T::kThreads];
    }
  }
}

/// Outputs row by row without gaps: what a place is for multiply_tile.
struct RowMajor {
  float* c;
  int n;
  __device__ __forceinline__ float& operator()(int row, int column) const {
    return c[static_cast<std::ptrdiff_t>(row) * n + column];
  }
};

/// The part of one block: a tile of m × n outputs that begins at (first_row, first_column), over terms begin … end − 1.
struct TileWork {
  int m, n;
  int first_row, first_column;
  int begin = 0, end = 0;
  float* chunk_sums = nullptr;  ///< where only the sums of one chunk are wanted: [m][n]; else null
};

/// One block's tile. load_a and load_b bring a stage of rows and of columns: fetch(term), store(stage).
template <class T, class LoadA, class LoadB, class Place>
__device__ __forceinline__ void multiply_tile(const TileWork& work, float* stages, LoadA& load_a, LoadB& load_b,
                                              const Place& output) {
  const int thread = static_cast<int>(threadIdx.x);
  const int warps_across = T::kLanesAcross / 8;
  // A warp covers 4 × 8 threads of the tile: its lanes share most of what they read.
  const int lane_across = thread / 32 % warps_across * 8 + thread % 8;
  const int lane_down = thread / 32 / warps_across * 4 + thread % 32 / 8;
  const int own_row = work.first_row + lane_down * 4, own_column = work.first_column + lane_across * 4;
  const bool split = work.chunk_sums != nullptr;
  float* const place = own_place<T>(stages);
  float sums[T::kThreadRows][T::kThreadColumns] = {};
  load_a.fetch(work.begin);
  load_b.fetch(work.begin);
  load_a.store(stages);
  load_b.store(stages + T::kDepth * T::kRows);
  __syncthreads();
  int parity = 0;
  for (int term = work.begin; term < work.end; term += T::kDepth) {
    const int next = term + T::kDepth;
    if (next < work.end) {
      load_a.fetch(next);
      load_b.fetch(next);
    }
    multiply_stage<T>(sums, stages + parity * T::kStage, lane_down, lane_across);
    if (next % kChunk == 0 || next >= work.end) {
      const int chunk = term / kChunk;
      fold_chunk<T>(sums, place, chunk % kGroup == 0, split);
      if (split) {
        write_chunk<T>(work.chunk_sums, place, work.m, work.n, own_row, own_column);
      } else if (next >= work.end || chunk % kGroup == kGroup - 1) {
        write_outputs<T>(output, place, work.m, work.n, own_row, own_column, chunk < kGroup);
      }
    }
    parity ^= 1;
    if (next < work.end) {
      // The other stage was last read before the barrier of the round before.
      load_a.store(stages + parity * T::kStage);
      load_b.store(stages + parity * T::kStage + T::kDepth * T::kRows);
      __syncthreads();
    }
  }
}

/// Terms of block `chunk` where the chunks of k are computed apart, else all.
__device__ __forceinline__ void set_terms(TileWork& work, int k, float* chunk_sums, unsigned chunk) {
  const bool split = chunk_sums != nullptr;
  work.begin = split ? static_cast<int>(chunk) * kChunk : 0;
  work.end = split && k - work.begin > kChunk ? work.begin + kChunk : k;
  work.chunk_sums = split ? chunk_sums + static_cast<std::ptrdiff_t>(chunk) * work.m * work.n : nullptr;
}

/// Each output = its chunk sums, added in order. chunk_sums[chunk][row][column], rows of n.
template <class Place>
__global__ void __launch_bounds__(256)
    fold_chunks_kernel(Place output, const float* chunk_sums, std::ptrdiff_t outputs, int n, int chunks) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= outputs) return;
  output(static_cast<int>(at / n), static_cast<int>(at % n)) = fold_chunk_sums(chunk_sums + at, chunks, outputs);
}

/// Chunk sums beyond this many floats are not kept: the product is not split.
inline constexpr std::size_t kMostChunkSums = std::size_t{1} << 24;

inline bool can_split(std::size_t outputs, int chunks) {
  return chunks > 1 && chunks <= 65535 && outputs * std::size_t(chunks) <= kMostChunkSums;
}

/// Whether `blocks` keep enough of the device busy: three quarters is better than smaller tiles.
inline bool fills(long blocks, int processors) { return 4 * blocks >= 3 * processors; }

template <class Place>
void launch_fold(Stream stream, const Place& output, const float* chunk_sums, std::size_t outputs, int n, int chunks) {
  launch(fold_chunks_kernel<Place>, dim3(blocks_for(outputs, 256)), dim3(256), 0, stream, output, chunk_sums,
         static_cast<std::ptrdiff_t>(outputs), n, chunks);
}

}  // namespace
}  // namespace kernels::SWEEP_CUDA_NAMESPACE
