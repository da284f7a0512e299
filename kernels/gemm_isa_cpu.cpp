// gemm on one thread, compiled once for each instruction set. Exact to the dot rule (gemm_formula.h): vectorised over
// the columns of C, so that each output keeps an accumulator of its own and sees k in ascending order.
//
// As in Goto & van de Geijn, "Anatomy of high-performance matrix multiplication" (2008): op(B) is packed, kChunk rows
// at a time, into panels as wide as the register tile; a tile of C is computed over one chunk in registers and added to
// C. The chunk of the rule is thus the depth of a panel, and the rule costs nothing.
#include "kernels/register_tile_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {

#if !SWEEP_VECTOR_BITS

std::size_t gemm_scratch(Transpose, int, int, int) { return 0; }

void gemm(const GemmBlock& block) {
  const bool a_transposed = block.transpose == Transpose::kTN;
  const bool b_transposed = block.transpose == Transpose::kNT;
  const std::ptrdiff_t a_row = a_transposed ? 1 : block.a_stride, a_step = a_transposed ? block.a_stride : 1;
  const std::ptrdiff_t b_column = b_transposed ? block.b_stride : 1, b_step = b_transposed ? 1 : block.b_stride;
  for (int i = 0; i < block.m; ++i) {
    for (int j = 0; j < block.n; ++j) {
      block.c[i * block.c_stride + j] = dot(block.k, block.a + i * a_row, a_step, block.b + j * b_column, b_step);
    }
  }
}

#else

namespace {

constexpr int kPackedRows = Vector::kWidth;  // of a packed tile of A: whole vectors are stored
static_assert(kTileRows <= kPackedRows);
// Columns of packed B at a time: half of a second-level cache of 1 MiB.
constexpr int kBlockColumns = 512;

/// C = 0 + chunk sum, or C + chunk sum. kSteps: A's columns lie together (transposed or packed), not its rows.
template <int kRows, int kVectors, bool kSteps>
void compute(const Tile& tile) {
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[i][v] = Vector::zero();
  }
  const float* a[4];  // every third row: the others are reached by index registers
  for (int i = 0; i < 4; ++i) a[i] = tile.a + 3 * i * tile.a_stride;
  const float* steps = tile.a;
  const float* b = tile.b;
  for (int p = 0; p < tile.depth; ++p) {
    Vector row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) row[v] = Vector::load(b + v * Vector::kWidth);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      const Vector element = Vector::broadcast(kSteps ? steps + i : a[i / 3] + i % 3 * tile.a_stride + p);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[i][v] = fused_multiply_add(element, row[v], sum[i][v]);
    }
    b += tile.b_stride;
    if (kSteps) steps += tile.a_stride;
  }
  add_to_c(tile, sum);
}

using Compute = void (*)(const Tile&);

template <int kVectors, bool kSteps>
Compute choose_rows(int rows) {
  switch (rows) {
    case 1:
      return compute<1, kVectors, kSteps>;
    case 2:
      return compute<2, kVectors, kSteps>;
    case 3:
      return compute<3, kVectors, kSteps>;
    case 4:
      return compute<4, kVectors, kSteps>;
    case 5:
      return compute<5, kVectors, kSteps>;
    case 6:
      return compute<6, kVectors, kSteps>;
#if SWEEP_VECTOR_BITS == 512
    case 7:
      return compute<7, kVectors, kSteps>;
    case 8:
      return compute<8, kVectors, kSteps>;
    case 9:
      return compute<9, kVectors, kSteps>;
    case 10:
      return compute<10, kVectors, kSteps>;
    case 11:
      return compute<11, kVectors, kSteps>;
    default:
      return compute<12, kVectors, kSteps>;
#else
    default:
      return compute<6, kVectors, kSteps>;
#endif
  }
}

Compute choose(int rows, int vectors, bool steps) {
  if (steps) return vectors == 1 ? choose_rows<1, true>(rows) : choose_rows<2, true>(rows);
  return vectors == 1 ? choose_rows<1, false>(rows) : choose_rows<2, false>(rows);
}

/// Few rows of C do not pay for packing B, where its rows lie as a panel's do. (A ragged last panel is packed all the
/// same: whole vectors of it may be read.)
bool uses_b_in_place(const GemmBlock& block) { return block.transpose != Transpose::kNT && block.m <= 2 * kTileRows; }

/// Rows p … p + depth − 1 and columns j … j + columns − 1 of op(B) as panels of kTileColumns. What a ragged last panel
/// holds beyond its columns is computed with and thrown away.
void pack_b(const GemmBlock& block, int p, int depth, int j, int columns, float* packed) {
  for (int column = 0; column < columns; column += kTileColumns, packed += depth * kTileColumns) {
    const int width = columns - column < kTileColumns ? columns - column : kTileColumns;
    if (width == kTileColumns && uses_b_in_place(block)) continue;
    if (block.transpose == Transpose::kNT) {
      pack_transposed(block.b + (j + column) * block.b_stride + p, block.b_stride, width, depth, packed, kTileColumns);
    } else {
      pack_straight(block.b + p * block.b_stride + j + column, block.b_stride, depth, width, packed, kTileColumns);
    }
  }
}

