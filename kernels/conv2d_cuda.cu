// Convolutions on the GPU by the dot rule (conv2d_formula.h); portable. Listed in cuda_ops.h.
//
// Each is a matrix product whose operands are never laid out: a block loads the elements of images that its terms name,
// straight into the stages of gemm_tile.cuh. Rows are pixels (conv2d, conv2d_data) or filters (conv2d_filter). A place
// beside an image is a zero that is multiplied like any other.
#include "kernels/conv2d_formula.h"
#include "kernels/gemm_tile.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

// Rows of pixels are many, columns as many as there are filters or channels.
using Broad = Tile<128, 128, 8, 8, 8, 2>;
using Middle = Tile<128, 64, 8, 8, 8, 4>;
using Narrow = Tile<128, 32, 8, 4, 16, 4>;
using Square = Tile<64, 64, 4, 8, 16, 4>;
using Small = Tile<32, 32, 4, 4, 16, 8>;

/// A number with three digits, the outer one without a bound: (kh, kw, c), (n, oh, ow) and their like.
struct Digits {
  int outer, middle, inner;
};
struct Radix {
  int middle, inner;  ///< numbers of middle and inner digits
};

__device__ __forceinline__ Digits digits_of(int value, const Radix& radix) {
  const int rest = value / radix.inner;
  return {rest / radix.middle, rest % radix.middle, value % radix.inner};
}

/// a + b, digit by digit: cheaper than three divisions.
__device__ __forceinline__ Digits sum_of(const Digits& a, const Digits& b, const Radix& radix) {
  Digits sum{a.outer + b.outer, a.middle + b.middle, a.inner + b.inner};
  if (sum.inner >= radix.inner) {
    sum.inner -= radix.inner;
    ++sum.middle;
  }
  if (sum.middle >= radix.middle) {
    sum.middle -= radix.middle;
    ++sum.outer;
  }
  return sum;
}

/// Images in NHWC. `by_four`: four neighbouring channels can be read at once.
struct Images {
  const float* data;
  int height, width, channels;
  bool by_four;

  /// Channels `channel` to `channel` + 3 of one pixel, all of them there; zeros beside the image.
  __device__ __forceinline__ float4 four(int n, int row, int column, int channel) const {
    if (row < 0 || row >= height || column < 0 || column >= width) return float4{0.0f, 0.0f, 0.0f, 0.0f};
    return *reinterpret_cast<const float4*>(data + pixel(n, row, column) + channel);
  }
  __device__ __forceinline__ float one(int n, int row, int column, int channel) const {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0.0f;
    return data[pixel(n, row, column) + channel];
  }

 private:
  __device__ __forceinline__ std::ptrdiff_t pixel(int n, int row, int column) const {
    return ((static_cast<std::ptrdiff_t>(n) * height + row) * width + column) * channels;
  }
};

/// Windows over images: pixel (n, i, j) of the output and tap (t, u) meet at row i·step − before_rows + t·direction,
/// column j·step − before_columns + u·direction. direction is −1 where the gradient goes back through the window.
struct Windows {
  Images images;
  int step, before_rows, before_columns, direction;
  Radix pixels;  ///< lines and pixels of a line
  Radix taps;    ///< taps across and channels

  __device__ __forceinline__ int row(int line, int tap) const { return line * step - before_rows + tap * direction; }
  __device__ __forceinline__ int column(int pixel, int tap) const {
    return pixel * step - before_columns + tap * direction;
  }
};

/// Rows: the pixels of the output. Terms: (tap down, tap across, channel), neighbours in memory by channels.
template <int kWidth, int kDepth, int kThreads>
class PatchRows {
 public:
  static constexpr int kLoads = kWidth * kDepth / 4 / kThreads;
  static_assert(kLoads * kThreads * 4 == kWidth * kDepth && kThreads % (kDepth / 4) == 0);

