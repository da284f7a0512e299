// Pooling on one thread, compiled once for each instruction set: a range of lines, vectorised over the channels of a
// pixel. `ivdep` says that arrays overlap only as the same array, element on element.
#include "kernels/isa_functions_cpu.h"
#include "kernels/pool2d_formula.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

/// The column rule for the channels of one pixel: out[c] = Σ term(i, j)(c) over i < down, j < across.
template <class Term>
void sum_channels(int down, int across, int channels, float* out, Term term) {
  if (down * across <= kChunk) {
    // One chunk of one group: what is added to +0 twice more is not −0.
#pragma GCC ivdep
    for (int c = 0; c < channels; ++c) out[c] = 0.0f;
    for (int i = 0; i < down; ++i) {
      for (int j = 0; j < across; ++j) {
        const auto row = term(i, j);
#pragma GCC ivdep
        for (int c = 0; c < channels; ++c) out[c] = out[c] + row(c);
      }
    }
    return;
  }
  constexpr int kStrip = 64;
  const int terms = down * across;
  for (int first = 0; first < channels; first += kStrip) {
    const int width = channels - first < kStrip ? channels - first : kStrip;
    float total[kStrip] = {}, group[kStrip] = {}, sum[kStrip] = {};
    for (int t = 0; t < terms; ++t) {
      const auto row = term(t / across, t % across);
      for (int c = 0; c < width; ++c) sum[c] = sum[c] + row(first + c);
      const bool last = t + 1 == terms;
      if (!last && (t + 1) % kChunk != 0) continue;
      for (int c = 0; c < width; ++c) group[c] = group[c] + sum[c], sum[c] = 0.0f;
      if (!last && (t + 1) % (kChunk * kGroup) != 0) continue;
      for (int c = 0; c < width; ++c) total[c] = total[c] + group[c], group[c] = 0.0f;
    }
    for (int c = 0; c < width; ++c) out[first + c] = total[c];
  }
}

template <bool kWantsWinner>
void max_pool_pixel(const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x, int n, int top,
                    int left) {
  for (int row = top; row < top + shape.window_height; ++row) {
    for (int column = left; column < left + shape.window_width; ++column) {
      const float* const from = x + pixel_index(n, row, column, shape.height, shape.width, shape.channels);
      const std::int32_t place = row * shape.width + column;
      const bool first = row == top && column == left;
#pragma GCC ivdep
      for (int c = 0; c < shape.channels; ++c) {
        const float value = from[c], best = first ? value : y[c];
        const bool takes = first || takes_window(value, best);
        y[c] = takes ? value : best;
        if constexpr (kWantsWinner) winner[c] = takes ? place : winner[c];
      }
    }
  }
}

/// Calls visit(n, row, column) for each pixel of lines first … last − 1 of images of `height` lines.
template <class Visit>
void each_pixel(int height, int width, int first, int last, Visit visit) {
  for (int line = first; line < last; ++line) {
    const int n = line / height, row = line % height;
    for (int column = 0; column < width; ++column) visit(n, row, column);
  }
}

/// dx of lines first … last − 1: the sums of row_of(index in y, place)(c) over the windows that cover a place.
template <class RowOf>
void backward(const Pool2dShape& shape, float* dx, int first, int last, RowOf row_of) {
  for (int line = first; line < last; ++line) {
    const int n = line / shape.height, row = line % shape.height;
    const Covering down = covering(row, shape.window_height, shape.stride, shape.out_height);
    Covering across{0, 0};  // kept up to date without a division a pixel
    for (int column = 0; column < shape.width; ++column) {
      while (across.end < shape.out_width && across.end * shape.stride <= column) ++across.end;
      while (across.first * shape.stride + shape.window_width <= column) ++across.first;
      const std::ptrdiff_t start =
          pixel_index(n, down.first, across.first, shape.out_height, shape.out_width, shape.channels);
      float* const to = dx + (static_cast<std::ptrdiff_t>(line) * shape.width + column) * shape.channels;
      sum_channels(down.count(), across.count(), shape.channels, to, [&](int i, int j) {
        return row_of(start + (static_cast<std::ptrdiff_t>(i) * shape.out_width + j) * shape.channels,
                      row * shape.width + column);
      });
    }
  }
}

void divide(float* out, int channels, float divisor) {
  for (int c = 0; c < channels; ++c) out[c] = out[c] / divisor;
}

}  // namespace

void max_pool2d(const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x, int first, int last) {
  each_pixel(shape.out_height, shape.out_width, first, last, [&](int n, int oh, int ow) {
    const std::ptrdiff_t at = pixel_index(n, oh, ow, shape.out_height, shape.out_width, shape.channels);
    if (winner == nullptr) {
      max_pool_pixel<false>(shape, y + at, nullptr, x, n, oh * shape.stride, ow * shape.stride);
    } else {
      max_pool_pixel<true>(shape, y + at, winner + at, x, n, oh * shape.stride, ow * shape.stride);
    }
  });
}

void max_pool2d_backward(const Pool2dShape& shape, float* dx, const float* dy, const std::int32_t* winner, int first,
                         int last) {
  backward(shape, dx, first, last, [&](std::ptrdiff_t at, std::int32_t place) {
    return [=, dy = dy + at, winner = winner + at](int c) { return winner[c] == place ? dy[c] : 0.0f; };
  });
}

void average_pool2d(const Pool2dShape& shape, float* y, const float* x, int first, int last) {
  const int terms = shape.window_height * shape.window_width;
  each_pixel(shape.out_height, shape.out_width, first, last, [&](int n, int oh, int ow) {
    float* const to = y + pixel_index(n, oh, ow, shape.out_height, shape.out_width, shape.channels);
    sum_channels(shape.window_height, shape.window_width, shape.channels, to, [&](int i, int j) {
      const float* const from =
          x + pixel_index(n, oh * shape.stride + i, ow * shape.stride + j, shape.height, shape.width, shape.channels);
      return [=](int c) { return from[c]; };
    });
    divide(to, shape.channels, static_cast<float>(terms));
  });
}

void average_pool2d_backward(const Pool2dShape& shape, float* dx, const float* dy, int first, int last) {
  backward(shape, dx, first, last,
           [&](std::ptrdiff_t at, std::int32_t) { return [from = dy + at](int c) { return from[c]; }; });
  const float divisor = static_cast<float>(shape.window_height * shape.window_width);
  for (int line = first; line < last; ++line) {
    divide(dx + static_cast<std::ptrdiff_t>(line) * shape.width * shape.channels, shape.width * shape.channels,
           divisor);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
