// The gradient of a convolution by its filters, on the CPU. k runs over the pixels of the whole batch, so there are
// many terms and few outputs: the outputs are cut between threads as far as they go, and beyond that the groups of the
// dot rule, whose sums are added in order at the end.
#include "kernels/conv2d_cpu.h"

namespace kernels::cpu {
namespace {

/// The pixels of one chunk: where each one's window begins.
struct ChunkPixels {
  const float* base;
  std::int32_t offsets[kChunk];
};

int pixels_of_image(const Conv2dShape& shape) { return shape.out_height * shape.out_width; }

/// Floats that place_pixels may need for its bands.
std::size_t chunk_band_floats(const Conv2dShape& shape, const Images& images) {
  const int pixels = kChunk - 1;
  const int lines = pixels / shape.out_width + 2, parts = pixels / pixels_of_image(shape) + 2;
  return images.band_floats(lines * shape.stride + parts * shape.kernel_height);
}

/// Pixels first … first + count − 1 of the batch, of one image after the other.
void place_pixels(const Conv2dShape& shape, const Images& images, int first, int count, float* band,
                  ChunkPixels& placed) {
  std::int32_t* offset = placed.offsets;
  for (int pixel = first; pixel < first + count;) {
    const int n = pixel / pixels_of_image(shape), start = n * pixels_of_image(shape);
    const int end = std::min(first + count, start + pixels_of_image(shape));
    const int first_line = (pixel - start) / shape.out_width, last_line = (end - 1 - start) / shape.out_width;
    const int rows = (last_line - first_line) * shape.stride + shape.kernel_height;
    const float* const at = images.rows_of(n, first_line * shape.stride - shape.pad_top, rows, band);
    if (pixel == first) placed.base = at;
    int column = (pixel - start) % shape.out_width;
    for (int line = first_line; line <= last_line; ++line, column = 0) {
      const std::ptrdiff_t line_at = at - placed.base + (line - first_line) * shape.stride * images.line();
      for (; column < shape.out_width && pixel < end; ++column, ++pixel) {
        *offset++ = static_cast<std::int32_t>(line_at + column * shape.stride * shape.channels);
      }
    }
    band += images.band_floats(rows);
  }
}

/// The rows (kh, kw, c) of the transposed gradient, and the groups of its sums.
struct FilterSums {
  int rows, columns, pixels, groups;
  float* sums;  ///< groups × rows × columns

  float* group(int at) const { return sums + product(at, rows, columns); }
};

/// Rows first_row … last_row − 1 of one group's sums.
void sum_group(const IsaTable& table, const Conv2dShape& shape, const Images& images, const FilterSums& target,
               const float* dy, int group, int first_row, int last_row, float* scratch) {
  float* const packed = scratch;
  float* const band = scratch + product(kChunk, table.gemm_columns);
  const int first = group * kChunk * kGroup;
  const int end = target.pixels - first < kChunk * kGroup ? target.pixels : first + kChunk * kGroup;
  ChunkPixels placed;
  for (int pixel = first; pixel < end; pixel += kChunk) {
    const int count = std::min(kChunk, end - pixel);
    place_pixels(shape, images, pixel, count, band, placed);
    table.conv_filter_chunk({.a = placed.base,
                             .a_run = images.line(),
                             .run = shape.kernel_width * shape.channels,
                             .offsets = placed.offsets,
                             .pixels = count,
                             .first_row = first_row,
                             .last_row = last_row,
                             .dy = dy + static_cast<std::ptrdiff_t>(pixel) * shape.filters,
                             .columns = shape.filters,
                             .sums = target.group(group),
                             .first = pixel == first,
                             .packed = packed});
  }
}

/// Adds the groups in order and puts rows first … last − 1 where the filters want them. The first group's sum begins
/// with +0 and is not −0, so that it needs no +0 before it.
void fold_groups(const IsaTable& table, const FilterSums& target, int first, int last, float* dw) {
  const std::size_t begin = product(first, target.columns), end = product(last, target.columns);
  for (int group = 1; group < target.groups; ++group) {
    const float* const from = target.group(group);
    for (std::size_t i = begin; i < end; ++i) target.sums[i] = target.sums[i] + from[i];
  }
  table.pack_transposed(target.sums + begin, target.columns, last - first, target.columns, dw + first, target.rows);
}

}  // namespace
}  // namespace kernels::cpu

namespace kernels::ops {

void conv2d_filter(Context& any_context, const Conv2dShape& shape, float* dw, const float* dy, const float* x) {
  using namespace cpu;
  constexpr int kUnit = 12;  // rows: of any register tile and of its sets of three and six
  CpuContext& context = cpu_context(any_context);
  FilterSums target{};
  target.rows = filter_size(shape);
  target.columns = shape.filters;
  target.pixels = shape.batch * pixels_of_image(shape);
  if (target.pixels <= 0) return void(std::fill_n(dw, product(target.rows, target.columns), 0.0f));
  target.groups = ceiling(target.pixels, kChunk * kGroup);
  const Images images = windows_of(shape, x);
  const int units = ceiling(target.rows, kUnit), cuts = std::min(threads_for(context, shape), units);
  const Scratch scratch(context, product(target.groups, target.rows, target.columns),
                        product(kChunk, context.table.gemm_columns) + chunk_band_floats(shape, images));
  target.sums = scratch.shared();
  const int parts = threads_for(context, shape) == 1 ? 1 : target.groups * cuts;
  context.threads.run(parts, [&](int part) {
    const int cut = part % cuts;
    const int first = part_start(units, cut, cuts) * kUnit;
    const int last = std::min(target.rows, part_start(units, cut + 1, cuts) * kUnit);
    const int group = part / cuts, end = parts == 1 ? target.groups : group + 1;
    for (int at = group; at < end; ++at) {
      sum_group(context.table, shape, images, target, dy, at, first, last, scratch.own(part));
    }
  });
  context.split(target.rows, 8, std::max(1, (1 << 16) / (target.columns * target.groups)),
                [&](int first, int last) { fold_groups(context.table, target, first, last, dw); });
}

}  // namespace kernels::ops