  __device__ PatchRows(const Windows& windows, int first, int rows, int begin, int end) : windows_(windows), end_(end) {
    const int thread = static_cast<int>(threadIdx.x);
    at_ = begin + thread % (kDepth / 4) * 4;
    term_ = digits_of(at_, windows.taps);
    stage_ = digits_of(kDepth, windows.taps);
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const int row = first + (thread + load * kThreads) / (kDepth / 4);
      const Digits pixel = digits_of(row < rows ? row : 0, windows.pixels);
      image_[load] = pixel.outer;
      row_[load] = windows.row(pixel.middle, 0);
      column_[load] = windows.column(pixel.inner, 0);
    }
  }

  /// Stages come in order: the argument says no more than the last one did.
  __device__ __forceinline__ void fetch(int) {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) held_[load] = windows_.images.by_four ? four(load) : ones(load);
    at_ += kDepth;
    term_ = sum_of(term_, stage_, windows_.taps);
  }

  __device__ __forceinline__ void store(float* stage) const {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const int index = static_cast<int>(threadIdx.x) + load * kThreads;
      const int line = index / (kDepth / 4), term = index % (kDepth / 4) * 4;
      stage[place<kWidth, kDepth>(term, line)] = held_[load].x;
      stage[place<kWidth, kDepth>(term + 1, line)] = held_[load].y;
      stage[place<kWidth, kDepth>(term + 2, line)] = held_[load].z;
      stage[place<kWidth, kDepth>(term + 3, line)] = held_[load].w;
    }
  }

 private:
  __device__ __forceinline__ float4 four(int load) const {
    if (at_ >= end_) return float4{0.0f, 0.0f, 0.0f, 0.0f};
    return windows_.images.four(image_[load], row_[load] + term_.outer * windows_.direction,
                                column_[load] + term_.middle * windows_.direction, term_.inner);
  }
  __device__ __forceinline__ float one(int load, int at, const Digits& term) const {
    if (at >= end_) return 0.0f;
    return windows_.images.one(image_[load], row_[load] + term.outer * windows_.direction,
                               column_[load] + term.middle * windows_.direction, term.inner);
  }
  __device__ __forceinline__ float4 ones(int load) const {
    const Digits one_more = digits_of(1, windows_.taps);
    const Digits second = sum_of(term_, one_more, windows_.taps), third = sum_of(second, one_more, windows_.taps);
    return {one(load, at_, term_), one(load, at_ + 1, second), one(load, at_ + 2, third),
            one(load, at_ + 3, sum_of(third, one_more, windows_.taps))};
  }

  const Windows& windows_;
  int end_, at_;
  Digits term_, stage_;
  int image_[kLoads], row_[kLoads], column_[kLoads];
  float4 held_[kLoads];
};

/// Writes a load of four neighbouring lines of one term.
template <int kWidth, int kDepth>
__device__ __forceinline__ void store_lines(float* stage, int index, const float4& four) {
  const int line = index % (kWidth / 4) * 4, term = index / (kWidth / 4);
  *reinterpret_cast<float4*>(stage + place<kWidth, kDepth>(term, line)) = four;
}

/// Lines: the places (kh, kw, c) of a filter. Terms: the pixels of the output.
template <int kWidth, int kDepth, int kThreads>
class PatchLines {
 public:
  static constexpr int kLoads = kWidth * kDepth / 4 / kThreads;
  static constexpr int kTermsBetween = kThreads / (kWidth / 4);  ///< of a thread's loads
  static_assert(kLoads * kThreads * 4 == kWidth * kDepth && kThreads % (kWidth / 4) == 0);

  __device__ PatchLines(const Windows& windows, int first, int lines, int begin, int end)
      : windows_(windows), end_(end) {
    const int thread = static_cast<int>(threadIdx.x);
    const int line = first + thread % (kWidth / 4) * 4;
    valid_ = lines - line;
    tap_ = digits_of(line, windows.taps);
    stage_ = digits_of(kDepth, windows.pixels);
    at_ = begin + thread / (kWidth / 4);
#pragma unroll
    for (int load = 0; load < kLoads; ++load) pixel_[load] = digits_of(at_ + load * kTermsBetween, windows.pixels);
  }

  __device__ __forceinline__ void fetch(int) {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const bool there = at_ + load * kTermsBetween < end_ && valid_ > 0;
      held_[load] = there ? read(pixel_[load]) : float4{0.0f, 0.0f, 0.0f, 0.0f};
      pixel_[load] = sum_of(pixel_[load], stage_, windows_.pixels);
    }
    at_ += kDepth;
  }

  __device__ __forceinline__ void store(float* stage) const {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      store_lines<kWidth, kDepth>(stage, static_cast<int>(threadIdx.x) + load * kThreads, held_[load]);
    }
  }

 private:
  __device__ __forceinline__ float4 read(const Digits& pixel) const {
    const int row = windows_.row(pixel.middle, 0), column = windows_.column(pixel.inner, 0);
    if (windows_.images.by_four) {
      return windows_.images.four(pixel.outer, row + tap_.outer, column + tap_.middle, tap_.inner);
    }
    const Digits one_more = digits_of(1, windows_.taps);
    Digits tap = tap_;
    float values[4];
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[i] = i < valid_ ? windows_.images.one(pixel.outer, row + tap.outer, column + tap.middle, tap.inner) : 0.0f;
      tap = sum_of(tap, one_more, windows_.taps);
    }
    return {values[0], values[1], values[2], values[3]};
  }

  const Windows& windows_;
  int end_, at_, valid_;
  Digits tap_, stage_, pixel_[kLoads];
  float4 held_[kLoads];
};

