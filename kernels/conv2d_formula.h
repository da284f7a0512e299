// Convolution and its gradients, written once as the plain loops: what every back end must equal, bit for bit. Callers:
// tests; the geometry also the fast kernels of each back end. Promise: portable. It is not meant to be fast.
#pragma once

#include <cstddef>

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/column_sum_formula.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// The dot rule for terms that come one by one.
class DotSum : public ChunkedSum {
 public:
  SWEEP_HOST_DEVICE void add(float a, float b) {
    float& sum = next();
    sum = core::portable::fma(a, b, sum);
  }
};

/// Element (n, row, column, channel) of NHWC images, +0 outside of them.
SWEEP_HOST_DEVICE inline float element_or_zero(const float* images, int height, int width, int channels, int n, int row,
                                               int column, int channel) {
  if (row < 0 || row >= height || column < 0 || column >= width) return 0.0f;
  return images[((static_cast<std::ptrdiff_t>(n) * height + row) * width + column) * channels + channel];
}

/// Where filter o's element (kh, kw, c) lies.
SWEEP_HOST_DEVICE inline std::ptrdiff_t filter_index(const Conv2dShape& shape, int o, int kh, int kw, int c) {
  return ((static_cast<std::ptrdiff_t>(o) * shape.kernel_height + kh) * shape.kernel_width + kw) * shape.channels + c;
}

/// Terms of one output of conv2d: elements of one filter.
SWEEP_HOST_DEVICE inline int filter_size(const Conv2dShape& shape) {
  return shape.kernel_height * shape.kernel_width * shape.channels;
}

/// One output of conv2d.
SWEEP_HOST_DEVICE inline float conv2d_at(const Conv2dShape& shape, const float* x, const float* w, int n, int oh,
                                         int ow, int o) {
  DotSum sum;
  for (int kh = 0; kh < shape.kernel_height; ++kh) {
    for (int kw = 0; kw < shape.kernel_width; ++kw) {
      for (int c = 0; c < shape.channels; ++c) {
        sum.add(element_or_zero(x, shape.height, shape.width, shape.channels, n, oh * shape.stride - shape.pad_top + kh,
                                ow * shape.stride - shape.pad_left + kw, c),
                w[filter_index(shape, o, kh, kw, c)]);
      }
    }
  }
  return sum.value();
}

/// One output of conv2d_data.
SWEEP_HOST_DEVICE inline float conv2d_data_at(const Conv2dShape& shape, const float* dy, const float* w, int n, int row,
                                              int column, int c) {
  DotSum sum;
  for (int kh = 0; kh < shape.kernel_height; ++kh) {
    const int down = row + shape.pad_top - kh;
    if (down % shape.stride != 0) continue;
    for (int kw = 0; kw < shape.kernel_width; ++kw) {
      const int across = column + shape.pad_left - kw;
      if (across % shape.stride != 0) continue;
      for (int o = 0; o < shape.filters; ++o) {
        sum.add(element_or_zero(dy, shape.out_height, shape.out_width, shape.filters, n, down / shape.stride,
                                across / shape.stride, o),
                w[filter_index(shape, o, kh, kw, c)]);
      }
    }
  }
  return sum.value();
}

/// One output of conv2d_filter.
SWEEP_HOST_DEVICE inline float conv2d_filter_at(const Conv2dShape& shape, const float* dy, const float* x, int o,
                                                int kh, int kw, int c) {
  DotSum sum;
  for (int n = 0; n < shape.batch; ++n) {
    for (int oh = 0; oh < shape.out_height; ++oh) {
      for (int ow = 0; ow < shape.out_width; ++ow) {
        sum.add(element_or_zero(dy, shape.out_height, shape.out_width, shape.filters, n, oh, ow, o),
                element_or_zero(x, shape.height, shape.width, shape.channels, n, oh * shape.stride - shape.pad_top + kh,
                                ow * shape.stride - shape.pad_left + kw, c));
      }
    }
  }
  return sum.value();
}

/// The part of conv2d_data's pixels that share their terms: those whose row + pad_top leaves the rest `down` and whose
/// column + pad_left leaves the rest `across`, divided by the stride. Pixel (row, column) of the phase is numbered by
/// the quotients.
struct ConvPhase {
  int down, across;            ///< the rests
  int taps_down, taps_across;  ///< elements of a filter that meet it: kh = down + stride·j, kw = across + stride·i
  int first_line, last_line;   ///< quotients of the rows that exist; last is one beyond
  int first_pixel, last_pixel;
};

/// Quotients of 0 … size − 1 shifted by pad whose rest is `rest`: first, and one beyond the last.
SWEEP_HOST_DEVICE inline int first_quotient(int pad, int rest, int stride) {
  return pad <= rest ? 0 : (pad - rest + stride - 1) / stride;
}
SWEEP_HOST_DEVICE inline int end_quotient(int size, int pad, int rest, int stride) {
  return size + pad <= rest ? 0 : (size - 1 + pad - rest) / stride + 1;
}

SWEEP_HOST_DEVICE inline ConvPhase conv_phase(const Conv2dShape& shape, int down, int across) {
  const auto taps = [&](int kernel, int rest) { return kernel > rest ? (kernel - rest - 1) / shape.stride + 1 : 0; };
  return {down,
          across,
          taps(shape.kernel_height, down),
          taps(shape.kernel_width, across),
          first_quotient(shape.pad_top, down, shape.stride),
          end_quotient(shape.height, shape.pad_top, down, shape.stride),
          first_quotient(shape.pad_left, across, shape.stride),
          end_quotient(shape.width, shape.pad_left, across, shape.stride)};
}

}  // namespace SWEEP_ISA
}  // namespace kernels
