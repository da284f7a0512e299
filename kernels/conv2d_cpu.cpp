// Convolutions of the CPU back end: lays images and filters out for the inner loops of conv2d_isa_cpu.cpp and gives
// each thread outputs of its own, so that the bits do not depend on the number of threads.
#include <vector>

#include "kernels/conv2d_cpu.h"

namespace kernels::cpu {
namespace {

std::size_t panel_floats(const IsaTable& table, int columns, int k) {
  return product(ceiling(columns, table.gemm_columns) * table.gemm_columns, k);
}

/// Floats between the rows of the panel that begins at `column`.
int panel_stride(const IsaTable& table, int columns, int column) {
  return columns - column > table.gemm_columns / 2 ? table.gemm_columns : table.gemm_columns / 2;
}

/// Calls pack(first column, columns) for each panel of k rows.
template <class Pack>
void each_panel(CpuContext& context, int columns, int k, Pack&& pack) {
  constexpr int kLeastElements = 1 << 15;  // that pay for waking another thread
  const int width = context.table.gemm_columns;
  context.split(ceiling(columns, width), 1, std::max(1, kLeastElements / std::max(1, width * k)),
                [&](int first, int last) {
                  for (int panel = first; panel < last; ++panel)
                    pack(panel * width, std::min(width, columns - panel * width));
                });
}

/// conv2d: filters as panels of k = (kh, kw, c) rows.
void pack_filters(CpuContext& context, const Conv2dShape& shape, const float* w, float* panels) {
  const IsaTable& table = context.table;
  const int k = filter_size(shape);
  each_panel(context, shape.filters, k, [&](int column, int width) {
    table.pack_transposed(w + product(column, k), k, width, k, panels + product(column, k),
                          panel_stride(table, shape.filters, column));
  });
}

/// conv2d_data: the part of the filters that one phase meets, as panels of k = (kh, kw, o) rows.
void pack_phase(CpuContext& context, const Conv2dShape& shape, const ConvPhase& phase, const float* w, float* panels) {
  const IsaTable& table = context.table;
  const int k = phase.taps_down * phase.taps_across * shape.filters;
  each_panel(context, shape.channels, k, [&](int column, int width) {
    const int stride = panel_stride(table, shape.channels, column);
    float* to = panels + product(column, k);
    for (int j = 0; j < phase.taps_down; ++j) {
      for (int i = 0; i < phase.taps_across; ++i, to += product(shape.filters, stride)) {
        table.pack_straight(
            w + filter_index(shape, 0, phase.down + j * shape.stride, phase.across + i * shape.stride, column),
            filter_size(shape), shape.filters, width, to, stride);
      }
    }
  });
}

/// One phase of conv2d_data, its filters packed.
struct PackedPhase {
  ConvPhase phase;
  int k;
  const float* panels;
  const std::int32_t* offsets;
};

/// Places of the phase's terms, from that of the tap (0, 0): later taps lie before it.
void place_terms(const Conv2dShape& shape, const ConvPhase& phase, std::ptrdiff_t line, std::int32_t* offsets) {
  for (int j = 0; j < phase.taps_down; ++j) {
    for (int i = 0; i < phase.taps_across; ++i) {
      for (int o = 0; o < shape.filters; ++o) {
        *offsets++ = static_cast<std::int32_t>(o - j * line - static_cast<std::ptrdiff_t>(i) * shape.filters);
      }
    }
  }
}

/// What conv2d_data reads of dy, in quotients (ConvPhase).
struct DataWindows {
  int first_line, lines;    ///< of all phases together
  int first_pixel, pixels;  ///< likewise
  int taps_down, taps_across;
  Images images;
};

DataWindows data_windows(const Conv2dShape& shape, const float* dy) {
  DataWindows found{};
  found.first_line = shape.pad_top / shape.stride;
  found.lines = (shape.height - 1 + shape.pad_top) / shape.stride + 1 - found.first_line;
  found.first_pixel = shape.pad_left / shape.stride;
  found.pixels = (shape.width - 1 + shape.pad_left) / shape.stride + 1 - found.first_pixel;
  found.taps_down = ceiling(shape.kernel_height, shape.stride);
  found.taps_across = ceiling(shape.kernel_width, shape.stride);
  const int above = found.taps_down - 1, before = found.taps_across - 1;
  found.images = images_of(dy, shape.out_height, shape.out_width, shape.filters, found.first_line - above,
                           found.lines + above, found.first_pixel - before, found.pixels + before);
  return found;
}

/// The lines of one phase whose quotients are among first … last − 1. `from` is what rows_of gave for them.
void add_phase(const CpuContext& context, const Conv2dShape& shape, const DataWindows& windows,
               const PackedPhase& packed, int n, int first, int last, const float* from, float* dx, float* group) {
  const ConvPhase& phase = packed.phase;
  const int line = std::max(first, phase.first_line), end = std::min(last, phase.last_line);
  if (line >= end || phase.first_pixel >= phase.last_pixel) return;
  const std::ptrdiff_t a_line = windows.images.line(), image_line = static_cast<std::ptrdiff_t>(shape.width);
  const int row = line * shape.stride + phase.down - shape.pad_top;
  const int column = phase.first_pixel * shape.stride + phase.across - shape.pad_left;
  context.table.conv_lines(
      {.a = from + (line - first + windows.taps_down - 1) * a_line +
            static_cast<std::ptrdiff_t>(phase.first_pixel - windows.first_pixel + windows.taps_across - 1) *
                shape.filters,
       .a_line = a_line,
       .a_pixel = shape.filters,
       .offsets = packed.offsets,
       .k = packed.k,
       .panels = packed.panels,
       .c = dx + ((static_cast<std::ptrdiff_t>(n) * shape.height + row) * image_line + column) * shape.channels,
       .c_line = shape.stride * image_line * shape.channels,
       .c_pixel = static_cast<std::ptrdiff_t>(shape.stride) * shape.channels,
       .lines = end - line,
       .pixels = phase.last_pixel - phase.first_pixel,
       .columns = shape.channels,
       .group = group});
}

}  // namespace
}  // namespace kernels::cpu

