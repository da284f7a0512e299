// Pooling on one thread, also of what batch norm gives, compiled once for each instruction set: a range of lines,
// vectorised over the channels of a pixel. The way back through both is in pooled_norm_isa_cpu.cpp.
#include <type_traits>

#include "kernels/batch_norm_formula.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/pool2d_formula.h"
#include "kernels/strips_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

/// The column rule for kWidth channels: out[c] = Σ term(i, j)(c) over i < down, j < across.
template <int kWidth, class Term>
void sum_strip(int down, int across, float* out, Term term) {
  float total[kWidth] = {}, group[kWidth] = {}, sum[kWidth] = {};
  int terms = 0;
  for (int i = 0; i < down; ++i) {
    for (int j = 0; j < across; ++j) {
      if (terms > 0 && terms % kChunk == 0) {
        for (int c = 0; c < kWidth; ++c) group[c] = group[c] + sum[c], sum[c] = 0.0f;
      }
      if (terms > 0 && terms % (kChunk * kGroup) == 0) {
        for (int c = 0; c < kWidth; ++c) total[c] = total[c] + group[c], group[c] = 0.0f;
      }
      const auto row = term(i, j);
      for (int c = 0; c < kWidth; ++c) sum[c] = sum[c] + row(c);
      ++terms;
    }
  }
  for (int c = 0; c < kWidth; ++c) out[c] = total[c] + (group[c] + sum[c]);
}

/// As sum_strip for at most kChunk terms. What is added to +0 twice more is not −0.
template <int kWidth, class Term>
void sum_short_strip(int down, int across, float* out, Term term) {
  float sum[kWidth] = {};
  if (down * across > 0) {
    const auto row = term(0, 0);
#pragma GCC unroll 1
    for (int c = 0; c < kWidth; ++c) sum[c] = 0.0f + row(c);
  }
  for (int i = 0; i < down; ++i) {
    for (int j = i == 0 ? 1 : 0; j < across; ++j) {
      const auto row = term(i, j);
#pragma GCC unroll 1
      for (int c = 0; c < kWidth; ++c) sum[c] = sum[c] + row(c);
    }
  }
#pragma GCC unroll 1
  for (int c = 0; c < kWidth; ++c) out[c] = sum[c];
}

/// The column rule for the channels of one pixel.
template <class Term>
void sum_channels(int down, int across, int channels, float* out, Term term) {
  each_strip<16>(channels, [&]<int kWidth>(std::integral_constant<int, kWidth>, int first) {
    const auto shifted = [&](int i, int j) { return [row = term(i, j), first](int c) { return row(first + c); }; };
    if (down * across <= kChunk) {
      sum_short_strip<kWidth>(down, across, out + first, shifted);
    } else {
      sum_strip<kWidth>(down, across, out + first, shifted);
    }
  });
}

/// What is pooled: kWidth neighbouring channels as they are.
template <int kWidth>
struct Plain {
  float operator()(const float* x, int j) const { return x[j]; }
};

/// What is pooled: their activations behind batch norm.
template <Activation kKind, int kWidth>
struct Normalised {
  Normalised(const float* from_mean, const float* from_scale, const float* from_beta) {
    for (int j = 0; j < kWidth; ++j) mean[j] = from_mean[j], scale[j] = from_scale[j], beta[j] = from_beta[j];
  }
  float operator()(const float* x, int j) const { return activate<kKind>(normalise(x[j], mean[j], scale[j], beta[j])); }
  float mean[kWidth], scale[kWidth], beta[kWidth];
};

/// The maxima of kWidth neighbouring channels over the window whose first element is at `x`, in place `first`. kSide is
/// the side of a square window, or 0 for what the shape says: a loop of known length leaves neither counters nor jumps.
template <int kWidth, int kSide, class Value>
void max_pool_strip(const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x, std::int32_t first,
                    const Value& value_of) {
  const int height = kSide > 0 ? kSide : shape.window_height, width = kSide > 0 ? kSide : shape.window_width;
  float best[kWidth];
  std::int32_t place[kWidth];
#pragma GCC unroll 1
  for (int j = 0; j < kWidth; ++j) best[j] = value_of(x, j), place[j] = first;
#pragma GCC unroll 4
  for (int row = 0; row < height; ++row) {
#pragma GCC unroll 4
    for (int column = row == 0 ? 1 : 0; column < width; ++column) {
      const std::int32_t at = row * shape.width + column;
      const float* const from = x + static_cast<std::ptrdiff_t>(at) * shape.channels;
#pragma GCC unroll 1
      for (int j = 0; j < kWidth; ++j) {
        const float value = value_of(from, j), old = best[j];
        const std::int32_t old_place = place[j];
        const bool takes = takes_window(value, old);
        best[j] = takes ? value : old;
        place[j] = takes ? first + at : old_place;
      }
    }
  }
#pragma GCC unroll 1
  for (int j = 0; j < kWidth; ++j) y[j] = best[j];
  if (winner == nullptr) return;
#pragma GCC unroll 1
  for (int j = 0; j < kWidth; ++j) winner[j] = place[j];
}