/// The filters as one phase of conv2d_data meets them.
struct PhaseFilters {
  const float* w;
  int channels, size;  ///< size: of one filter
  int first;           ///< place of the phase's first tap in a filter
  int down, across;    ///< floats from tap to tap
  Radix taps;          ///< taps across and filters
  bool by_four;
};

/// Lines: channels. Terms: (tap down, tap across, filter).
template <int kWidth, int kDepth, int kThreads>
class FilterLines {
 public:
  static constexpr int kLoads = kWidth * kDepth / 4 / kThreads;
  static constexpr int kTermsBetween = kThreads / (kWidth / 4);
  static_assert(kLoads * kThreads * 4 == kWidth * kDepth && kThreads % (kWidth / 4) == 0);

  __device__ FilterLines(const PhaseFilters& filters, int first, int begin, int end) : filters_(filters), end_(end) {
    const int thread = static_cast<int>(threadIdx.x);
    line_ = first + thread % (kWidth / 4) * 4;
    stage_ = digits_of(kDepth, filters.taps);
    at_ = begin + thread / (kWidth / 4);
#pragma unroll
    for (int load = 0; load < kLoads; ++load) term_[load] = digits_of(at_ + load * kTermsBetween, filters.taps);
  }

  __device__ __forceinline__ void fetch(int) {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const Digits& term = term_[load];
      const float* const from = filters_.w + static_cast<std::ptrdiff_t>(term.inner) * filters_.size + filters_.first +
                                term.outer * filters_.down + term.middle * filters_.across + line_;
      const bool there = at_ + load * kTermsBetween < end_;
      held_[load] = load_four(from, there ? filters_.channels - line_ : 0, filters_.by_four);
      term_[load] = sum_of(term, stage_, filters_.taps);
    }
    at_ += kDepth;
  }

  __device__ __forceinline__ void store(float* stage) const {
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      store_lines<kWidth, kDepth>(stage, static_cast<int>(threadIdx.x) + load * kThreads, held_[load]);
    }
  }

 private:
  const PhaseFilters& filters_;
  int end_, at_, line_;
  Digits stage_, term_[kLoads];
  float4 held_[kLoads];
};

/// Outputs row by row without gaps.
struct Rows {
  float* c;
  int n;
  __device__ __forceinline__ float& operator()(int row, int column) const {
    return c[static_cast<std::ptrdiff_t>(row) * n + column];
  }
};

/// The pixels of one phase of conv2d_data in the whole image.
struct PhasePixels {
  float* dx;
  int height, width, channels;
  int first_row, first_column, stride;
  Radix pixels;
  __device__ __forceinline__ float& operator()(int row, int column) const {
    const Digits pixel = digits_of(row, pixels);
    const std::ptrdiff_t line = static_cast<std::ptrdiff_t>(pixel.outer) * height + first_row + pixel.middle * stride;
    return dx[(line * width + first_column + pixel.inner * stride) * channels + column];
  }
};

/// m × n outputs of k terms each.
struct Extent {
  int m, n, k;
};

