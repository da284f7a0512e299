// Convolutions on the GPU by the dot rule (conv2d_formula.h); portable. Listed in cuda_ops.h.
//
// Each is a matrix product whose operands are never laid out: a block loads the elements of images that its terms name,
// straight into the stages of gemm_tile.cuh. Rows are pixels (conv2d, conv2d_data) or filters (conv2d_filter). A
// place beside an image is a zero that is multiplied like any other.
#include "kernels/conv2d_formula.h"
#include "kernels/conv2d_loaders.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

// Rows of pixels are many, columns as many as there are filters or channels.
using Broad = Tile<128, 128, 8, 8, 8, 2>;
using Middle = Tile<128, 64, 8, 8, 8, 3>;
using Narrow = Tile<128, 32, 8, 4, 16, 4>;
using Square = Tile<64, 64, 4, 8, 16, 4>;
using Small = Tile<32, 32, 4, 4, 16, 8>;

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
    conv2d_kernel(Extent extent, RowMajor y, float* chunk_sums, Windows windows, const float* w, bool w_aligned) {
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
    conv2d_filter_kernel(Extent extent, RowMajor dw, float* chunk_sums, Windows windows, const float* dy,
                         bool dy_aligned) {
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
  const Product<RowMajor> product{context, "conv2d", extent, {y, shape.filters}};
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
  const Product<RowMajor> product{context, "conv2d_filter", extent, {dw, extent.n}};
  launch_product(FilterTiles{}, product, [&]<class T>(T, Stream on, dim3 grid, float* sums) {
    launch(conv2d_filter_kernel<T>, grid, dim3(T::kThreads), T::kSharedBytes, on, extent, product.output, sums, windows,
           dy, aligned_by_four(dy, shape.filters));
  });
}

}  // namespace kernels::SWEEP_CUDA_NAMESPACE
