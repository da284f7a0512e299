// The way back through max pooling and the batch norm before it, on one thread, compiled once for each instruction set.
// The gradient of what was pooled is not stored: it is dy where an element won its window, else +0. Strips of channels
// are taken one after the other, so that their sums and constants stay in registers.
#include <limits>
#include <type_traits>

#include "kernels/batch_norm_formula.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/pool2d_formula.h"
#include "kernels/strips_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

/// Covers pixels first … last − 1 of the batch, ascending. windows(at, place, pixel, across, count): `count` windows
/// side by side, `across` pixels of each; gap(pixel, count): pixels of no window. `at` is the first window's pixel in
/// y, `place` that of the first pixel in its image, `pixel` counts from `first`.
template <class Windows, class Gap>
void each_run(const Pool2dShape& shape, int first, int last, Windows windows, Gap gap) {
  const bool touch = shape.stride == shape.window_width;
  int line = first / shape.width, column = first % shape.width;
  for (int done = 0; done < last - first; ++line, column = 0) {
    const int n = line / shape.height, row = line % shape.height, start = done - column;
    const int stop = shape.width < last - first - start ? shape.width : last - first - start;
    const Covering down = covering(row, shape.window_height, shape.stride, shape.out_height);
    int ow = down.count() > 0 ? column / shape.stride : shape.out_width;
    while (ow < shape.out_width && column < stop) {
      const std::ptrdiff_t at = pixel_index(n, down.first, ow, shape.out_height, shape.out_width, 1);
      const int left = ow * shape.stride, right = left + shape.window_width;
      const int whole = touch && column == left ? (stop - column) / shape.window_width : 0;
      int end = 0;
      if (whole > 0) {
        const int count = whole < shape.out_width - ow ? whole : shape.out_width - ow;
        windows(at, row * shape.width + column, start + column, shape.window_width, count);
        end = column + count * shape.window_width;
      } else if (column < right) {
        end = stop < right ? stop : right;
        windows(at, row * shape.width + column, start + column, end - column, 1);
      } else {
        end = stop < left + shape.stride ? stop : left + shape.stride;
        gap(start + column, end - column);
      }
      column = end;
      ow = column / shape.stride;
    }
    if (column < stop) gap(start + column, stop - column);
    done = start + stop;
  }
}

/// The constants of kWidth neighbouring channels.
template <int kWidth>
struct Channels {
  Channels(const PooledNorm& given, int c) {
    for (int j = 0; j < kWidth; ++j) {
      mean[j] = given.mean[c + j];
      inverse_deviation[j] = given.inverse_deviation[c + j];
      scale[j] = given.scale[c + j];
      beta[j] = given.beta[c + j];
    }
  }
  template <Activation kKind>
  float gradient(float dout, float x, int j) const {
    return norm_activation_gradient<kKind>(dout, 0.0f, x, mean[j], scale[j], beta[j]);
  }
  float standard(float x, int j) const { return normalised(x, mean[j], inverse_deviation[j]); }

  /// Whether ±0 is the term of every element that did not win, in both sums. A variance that is finite says that all
  /// x − mean are; with a finite scale no z is NaN, unless all are; and no activation's slope is infinite.
  bool losers_give_zero() const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    bool all = true;
    for (int j = 0; j < kWidth; ++j) {
      const auto is_finite = [](float value) { return -kInfinity < value && value < kInfinity; };
      all = all && 0.0f < inverse_deviation[j] && is_finite(inverse_deviation[j]) && is_finite(scale[j]);
    }
    return all;
  }

  float mean[kWidth], inverse_deviation[kWidth], scale[kWidth], beta[kWidth];
};

/// The two sums of kWidth neighbouring channels over one chunk.
template <Activation kKind, int kWidth>
struct ChunkSums {
  explicit ChunkSums(const Channels<kWidth>& constants) : of(constants) {}

  /// Adds the terms of dout[j] and x[j]. Always inlined: the sums would lie in memory for the call.
  [[gnu::always_inline]] void add(const float* dout, const float* x) {
#pragma GCC unroll 1
    for (int j = 0; j < kWidth; ++j) {
      const float dz = of.template gradient<kKind>(dout[j], x[j], j);
      gamma[j] = gamma[j] + dz * of.standard(x[j], j);
      beta[j] = beta[j] + dz;
    }
  }

  const Channels<kWidth> of;
  float gamma[kWidth] = {}, beta[kWidth] = {};
};

/// Every term of the chunk's pixels.
template <class Sums, int kWidth>
void sum_all(Sums& sums, const PooledNorm& given, int first, int last, const float* x, int c,
             std::integral_constant<int, kWidth>) {
  const std::ptrdiff_t channels = given.shape.channels;
  float dout[kWidth];
  each_run(
      given.shape, first, last,
      [&](std::ptrdiff_t at, std::int32_t place, int pixel, int across, int count) {
        for (int i = 0; i < across * count; ++i) {
          const std::ptrdiff_t from = (at + i / across) * channels + c;
          for (int j = 0; j < kWidth; ++j)
            dout[j] = 0.0f + (given.winner[from + j] == place + i ? given.dy[from + j] : 0.0f);
          sums.add(dout, x + (pixel + i) * channels);
        }
      },
      [&](int pixel, int count) {
        for (int j = 0; j < kWidth; ++j) dout[j] = 0.0f;
        for (int i = 0; i < count; ++i) sums.add(dout, x + (pixel + i) * channels);
      });
}