template <class T>
__device__ __forceinline__ TileWork work_of(const Extent& extent, float* chunk_sums) {
  TileWork work{extent.m, extent.n, static_cast<int>(blockIdx.x) * T::kRows,
                static_cast<int>(blockIdx.y) * T::kColumns};
  set_terms(work, extent.k, chunk_sums, blockIdx.z);
  return work;
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kBlocks)
    conv2d_kernel(Extent extent, Rows y, float* chunk_sums, Windows windows, const float* w, bool w_aligned) {
  const TileWork work = work_of<T>(extent, chunk_sums);
  PatchRows<T::kRows, T::kDepth, T::kThreads> load_x(windows, work.first_row, extent.m, work.begin, work.end);
  Loader<true, T::kColumns, T::kDepth, T::kThreads> load_w(w, extent.k, work.first_column, extent.n, work.end,
                                                           w_aligned);
  multiply_tile<T>(work, dynamic_shared<float>(), load_x, load_w, y);
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kBlocks)
    conv2d_data_kernel(Extent extent, PhasePixels dx, float* chunk_sums, Windows windows, PhaseFilters filters) {
  const TileWork work = work_of<T>(extent, chunk_sums);
  PatchRows<T::kRows, T::kDepth, T::kThreads> load_dy(windows, work.first_row, extent.m, work.begin, work.end);
  FilterLines<T::kColumns, T::kDepth, T::kThreads> load_w(filters, work.first_column, work.begin, work.end);
  multiply_tile<T>(work, dynamic_shared<float>(), load_dy, load_w, dx);
}

template <class T>
__global__ void __launch_bounds__(T::kThreads, T::kBlocks)
    conv2d_filter_kernel(Extent extent, Rows dw, float* chunk_sums, Windows windows, const float* dy, bool dy_aligned) {
  const TileWork work = work_of<T>(extent, chunk_sums);
  Loader<false, T::kRows, T::kDepth, T::kThreads> load_dy(dy, extent.m, work.first_row, extent.m, work.end, dy_aligned);
  PatchLines<T::kColumns, T::kDepth, T::kThreads> load_x(windows, work.first_column, extent.n, work.begin, work.end);
  multiply_tile<T>(work, dynamic_shared<float>(), load_dy, load_x, dw);
}

/// +0 for the pixels of a phase that no filter reaches.
__global__ void __launch_bounds__(256) clear_phase_kernel(PhasePixels dx, std::ptrdiff_t outputs, int n) {
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at < outputs) dx(static_cast<int>(at / n), static_cast<int>(at % n)) = 0.0f;
}

/// Tiles of a product, the larger ones first.
template <class... Ts>
struct Tiles {};
using PixelTiles = Tiles<Broad, Middle, Narrow, Small>;
using FilterTiles = Tiles<Broad, Square, Small>;

/// Whether a tile meets enough of the product: twice as large, it would multiply mostly air.
template <class T>
bool suits(const Extent& extent) {
  return (T::kRows == 32 || 2 * extent.m > T::kRows) && (T::kColumns == 32 || 2 * extent.n > T::kColumns);
}

/// What is the same for all tiles of one product. Neither the tile nor the split changes a bit.
template <class Place>
struct Product {
  Context& context;
  const char* op;
  Extent extent;
  Place output;
};

template <class T, class Place, class Start>
void launch_tile(const Product<Place>& product, bool split, const Start& start) {
  const Extent& extent = product.extent;
  const int chunks = (extent.k - 1) / kChunk + 1;
  const std::size_t outputs = std::size_t(extent.m) * std::size_t(extent.n);
  const Stream on = stream(product.context, product.op);
  float* const sums =
      split ? workspace(product.context, product.op, outputs * std::size_t(chunks) * sizeof(float)) : nullptr;
  const dim3 grid(blocks_for(std::size_t(extent.m), T::kRows), blocks_for(std::size_t(extent.n), T::kColumns),
                  split ? static_cast<unsigned>(chunks) : 1u);
  start(T{}, on, grid, sums);
  if (split) launch_fold(on, product.output, sums, outputs, extent.n, chunks);
}

/// Calls start(tile, stream, grid, chunk sums or null) for the first tile that suits and keeps the device busy, and
/// adds the chunk sums where there are any.
template <class T, class... Others, class Place, class Start>
void launch_product(Tiles<T, Others...>, const Product<Place>& product, const Start& start) {
  const Extent& extent = product.extent;
  const int chunks = (extent.k - 1) / kChunk + 1, processors = multiprocessors(product.context);
  const bool splits = can_split(std::size_t(extent.m) * std::size_t(extent.n), chunks);
  const long blocks = long{(extent.m + T::kRows - 1) / T::kRows} * ((extent.n + T::kColumns - 1) / T::kColumns);
  const bool whole = fills(blocks, processors);
  if constexpr (sizeof...(Others) > 0) {
    if (!suits<T>(extent) || !(whole || (splits && fills(blocks * chunks, processors)))) {
      return launch_product(Tiles<Others...>{}, product, start);
    }
  }
  launch_tile<T>(product, splits && !whole, start);
}

Images images_of(const float* data, int height, int width, int channels) {
  return {data, height, width, channels, aligned_by_four(data, channels)};
}

