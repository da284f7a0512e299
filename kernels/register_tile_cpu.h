// The register tile of matrix products and convolutions: a few rows times one or two vectors of columns over one chunk
// of the dot rule, and the packing of its operands. Included only by sources that are compiled per instruction set;
// without vectors the same functions are plain loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernels/gemm_formula.h"
#include "kernels/isa_functions_cpu.h"

#if SWEEP_VECTOR_BITS
#include "kernels/simd_cpu.h"
#endif

namespace kernels::cpu {
inline namespace SWEEP_ISA {

/// One tile over one chunk.
struct Tile {
  int depth;                ///< terms of the chunk
  const float* a;           ///< element (i, p) at i·a_row + p·a_step; one of the two is 1
  std::ptrdiff_t a_stride;  ///< the other
  const float* b;           ///< row p at p·b_stride
  std::ptrdiff_t b_stride;
  float* c;
  std::ptrdiff_t c_stride;
  int last;    ///< columns in the last vector
  bool first;  ///< the chunk opens a group: C is overwritten
};

/// A's rows in sets of neighbours, its terms anywhere: element (i, p) at sets[i / s] + (i % s)·a_stride + offsets[p],
/// s = rows_of_set(rows).
struct OffsetTile : Tile {
  const float* sets[4];
  const std::int32_t* offsets;
};

/// Three, which x86 addresses from one pointer, or six with two more registers that hold multiples of the stride.
constexpr int rows_of_set(int rows) { return rows <= kTileRows ? 3 : 6; }

/// Rows of the highest OffsetTile with this many vectors: as many accumulators either way.
constexpr int most_rows(int vectors) { return vectors == 1 ? 2 * kTileRows : kTileRows; }

inline int round_up(int value, int unit) { return (value + unit - 1) / unit * unit; }

#if SWEEP_VECTOR_BITS

static_assert(kTileColumns == 2 * Vector::kWidth);
constexpr int kVectorColumns = Vector::kWidth;

/// C = 0 + sums, or C + sums.
template <int kRows, int kVectors>
inline void add_to_c(const Tile& tile, const Vector (&sum)[kRows][kVectors]) {
#pragma GCC unroll 32
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      float* c = tile.c + i * tile.c_stride + v * Vector::kWidth;
      if (v + 1 < kVectors || tile.last == Vector::kWidth) {
        const Vector old = tile.first ? Vector::zero() : Vector::load(c);
        (old + sum[i][v]).store(c);
      } else {
        const Vector old = tile.first ? Vector::zero() : Vector::load_first(c, tile.last);
        (old + sum[i][v]).store_first(c, tile.last);
      }
    }
  }
}

template <int kRows, int kVectors>
void compute_offsets(const OffsetTile& tile) {
  Vector sum[kRows][kVectors];
#pragma GCC unroll 32
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[i][v] = Vector::zero();
  }
  constexpr int kSet = rows_of_set(kRows);
  const float* sets[4];
  for (int i = 0; i < 4; ++i) sets[i] = tile.sets[i];
  const std::ptrdiff_t stride = tile.a_stride, b_stride = tile.b_stride;
  const float* b = tile.b;
  for (const std::int32_t *at = tile.offsets, *const end = at + tile.depth; at != end; ++at) {
    Vector row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) row[v] = Vector::load(b + v * Vector::kWidth);
    const std::ptrdiff_t offset = *at;
#pragma GCC unroll 32
    for (int i = 0; i < kRows; ++i) {
      const Vector element = Vector::broadcast(sets[i / kSet] + offset + i % kSet * stride);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] = fused_multiply_add(element, row[v], sum[i][v]);
    }
    b += b_stride;
  }
  add_to_c(tile, sum);
}

template <int kVectors, class Rows>
struct OffsetTiles;
template <int kVectors, std::size_t... kRows>
struct OffsetTiles<kVectors, std::index_sequence<kRows...>> {
  static constexpr void (*kCompute[])(const OffsetTile&) = {compute_offsets<static_cast<int>(kRows) + 1, kVectors>...};
};

