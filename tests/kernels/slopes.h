// Finite differences for tests of gradients, and the shapes that tests of images share.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/ops.h"

namespace tests {

/// The slope of total() by values[i], as a central difference; `values` are afterwards as before. By what really was
/// added, where a sum of float is rounded.
template <class Number, class Total>
double slope(std::vector<Number>& values, std::size_t i, Number step, const Total& total) {
  const Number kept = values[i];
  values[i] = kept + step;
  const double above = total(), high = static_cast<double>(values[i]);
  values[i] = kept - step;
  const double below = total(), low = static_cast<double>(values[i]);
  values[i] = kept;
  return (above - below) / (high - low);
}

inline std::size_t elements(int a, int b, int c, int d) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) *
         static_cast<std::size_t>(d);
}

inline kernels::Pool2dShape pool2d_shape(int batch, int height, int width, int channels, int window_height,
                                         int window_width, int stride) {
  return {batch,
          height,
          width,
          channels,
          window_height,
          window_width,
          stride,
          (height - window_height) / stride + 1,
          (width - window_width) / stride + 1};
}

}  // namespace tests