Windows windows_of(const Conv2dShape& shape, const float* x) {
  return {images_of(x, shape.height, shape.width, shape.channels),
          shape.stride,
          shape.pad_top,
          shape.pad_left,
          1,
          {shape.out_height, shape.out_width},
          {shape.kernel_width, shape.channels}};
}

/// The pixels of one phase, whose terms are `k` each.
void launch_phase(Context& context, const Conv2dShape& shape, const ConvPhase& phase, float* dx, const float* dy,
                  const float* w) {
  const int lines = phase.last_line - phase.first_line, pixels = phase.last_pixel - phase.first_pixel;
  const Extent extent{shape.batch * lines * pixels, shape.channels,
                      phase.taps_down * phase.taps_across * shape.filters};
  if (lines <= 0 || pixels <= 0 || extent.m == 0) return;
  const PhasePixels output{dx,
                           shape.height,
                           shape.width,
                           shape.channels,
                           phase.first_line * shape.stride + phase.down - shape.pad_top,
                           phase.first_pixel * shape.stride + phase.across - shape.pad_left,
                           shape.stride,
                           {lines, pixels}};
  if (extent.k == 0) {
    const std::size_t outputs = std::size_t(extent.m) * std::size_t(extent.n);
    return launch(clear_phase_kernel, dim3(blocks_for(outputs, 256)), dim3(256), 0, stream(context, "conv2d_data"),
                  output, static_cast<std::ptrdiff_t>(outputs), extent.n);
  }
  const Windows windows{images_of(dy, shape.out_height, shape.out_width, shape.filters),
                        1,
                        -phase.first_line,
                        -phase.first_pixel,
                        -1,
                        {lines, pixels},
                        {phase.taps_across, shape.filters}};
  const int tap = shape.channels * shape.stride;
  const PhaseFilters filters{w,
                             shape.channels,
                             filter_size(shape),
                             (phase.down * shape.kernel_width + phase.across) * shape.channels,
                             shape.kernel_width * tap,
                             tap,
                             {phase.taps_across, shape.filters},
                             aligned_by_four(w, shape.channels)};
  const Product<PhasePixels> product{context, "conv2d_data", extent, output};
  launch_product(PixelTiles{}, product, [&]<class T>(T, Stream on, dim3 grid, float* sums) {
    launch(conv2d_data_kernel<T>, grid, dim3(T::kThreads), T::kSharedBytes, on, extent, output, sums, windows, filters);
  });
}

}  // namespace

void conv2d(Context& context, const Conv2dShape& shape, float* y, const float* x, const float* w) {
  const Extent extent{shape.batch * shape.out_height * shape.out_width, shape.filters, filter_size(shape)};
  if (extent.m <= 0) return;
  const Windows windows = windows_of(shape, x);
  const Product<Rows> product{context, "conv2d", extent, {y, shape.filters}};
  launch_product(PixelTiles{}, product, [&]<class T>(T, Stream on, dim3 grid, float* sums) {
    launch(conv2d_kernel<T>, grid, dim3(T::kThreads), T::kSharedBytes, on, extent, product.output, sums, windows, w,
           aligned_by_four(w, extent.k));
  });
}

void conv2d_data(Context& context, const Conv2dShape& shape, float* dx, const float* dy, const float* w) {
  if (shape.batch <= 0) return;
  for (int down = 0; down < shape.stride; ++down) {
    for (int across = 0; across < shape.stride; ++across) {
      launch_phase(context, shape, conv_phase(shape, down, across), dx, dy, w);
    }
  }
}

void conv2d_filter(Context& context, const Conv2dShape& shape, float* dw, const float* dy, const float* x) {
  const Extent extent{shape.filters, filter_size(shape), shape.batch * shape.out_height * shape.out_width};
  if (extent.k <= 0) {
    return clear(context, "conv2d_filter", dw, std::size_t(extent.m) * std::size_t(extent.n) * sizeof(float));
  }
  const Windows windows = windows_of(shape, x);
  const Product<Rows> product{context, "conv2d_filter", extent, {dw, extent.n}};
  launch_product(FilterTiles{}, product, [&]<class T>(T, Stream on, dim3 grid, float* sums) {
    launch(conv2d_filter_kernel<T>, grid, dim3(T::kThreads), T::kSharedBytes, on, extent, product.output, sums, windows,
           dy, aligned_by_four(dy, shape.filters));
  });
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