namespace kernels::ops {

void conv2d(Context& any_context, const Conv2dShape& shape, float* y, const float* x, const float* w) {
  using namespace cpu;
  if (shape.batch <= 0) return;
  CpuContext& context = cpu_context(any_context);
  const Images images = windows_of(shape, x);
  const int k = filter_size(shape), threads = threads_for(context, shape);
  const Blocks blocks(shape.batch, shape.out_height,
                      std::max(product(shape.stride, images.line()), product(shape.out_width, shape.filters)), threads);
  const int band_rows = (blocks.lines_of_block - 1) * shape.stride + shape.kernel_height;
  const std::size_t band = whole_lines(images.band_floats(band_rows));
  const std::size_t group =
      k > kChunk * kGroup ? product(blocks.lines_of_block, shape.out_width, context.table.gemm_columns) : 0;
  const std::size_t panels = whole_lines(panel_floats(context.table, shape.filters, k));
  const Scratch scratch(context, panels + product(k, 1), band + group);
  pack_filters(context, shape, w, scratch.shared());
  auto* const offsets = reinterpret_cast<std::int32_t*>(scratch.shared() + panels);
  for (int p = 0; p < k; ++p) {
    const int row = shape.kernel_width * shape.channels;
    offsets[p] = static_cast<std::int32_t>(p / row * images.line() + p % row);
  }
  const int parts = std::min(threads, blocks.count());
  context.threads.run(parts, [&](int part) {
    float* const own = scratch.own(part);
    const int end = part_start(blocks.count(), part + 1, parts);
    for (int block = part_start(blocks.count(), part, parts); block < end; ++block) {
      const int n = blocks.image(block), line = blocks.first(block), lines = blocks.last(block) - line;
      const float* const from =
          images.rows_of(n, line * shape.stride - shape.pad_top, (lines - 1) * shape.stride + shape.kernel_height, own);
      const std::ptrdiff_t out_line = static_cast<std::ptrdiff_t>(shape.out_width) * shape.filters;
      context.table.conv_lines({.a = from,
                                .a_line = shape.stride * images.line(),
                                .a_pixel = shape.stride * shape.channels,
                                .offsets = offsets,
                                .k = k,
                                .panels = scratch.shared(),
                                .c = y + (static_cast<std::ptrdiff_t>(n) * shape.out_height + line) * out_line,
                                .c_line = out_line,
                                .c_pixel = shape.filters,
                                .lines = lines,
                                .pixels = shape.out_width,
                                .columns = shape.filters,
                                .group = own + band});
    }
  });
}

void conv2d_data(Context& any_context, const Conv2dShape& shape, float* dx, const float* dy, const float* w) {
  using namespace cpu;
  if (shape.batch <= 0) return;
  CpuContext& context = cpu_context(any_context);
  const DataWindows windows = data_windows(shape, dy);
  const Images& images = windows.images;
  const int threads = threads_for(context, shape), most_k = windows.taps_down * windows.taps_across * shape.filters;
  const std::size_t line_outputs = product(shape.stride * shape.width, shape.channels);
  const Blocks blocks(shape.batch, windows.lines, std::max(static_cast<std::size_t>(images.line()), line_outputs),
                      threads);
  const std::size_t band = whole_lines(images.band_floats(blocks.lines_of_block + windows.taps_down - 1));
  const std::size_t group =
      most_k > kChunk * kGroup ? product(blocks.lines_of_block, windows.pixels, context.table.gemm_columns) : 0;
  const std::size_t panels = whole_lines(
      panel_floats(context.table, shape.channels, shape.kernel_height * shape.kernel_width * shape.filters));
  const Scratch scratch(context, panels + product(shape.kernel_height, shape.kernel_width, shape.filters),
                        band + group);

  std::vector<PackedPhase> phases;
  float* to = scratch.shared();
  auto* offsets = reinterpret_cast<std::int32_t*>(scratch.shared() + panels);
  for (int down = 0; down < shape.stride; ++down) {
    for (int across = 0; across < shape.stride; ++across) {
      const ConvPhase phase = conv_phase(shape, down, across);
      const int k = phase.taps_down * phase.taps_across * shape.filters;
      pack_phase(context, shape, phase, w, to);
      place_terms(shape, phase, images.line(), offsets);
      phases.push_back({phase, k, to, offsets});
      to += panel_floats(context.table, shape.channels, k);
      offsets += k;
    }
  }
  const int parts = std::min(threads, blocks.count());
  context.threads.run(parts, [&](int part) {
    float* const own = scratch.own(part);
    const int end = part_start(blocks.count(), part + 1, parts);
    for (int block = part_start(blocks.count(), part, parts); block < end; ++block) {
      const int n = blocks.image(block);
      const int first = windows.first_line + blocks.first(block), last = windows.first_line + blocks.last(block);
      const float* const from =
          images.rows_of(n, first - windows.taps_down + 1, last - first + windows.taps_down - 1, own);
      for (const PackedPhase& phase : phases) {
        add_phase(context, shape, windows, phase, n, first, last, from, dx, own + band);
      }
    }
  });
}

}  // namespace kernels::ops