/// Calls visit(n, row, column) for each pixel of lines first … last − 1 of images of `height` lines.
template <class Visit>
void each_pixel(int height, int width, int first, int last, Visit visit) {
  for (int line = first; line < last; ++line) {
    const int n = line / height, row = line % height;
    for (int column = 0; column < width; ++column) visit(n, row, column);
  }
}

/// Lines first … last − 1 of y; value_of(width, c) is what is pooled of the channels from c on.
template <int kSide, class ValueOf>
void max_pool_lines(const Pool2dShape& given, float* y, std::int32_t* winner, const float* x, int first, int last,
                    ValueOf value_of) {
  const Pool2dShape shape = given;  // nothing that is written can change it
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(shape.stride) * shape.channels;
  for (int line = first; line < last; ++line) {
    const int n = line / shape.out_height, row = line % shape.out_height * shape.stride;
    const std::ptrdiff_t line_at = static_cast<std::ptrdiff_t>(line) * shape.out_width * shape.channels;
    const float* const line_from = x + pixel_index(n, row, 0, shape.height, shape.width, shape.channels);
    each_strip<16>(shape.channels, [&]<int kWidth>(std::integral_constant<int, kWidth> width, int c) {
      const auto value = value_of(width, c);
      const float* from = line_from + c;
      std::ptrdiff_t at = line_at + c;
      for (int ow = 0; ow < shape.out_width; ++ow, at += shape.channels, from += step) {
        max_pool_strip<kWidth, kSide>(shape, y + at, winner == nullptr ? nullptr : winner + at, from,
                                      row * shape.width + ow * shape.stride, value);
      }
    });
  }
}

template <class ValueOf>
void max_pool_lines(const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x, int first, int last,
                    ValueOf value_of) {
  if (shape.window_height == 2 && shape.window_width == 2)
    max_pool_lines<2>(shape, y, winner, x, first, last, value_of);
  else
    max_pool_lines<0>(shape, y, winner, x, first, last, value_of);
}

/// As backward, for windows that do not overlap: each place has one term or none.
template <class RowOf>
void backward_apart(const Pool2dShape& shape, float* dx, int first, int last, RowOf row_of) {
  const std::ptrdiff_t line_size = static_cast<std::ptrdiff_t>(shape.width) * shape.channels;
  for (int line = first; line < last; ++line) {
    const int n = line / shape.height, row = line % shape.height;
    const Covering down = covering(row, shape.window_height, shape.stride, shape.out_height);
    float* to = dx + line * line_size;
    float* const line_end = to + line_size;
    const int windows = down.count() > 0 ? shape.out_width : 0;
    for (int ow = 0; ow < windows; ++ow) {
      const std::ptrdiff_t at = pixel_index(n, down.first, ow, shape.out_height, shape.out_width, shape.channels);
      const int start = ow * shape.stride;
      for (int column = start; column < start + shape.window_width; ++column, to += shape.channels) {
        const auto term = row_of(at, row * shape.width + column);
        each_strip<16>(shape.channels, [&]<int kWidth>(std::integral_constant<int, kWidth>, int c) {
          sum_short_strip<kWidth>(1, 1, to + c, [&](int, int) { return [&](int j) { return term(c + j); }; });
        });
      }
      if (ow + 1 == windows) break;
      for (const float* const next = to + (shape.stride - shape.window_width) * shape.channels; to < next; ++to)
        *to = 0.0f;
    }
    for (; to < line_end; ++to) *to = 0.0f;
  }
}

/// dx of lines first … last − 1: the sums of row_of(index in y, place)(c) over the windows that cover a place.
template <class RowOf>
void backward(const Pool2dShape& shape, float* dx, int first, int last, RowOf row_of) {
  if (shape.stride >= shape.window_height && shape.stride >= shape.window_width) {
    return backward_apart(shape, dx, first, last, row_of);
  }
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
  max_pool_lines(shape, y, winner, x, first, last, [](auto width, int) { return Plain<decltype(width)::value>(); });
}

void norm_max_pool(Activation activation, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x,
                   const float* mean, const float* scale, const float* beta, int first, int last) {
  visit_pooled_activation(activation, [&](auto kind) {
    max_pool_lines(shape, y, winner, x, first, last, [&](auto width, int c) {
      return Normalised<kind(), decltype(width)::value>(mean + c, scale + c, beta + c);
    });
  });
}

void max_pool2d_backward(const Pool2dShape& shape, float* dx, const float* dy, const std::int32_t* winner, int first,
                         int last) {
  backward(shape, dx, first, last, [&](std::ptrdiff_t at, std::int32_t place) {
    return [=, dy = dy + at, winner = winner + at](int c) {
      const float value = dy[c];
      return winner[c] == place ? value : 0.0f;
    };
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
