// How the convolutions of the CPU back end lay out images and scratch memory; included by conv2d_cpu.cpp and
// conv2d_filter_cpu.cpp.
//
// Windows that reach outside of an image read from a band: a copy of the rows that a few lines of outputs need, with
// zeros around them. It costs a few elements a pixel where a pixel takes hundreds of multiplications.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/conv2d_formula.h"
#include "kernels/cpu_context.h"

namespace kernels::cpu {
inline constexpr std::int64_t kLeastWork = 1 << 18;  // multiplications that pay for waking another thread
inline constexpr int kBandFloats = 1 << 15;          // of one band: a part of a second-level cache

inline std::size_t product(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
  return static_cast<std::size_t>(a * b * c);
}
inline int ceiling(int a, int b) { return (a + b - 1) / b; }
inline int part_start(int count, int part, int parts) {
  return static_cast<int>(static_cast<std::int64_t>(count) * part / parts);
}
inline std::size_t whole_lines(std::size_t floats) { return (floats + 15) / 16 * 16; }

/// Images as the windows of one convolution read them.
struct Images {
  const float* data;
  int height, width, channels;
  int first_column, columns;  ///< what the windows of a line cover
  bool inside;                ///< no window reaches outside of an image: they are read in place

  std::ptrdiff_t line() const { return static_cast<std::ptrdiff_t>(inside ? width : columns) * channels; }
  std::size_t band_floats(int rows) const { return inside ? 0 : product(rows, columns, channels); }

  /// `rows` rows of image n from `first_row` on, from first_column on; copied to `band` unless `inside`.
  const float* rows_of(int n, int first_row, int rows, float* band) const {
    const float* const image = data + static_cast<std::ptrdiff_t>(n) * height * width * channels;
    if (inside) return image + (static_cast<std::ptrdiff_t>(first_row) * width + first_column) * channels;
    const int from = std::clamp(first_column, 0, width), to = std::clamp(first_column + columns, from, width);
    const std::size_t before = product(from - first_column, channels), within = product(to - from, channels);
    const std::size_t all = product(columns, channels);
    for (int row = first_row; row < first_row + rows; ++row, band += all) {
      if (row < 0 || row >= height || within == 0) {
        std::fill_n(band, all, 0.0f);
        continue;
      }
      std::fill_n(band, before, 0.0f);
      std::memcpy(band + before, image + (static_cast<std::ptrdiff_t>(row) * width + from) * channels,
                  within * sizeof(float));
      std::fill_n(band + before + within, all - before - within, 0.0f);
    }
    return band - product(rows, columns, channels);
  }
};

inline Images images_of(const float* data, int height, int width, int channels, int first_row, int rows,
                        int first_column, int columns) {
  const bool inside =
      first_row >= 0 && first_row + rows <= height && first_column >= 0 && first_column + columns <= width;
  return {data, height, width, channels, first_column, columns, inside};
}

/// What conv2d and conv2d_filter read of x.
inline Images windows_of(const Conv2dShape& shape, const float* x) {
  return images_of(x, shape.height, shape.width, shape.channels, -shape.pad_top,
                   (shape.out_height - 1) * shape.stride + shape.kernel_height, -shape.pad_left,
                   (shape.out_width - 1) * shape.stride + shape.kernel_width);
}

/// The batch cut into blocks of lines of one image.
struct Blocks {
  int images, lines, lines_of_block;

  Blocks(int image_count, int lines_of_image, std::size_t floats_of_line, int threads)
      : images(image_count), lines(lines_of_image) {
    const int fitting = static_cast<int>(kBandFloats / std::max<std::size_t>(floats_of_line, 1));
    const int fair = static_cast<int>(static_cast<std::int64_t>(images) * lines / (4 * threads));
    lines_of_block = std::clamp(std::min(fitting, fair), 1, lines);
    lines_of_block = ceiling(lines, ceiling(lines, lines_of_block));
  }
  int blocks_of_image() const { return ceiling(lines, lines_of_block); }
  int count() const { return images * blocks_of_image(); }
  int image(int block) const { return block / blocks_of_image(); }
  int first(int block) const { return block % blocks_of_image() * lines_of_block; }
  int last(int block) const { return std::min(lines, first(block) + lines_of_block); }
};

inline int threads_for(const CpuContext& context, const Conv2dShape& shape) {
  const std::int64_t outputs = std::int64_t{shape.batch} * shape.out_height * shape.out_width * shape.filters;
  return static_cast<int>(
      std::clamp<std::int64_t>(outputs * filter_size(shape) / kLeastWork, 1, context.threads.count()));
}

/// Scratch memory of one call: what all threads read, in the first thread's, and each thread's own part.
class Scratch {
 public:
  Scratch(CpuContext& context, std::size_t shared_floats, std::size_t own_floats)
      : context_(context), shared_floats_(whole_lines(shared_floats)) {
    context.reserve_scratch(shared_floats_ + own_floats);
  }
  float* shared() const { return context_.scratch(0); }
  float* own(int part) const { return context_.scratch(part % context_.threads.count()) + shared_floats_; }

 private:
  CpuContext& context_;
  std::size_t shared_floats_;
};

}  // namespace kernels::cpu