/// C = 0 + chunk sum, or C + chunk sum. Requires: rows ≤ most_rows(vectors).
inline void compute_at_offsets(const OffsetTile& tile, int rows, int vectors) {
  if (vectors == 1) return OffsetTiles<1, std::make_index_sequence<most_rows(1)>>::kCompute[rows - 1](tile);
  OffsetTiles<2, std::make_index_sequence<most_rows(2)>>::kCompute[rows - 1](tile);
}

/// to[p·to_stride + i] = from[i·from_stride + p] for i < rows, p < depth.
inline void pack_transposed(const float* from, std::ptrdiff_t from_stride, int rows, int depth, float* to,
                            std::ptrdiff_t to_stride) {
  int i = 0;
  for (; i + 8 <= rows; i += 8) {
    int p = 0;
    for (; p + 8 <= depth; p += 8) {
      transpose_8x8(from + i * from_stride + p, from_stride, to + p * to_stride + i, to_stride);
    }
    for (; p < depth; ++p) {
      for (int q = i; q < i + 8; ++q) to[p * to_stride + q] = from[q * from_stride + p];
    }
  }
  for (; i < rows; ++i) {
    for (int p = 0; p < depth; ++p) to[p * to_stride + i] = from[i * from_stride + p];
  }
}

/// to[p·to_stride + j] = from[p·from_stride + j] for p < depth, j < columns; zeros up to the next whole vector.
inline void pack_straight(const float* from, std::ptrdiff_t from_stride, int depth, int columns, float* to,
                          std::ptrdiff_t to_stride) {
  for (int p = 0; p < depth; ++p) {
    const float* row = from + p * from_stride;
    float* const out = to + p * to_stride;
    int j = 0;
    for (; j + Vector::kWidth <= columns; j += Vector::kWidth) Vector::load(row + j).store(out + j);
    if (j < columns) Vector::load_first(row + j, columns - j).store(out + j);
  }
}

#else

constexpr int kVectorColumns = kTileColumns / 2;

inline void compute_at_offsets(const OffsetTile& tile, int rows, int vectors) {
  const int columns = (vectors - 1) * kVectorColumns + tile.last, set = rows_of_set(rows);
  for (int i = 0; i < rows; ++i) {
    const float* const a = tile.sets[i / set] + i % set * tile.a_stride;
    float sum[kTileColumns] = {};
    for (int p = 0; p < tile.depth; ++p) {
      const float element = a[tile.offsets[p]];
      const float* const row = tile.b + p * tile.b_stride;
      for (int j = 0; j < columns; ++j) sum[j] = core::portable::fma(element, row[j], sum[j]);
    }
    float* const c = tile.c + i * tile.c_stride;
    for (int j = 0; j < columns; ++j) c[j] = (tile.first ? 0.0f : c[j]) + sum[j];
  }
}

inline void pack_transposed(const float* from, std::ptrdiff_t from_stride, int rows, int depth, float* to,
                            std::ptrdiff_t to_stride) {
  for (int i = 0; i < rows; ++i) {
    for (int p = 0; p < depth; ++p) to[p * to_stride + i] = from[i * from_stride + p];
  }
}

inline void pack_straight(const float* from, std::ptrdiff_t from_stride, int depth, int columns, float* to,
                          std::ptrdiff_t to_stride) {
  for (int p = 0; p < depth; ++p) {
    for (int j = 0; j < columns; ++j) to[p * to_stride + j] = from[p * from_stride + j];
  }
}

#endif

/// C += the group's sums; rows × columns.
inline void add_group(const float* group, std::ptrdiff_t group_stride, float* c, std::ptrdiff_t c_stride, int rows,
                      int columns) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) c[i * c_stride + j] = c[i * c_stride + j] + group[i * group_stride + j];
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