/// One chunk of `columns` columns from j on, added to or put into `c`, which points at row 0 and column j.
void add_chunk(const GemmBlock& block, int p, int depth, int j, int columns, const float* packed, float* packed_a,
               float* c, std::ptrdiff_t c_stride, bool first) {
  const bool a_transposed = block.transpose == Transpose::kTN;
  const bool pack_a = a_transposed && columns > kTileColumns;
  const float* const b = block.b + p * block.b_stride + j;
  for (int i = 0; i < block.m; i += kTileRows) {
    const int rows = block.m - i < kTileRows ? block.m - i : kTileRows;
    const float* const a = block.a + (a_transposed ? p * block.a_stride + i : i * block.a_stride + p);
    if (pack_a) pack_straight(a, block.a_stride, depth, rows, packed_a, kPackedRows);
    Tile tile{};
    tile.depth = depth;
    tile.a = pack_a ? packed_a : a;
    tile.a_stride = pack_a ? kPackedRows : block.a_stride;
    tile.c_stride = c_stride;
    tile.first = first;
    for (int column = 0; column < columns; column += kTileColumns) {
      const int width = columns - column < kTileColumns ? columns - column : kTileColumns;
      const int vectors = (width + Vector::kWidth - 1) / Vector::kWidth;
      tile.last = width - (vectors - 1) * Vector::kWidth;
      const bool in_place = width == kTileColumns && uses_b_in_place(block);
      tile.b = in_place ? b + column : packed + static_cast<std::ptrdiff_t>(depth) * column;
      tile.b_stride = in_place ? block.b_stride : kTileColumns;
      tile.c = c + i * c_stride + column;
      choose(rows, vectors, a_transposed)(tile);
    }
  }
}

void set_zero(float* c, std::ptrdiff_t c_stride, int m, int n) {
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) c[i * c_stride + j] = 0.0f;
  }
}

struct Scratch {
  int block_columns;                      ///< columns of C at a time
  std::size_t packed_b, packed_a, group;  ///< floats
};

Scratch scratch_for(int m, int n, int k) {
  Scratch scratch{};
  scratch.block_columns = round_up(n < kBlockColumns ? n : kBlockColumns, kTileColumns);
  const int depth = k < kChunk ? k : kChunk;
  scratch.packed_b = static_cast<std::size_t>(scratch.block_columns) * static_cast<std::size_t>(depth);
  scratch.packed_a = static_cast<std::size_t>(kPackedRows) * kChunk;
  if (k > kChunk * kGroup)
    scratch.group = static_cast<std::size_t>(scratch.block_columns) * static_cast<std::size_t>(m);
  return scratch;
}

std::size_t scratch_floats(int m, int n, int k) {
  const Scratch scratch = scratch_for(m, n, k);
  return scratch.packed_b + scratch.packed_a + scratch.group;
}

void multiply(const GemmBlock& block) {
  const Scratch scratch = scratch_for(block.m, block.n, block.k);
  float* const packed_b = block.scratch;
  float* const packed_a = packed_b + scratch.packed_b;
  float* const group = packed_a + scratch.packed_a;
  for (int j = 0; j < block.n; j += scratch.block_columns) {
    const int columns = block.n - j < scratch.block_columns ? block.n - j : scratch.block_columns;
    // The first group is summed in C itself: a sum that starts from +0 never is −0, so adding it to +0 changes nothing.
    for (int p = 0; p < block.k; p += kChunk) {
      const int depth = block.k - p < kChunk ? block.k - p : kChunk;
      const bool first = p % (kChunk * kGroup) == 0;
      const bool in_c = p < kChunk * kGroup;
      pack_b(block, p, depth, j, columns, packed_b);
      add_chunk(block, p, depth, j, columns, packed_b, packed_a, in_c ? block.c + j : group,
                in_c ? block.c_stride : scratch.block_columns, first);
      const bool last = p + depth == block.k || (p + depth) % (kChunk * kGroup) == 0;
      if (last && !in_c) add_group(group, scratch.block_columns, block.c + j, block.c_stride, block.m, columns);
    }
  }
}

/// Packing a B that is stored transposed costs a transposition of it. Where B (weights) is much larger than A (a
/// batch), it is cheaper to transpose A and C: Cᵀ = B·Aᵀ, in which B is read in place. The same products in the same
/// order.
bool pays_to_turn(Transpose transpose, int m, int n, int k) {
  return transpose == Transpose::kNT && m >= kTileColumns &&
         static_cast<std::int64_t>(m) * (k + n) < static_cast<std::int64_t>(n) * k;
}

void multiply_turned(const GemmBlock& block) {
  const int stride = round_up(block.m, kTileColumns);
  GemmBlock turned = block;
  turned.m = block.n;
  turned.n = block.m;
  turned.a = block.b;
  turned.a_stride = block.b_stride;
  turned.b = block.a;
  turned.b_stride = block.a_stride;
  turned.c = block.scratch;
  turned.c_stride = stride;
  turned.scratch = block.scratch + static_cast<std::ptrdiff_t>(block.n) * stride;
  multiply(turned);
  pack_transposed(turned.c, stride, turned.m, turned.n, block.c, block.c_stride);
}

}  // namespace

std::size_t gemm_scratch(Transpose transpose, int m, int n, int k) {
  if (!pays_to_turn(transpose, m, n, k)) return scratch_floats(m, n, k);
  return static_cast<std::size_t>(n) * static_cast<std::size_t>(round_up(m, kTileColumns)) + scratch_floats(n, m, k);
}

void gemm(const GemmBlock& block) {
  if (block.k <= 0) return set_zero(block.c, block.c_stride, block.m, block.n);
  if (pays_to_turn(block.transpose, block.m, block.n, block.k)) return multiply_turned(block);
  multiply(block);
}

#endif

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
