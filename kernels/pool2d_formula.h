// Pooling of images: which windows cover a place, which element wins, and each output as the plain loop. Callers: the
// pooling of each back end, tests. Promise: portable.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/host_device.h"
#include "kernels/column_sum_formula.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Whether a later element of a window takes the place of the best so far: where it is larger, and where it is the
/// first NaN.
SWEEP_HOST_DEVICE inline bool takes_window(float value, float best) {
  // Not &&: a loop over it has no branches.
  return static_cast<bool>(static_cast<int>(!(value <= best)) & static_cast<int>(best == best));
}

/// Windows first … end − 1 of one direction.
struct Covering {
  int first, end;
  SWEEP_HOST_DEVICE int count() const { return end > first ? end - first : 0; }
};

/// The windows that cover a place, of `outputs` of that length and stride.
SWEEP_HOST_DEVICE inline Covering covering(int place, int window, int stride, int outputs) {
  const int first = place < window ? 0 : (place - window) / stride + 1, end = place / stride + 1;
  return {first, end < outputs ? end : outputs};
}

/// Index of (n, row, column, channel 0) in NHWC.
SWEEP_HOST_DEVICE inline std::ptrdiff_t pixel_index(int n, int row, int column, int height, int width, int channels) {
  return ((static_cast<std::ptrdiff_t>(n) * height + row) * width + column) * channels;
}

struct Winner {
  float value;
  std::int32_t place;
};

SWEEP_HOST_DEVICE inline Winner max_pool2d_at(const Pool2dShape& shape, const float* x, int n, int oh, int ow, int c) {
  Winner best{0.0f, -1};
  for (int row = oh * shape.stride; row < oh * shape.stride + shape.window_height; ++row) {
    for (int column = ow * shape.stride; column < ow * shape.stride + shape.window_width; ++column) {
      const float value = x[pixel_index(n, row, column, shape.height, shape.width, shape.channels) + c];
      if (best.place < 0 || takes_window(value, best.value)) best = {value, row * shape.width + column};
    }
  }
  return best;
}

SWEEP_HOST_DEVICE inline float average_pool2d_at(const Pool2dShape& shape, const float* x, int n, int oh, int ow,
                                                 int c) {
  ColumnSum sum;
  for (int row = oh * shape.stride; row < oh * shape.stride + shape.window_height; ++row) {
    for (int column = ow * shape.stride; column < ow * shape.stride + shape.window_width; ++column) {
      sum.add(x[pixel_index(n, row, column, shape.height, shape.width, shape.channels) + c]);
    }
  }
  return sum.value() / static_cast<float>(shape.window_height * shape.window_width);
}

/// The gradient of one place: of the average where `winner` is null, else of the maximum.
SWEEP_HOST_DEVICE inline float pool2d_backward_at(const Pool2dShape& shape, const float* dy, const std::int32_t* winner,
                                                  int n, int row, int column, int c) {
  const Covering down = covering(row, shape.window_height, shape.stride, shape.out_height);
  const Covering across = covering(column, shape.window_width, shape.stride, shape.out_width);
  const std::int32_t place = row * shape.width + column;
  ColumnSum sum;
  for (int oh = down.first; oh < down.end; ++oh) {
    for (int ow = across.first; ow < across.end; ++ow) {
      const std::ptrdiff_t at = pixel_index(n, oh, ow, shape.out_height, shape.out_width, shape.channels) + c;
      sum.add(winner == nullptr || winner[at] == place ? dy[at] : 0.0f);
    }
  }
  if (winner != nullptr) return sum.value();
  return sum.value() / static_cast<float>(shape.window_height * shape.window_width);
}

}  // namespace SWEEP_ISA
}  // namespace kernels