/// As sum_all, without terms that are ±0: a sum from +0 is never −0, and so adding them changes nothing. Of neighbours
/// in one window one at most won.
template <class Sums, int kWidth>
void sum_winners(Sums& sums, const PooledNorm& given, int first, int last, const float* x, int c,
                 std::integral_constant<int, kWidth>) {
  const std::ptrdiff_t channels = given.shape.channels;
  each_run(
      given.shape, first, last,
      [&](std::ptrdiff_t at, std::int32_t first_place, int pixel, int any_across, int count) {
        const auto add = [&](auto across) {
          const float *from = x + pixel * channels, *dy = given.dy + at * channels + c;
          const std::int32_t* winner = given.winner + at * channels + c;
          std::int32_t place = first_place;
          for (int i = 0; i < count; ++i, dy += channels, winner += channels) {
            float dout[kWidth], own[kWidth];
            // The loads below may become masked ones, which wait for the comparison before they ask for their line.
            __builtin_prefetch(from);
            __builtin_prefetch(from + channels);
#pragma GCC unroll 1
            for (int j = 0; j < kWidth; ++j) {
              const float value = dy[j];
              dout[j] = winner[j] == place ? value : 0.0f;
              own[j] = from[j];
            }
            from += channels, ++place;
            for (int k = 1; k < across; ++k, from += channels, ++place) {
#pragma GCC unroll 1
              for (int j = 0; j < kWidth; ++j) {
                const float value = dy[j], element = from[j], old = dout[j], old_own = own[j];
                const bool won = winner[j] == place;
                dout[j] = won ? value : old;
                own[j] = won ? element : old_own;
              }
            }
            sums.add(dout, own);
          }
        };
        if (any_across == 2) return add(std::integral_constant<int, 2>{});
        add(any_across);
      },
      [](int, int) {});
}

}  // namespace

void norm_max_pool_gradient_chunks(Activation activation, float* dgamma, float* dbeta, const PooledNorm& from,
                                   int first_chunk, int last_chunk) {
  const PooledNorm given = from;  // nothing that is written can change it
  const std::ptrdiff_t channels = given.shape.channels;
  const int pixels = given.shape.batch * given.shape.height * given.shape.width;
  visit_pooled_activation(activation, [&](auto kind) {
    for (int chunk = first_chunk; chunk < last_chunk; ++chunk) {
      const int first = chunk * kChunk, last = pixels - first < kChunk ? pixels : first + kChunk;
      each_strip<32>(given.shape.channels, [&]<int kWidth>(std::integral_constant<int, kWidth> width, int c) {
        const Channels<kWidth> constants(given, c);
        ChunkSums<kind(), kWidth> sums(constants);
        const float* const x = given.x + first * channels + c;
        if (constants.losers_give_zero())
          sum_winners(sums, given, first, last, x, c, width);
        else
          sum_all(sums, given, first, last, x, c, width);
        float *const to_gamma = dgamma + chunk * channels + c, *const to_beta = dbeta + chunk * channels + c;
        for (int j = 0; j < kWidth; ++j) to_gamma[j] = sums.gamma[j], to_beta[j] = sums.beta[j];
      });
    }
  });
}

void norm_max_pool_backward_pixels(Activation activation, float* dx, const PooledNorm& from, const float* mean_dz,
                                   const float* mean_slope, int first, int last) {
  const PooledNorm given = from;  // nothing that is written can change it
  const std::ptrdiff_t channels = given.shape.channels;
  visit_pooled_activation(activation, [&](auto kind) {
    each_strip<32>(given.shape.channels, [&]<int kWidth>(std::integral_constant<int, kWidth>, int c) {
      const Channels<kWidth> of(given, c);
      float dz_mean[kWidth], slope_mean[kWidth];
      for (int j = 0; j < kWidth; ++j) dz_mean[j] = mean_dz[c + j], slope_mean[j] = mean_slope[c + j];
      const float* const x = given.x + first * channels + c;
      float* const to = dx + first * channels + c;
      const auto put = [&](int pixel, auto dout) {
        const float* const x_pixel = x + pixel * channels;
        float* const to_pixel = to + pixel * channels;
#pragma GCC ivdep
#pragma GCC unroll 1
        for (int j = 0; j < kWidth; ++j) {
          const NormGradient column{of.scale[j], dz_mean[j], slope_mean[j]};
          const float dz = of.template gradient<kind()>(dout(j), x_pixel[j], j);
          to_pixel[j] = norm_backward(column, dz, of.standard(x_pixel[j], j));
        }
      };
      each_run(
          given.shape, first, last,
          [&](std::ptrdiff_t at, std::int32_t first_place, int first_pixel, int any_across, int count) {
            const auto put_windows = [&](auto across) {
              std::int32_t place = first_place;
              int pixel = first_pixel;
              for (std::ptrdiff_t window = at; window < at + count; ++window) {
                float value[kWidth];
                std::int32_t wins[kWidth];
#pragma GCC unroll 1
                for (int j = 0; j < kWidth; ++j) {
                  value[j] = 0.0f + given.dy[window * channels + c + j];
                  wins[j] = given.winner[window * channels + c + j];
                }
                for (int k = 0; k < across; ++k, ++place, ++pixel) {
                  put(pixel, [&](int j) {
                    const float own = value[j];
                    return wins[j] == place ? own : 0.0f;
                  });
                }
              }
            };
            if (any_across == 2) return put_windows(std::integral_constant<int, 2>{});
            put_windows(any_across);
          },
          [&](int pixel, int count) {
            for (int i = 0; i < count; ++i) put(pixel + i, [](int) { return 0.0f; });
          });
    });
  });
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
