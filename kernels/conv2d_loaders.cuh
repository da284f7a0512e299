// How convolutions on the GPU bring elements of images and filters into the stages of gemm_tile.cuh. Included by
// conv2d_cuda.cu alone.
#pragma once

#include "kernels/gemm_tile.cuh"

namespace kernels::SWEEP_CUDA_NAMESPACE {
namespace {

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
class PatchRows : public Held<true, kWidth, kDepth, kThreads> {
  using Base = Held<true, kWidth, kDepth, kThreads>;
  using Base::held_;
  using Base::kLoads;

 public:
  static_assert(kThreads % (kDepth / 4) == 0);

  __device__ PatchRows(const Windows& windows, int first, int rows, int begin, int end) : windows_(windows), end_(end) {
    at_ = begin + Base::term_of(0);
    term_ = digits_of(at_, windows.taps);
    stage_ = digits_of(kDepth, windows.taps);
#pragma unroll
    for (int load = 0; load < kLoads; ++load) {
      const int row = first + Base::line_of(load);
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
};

/// Lines: the places (kh, kw, c) of a filter. Terms: the pixels of the output.
template <int kWidth, int kDepth, int kThreads>
class PatchLines : public Held<false, kWidth, kDepth, kThreads> {
  using Base = Held<false, kWidth, kDepth, kThreads>;
  using Base::held_;
  using Base::kLoads;

 public:
  static constexpr int kTermsBetween = kThreads / (kWidth / 4);  ///< of a thread's loads
  static_assert(kThreads % (kWidth / 4) == 0);

  __device__ PatchLines(const Windows& windows, int first, int lines, int begin, int end)
      : windows_(windows), end_(end) {
    const int line = first + Base::line_of(0);
    valid_ = lines - line;
    tap_ = digits_of(line, windows.taps);
    stage_ = digits_of(kDepth, windows.pixels);
    at_ = begin + Base::term_of(0);
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
class FilterLines : public Held<false, kWidth, kDepth, kThreads> {
  using Base = Held<false, kWidth, kDepth, kThreads>;
  using Base::held_;
  using Base::kLoads;

 public:
  static constexpr int kTermsBetween = kThreads / (kWidth / 4);
  static_assert(kThreads % (kWidth / 4) == 0);

  __device__ FilterLines(const PhaseFilters& filters, int first, int begin, int end) : filters_(filters), end_(end) {
    line_ = first + Base::line_of(0);
    stage_ = digits_of(kDepth, filters.taps);
    at_ = begin + Base::term_of(0);
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

 private:
  const PhaseFilters& filters_;
  int end_, at_, line_;
  Digits stage_, term_[kLoads];
};

}  // namespace
}  // namespace kernels::SWEEP_CUDA_NAMESPACE
