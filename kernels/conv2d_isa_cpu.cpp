// Convolutions on one thread, compiled once for each instruction set. Exact to the dot rule (conv2d_formula.h):
// vectorised over the filters (conv2d, conv2d_filter) or channels (conv2d_data), so that each output keeps an
// accumulator of its own and sees k in ascending order. Images are read where they lie, by a table of the terms'
// offsets: nothing is unrolled into patches.
#include "kernels/isa_functions_cpu.h"
#include "kernels/register_tile_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

int vectors_for(int columns) { return columns > kVectorColumns ? 2 : 1; }

/// Sets the tile's columns: all that are left, at most a panel.
void set_columns(Tile& tile, int left) {
  const int width = left < kTileColumns ? left : kTileColumns;
  tile.last = width - (vectors_for(width) - 1) * kVectorColumns;
}

/// One panel over one chunk, added to or put into `c`, tile by tile along each line.
void add_chunk(const ConvLines& part, OffsetTile& tile, int vectors, float* c, std::ptrdiff_t c_line) {
  // Tiles of about one height: a short last one would leave the multipliers waiting for its few sums.
  const int tiles = (part.pixels + most_rows(vectors) - 1) / most_rows(vectors);
  for (int line = 0; line < part.lines; ++line) {
    int pixel = 0;
    for (int left = tiles; left > 0; --left) {
      const int rows = (part.pixels - pixel + left - 1) / left;
      const float* const a = part.a + line * part.a_line + pixel * part.a_pixel;
      for (int set = 0; set < 4; ++set) tile.sets[set] = a + set * rows_of_set(rows) * part.a_pixel;
      tile.c = c + line * c_line + pixel * tile.c_stride;
      compute_at_offsets(tile, rows, vectors);
      pixel += rows;
    }
  }
}

/// One panel of columns over all of k.
void multiply_panel(const ConvLines& part, const float* panel, int column) {
  OffsetTile tile{};
  set_columns(tile, part.columns - column);
  const int vectors = vectors_for(part.columns - column);
  tile.a_stride = part.a_pixel;
  tile.b_stride = vectors * kVectorColumns;
  const int width = (vectors - 1) * kVectorColumns + tile.last;
  // The first group is summed in C itself: a sum that starts from +0 never is −0, so adding it to +0 changes nothing.
  for (int p = 0; p < part.k; p += kChunk) {
    const bool in_c = p < kChunk * kGroup;
    tile.depth = part.k - p < kChunk ? part.k - p : kChunk;
    tile.first = p % (kChunk * kGroup) == 0;
    tile.offsets = part.offsets + p;
    tile.b = panel + p * tile.b_stride;
    tile.c_stride = in_c ? part.c_pixel : kTileColumns;
    const std::ptrdiff_t group_line = static_cast<std::ptrdiff_t>(part.pixels) * kTileColumns;
    add_chunk(part, tile, vectors, in_c ? part.c + column : part.group, in_c ? part.c_line : group_line);
    const bool last = p + tile.depth == part.k || (p + tile.depth) % (kChunk * kGroup) == 0;
    if (!last || in_c) continue;
    for (int line = 0; line < part.lines; ++line) {
      add_group(part.group + line * group_line, kTileColumns, part.c + line * part.c_line + column, part.c_pixel,
                part.pixels, width);
    }
  }
}

void clear(const ConvLines& part) {
  for (int line = 0; line < part.lines; ++line) {
    for (int pixel = 0; pixel < part.pixels; ++pixel) {
      float* const c = part.c + line * part.c_line + pixel * part.c_pixel;
      for (int j = 0; j < part.columns; ++j) c[j] = 0.0f;
    }
  }
}

/// Rows of the tile that begins at row r. Its sets must not reach over the end of a run.
int rows_of_tile(const ConvFilterChunk& part, int r, int vectors) {
  int most = most_rows(vectors), end = part.last_row;
  if (part.run % 6 != 0) {
    if (part.run % 3 == 0) {
      most = kTileRows < 3 ? 1 : kTileRows;
    } else {
      const int run_end = (r / part.run + 1) * part.run;
      end = run_end < end ? run_end : end;
    }
  }
  const int left = end - r, tiles = (left + most - 1) / most;
  const int rows = round_up((left + tiles - 1) / tiles, 6);
  const int wanted = rows < most ? rows : most;
  return wanted < left ? wanted : left;
}

}  // namespace

void conv_lines(const ConvLines& given) {
  if (given.k <= 0) return clear(given);
  ConvLines part = given;
  if (part.a_line == part.pixels * part.a_pixel && part.c_line == part.pixels * part.c_pixel) {
    part.pixels *= part.lines;
    part.lines = 1;
  }
  for (int column = 0; column < part.columns; column += kTileColumns) {
    multiply_panel(part, part.panels + static_cast<std::ptrdiff_t>(column) * part.k, column);
  }
}

void conv_filter_chunk(const ConvFilterChunk& part) {
  OffsetTile tile{};
  tile.depth = part.pixels;
  tile.a_stride = 1;
  tile.offsets = part.offsets;
  tile.c_stride = part.columns;
  tile.first = part.first;
  for (int column = 0; column < part.columns; column += kTileColumns) {
    set_columns(tile, part.columns - column);
    const int vectors = vectors_for(part.columns - column);
    const int width = (vectors - 1) * kVectorColumns + tile.last;
    // Whole vectors are read: a ragged last one would reach beyond dy. And rows far apart fall on the same cache lines.
    const bool in_place = width == part.columns && tile.last == kVectorColumns;
    if (!in_place) pack_straight(part.dy + column, part.columns, part.pixels, width, part.packed, kTileColumns);
    tile.b = in_place ? part.dy : part.packed;
    tile.b_stride = in_place ? part.columns : kTileColumns;
    for (int r = part.first_row; r < part.last_row;) {
      const int rows = rows_of_tile(part, r, vectors), set_rows = rows_of_set(rows);
      for (int set = 0; set < 4; ++set) {
        const int row = r + set * set_rows;
        tile.sets[set] = part.a + row / part.run * part.a_run + row % part.run;
      }
      tile.c = part.sums + static_cast<std::ptrdiff_t>(r) * part.columns + column;
      compute_at_offsets(tile, rows, vectors);
      r += rows;
    }
  }
}

void conv_pack_transposed(const float* from, std::ptrdiff_t from_stride, int rows, int depth, float* to,
                          std::ptrdiff_t to_stride) {
  pack_transposed(from, from_stride, rows, depth, to, to_stride);
}

void conv_pack_straight(const float* from, std::ptrdiff_t from_stride, int depth, int columns, float* to,
                        std::ptrdiff_t to_stride) {
  pack_straight(from, from_stride, depth, columns, to, to_stride);
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
