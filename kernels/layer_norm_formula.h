// Layer normalisation of one row, and its gradient. Callers: layer_norm_* of each back end, tests. Promise: portable.
// Source: Ba, Kiros, Hinton, "Layer normalization" (2016).
#pragma once

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/softmax_formula.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// What a mean over `columns` makes of its sum.
SWEEP_HOST_DEVICE inline float row_mean(float sum, int columns) { return sum / static_cast<float>(columns); }

SWEEP_HOST_DEVICE inline float centred_square(float x, float mean) { return (x - mean) * (x - mean); }

/// From the row's sum of centred squares.
SWEEP_HOST_DEVICE inline float inverse_deviation_of(float squares, int columns, float epsilon) {
  return 1.0f / core::portable::sqrt(row_mean(squares, columns) + epsilon);
}

SWEEP_HOST_DEVICE inline float standardised(float x, float mean, float inverse_deviation) {
  return (x - mean) * inverse_deviation;
}

SWEEP_HOST_DEVICE inline float layer_norm_of(float standard, float gain, float shift) {
  return standard * gain + shift;
}

/// The gradient at one element: `by_standard` = dout·gain; the means over the row of by_standard and of
/// by_standard·standard.
SWEEP_HOST_DEVICE inline float layer_norm_gradient(float by_standard, float standard, float mean, float mean_product,
                                                   float inverse_deviation) {
  return inverse_deviation * ((by_standard - mean) - standard * mean_product);
}

/// A whole row as the plain loop. Shapes: out, x, gain, shift columns.
SWEEP_HOST_DEVICE inline void layer_norm_row(float* out, float* mean, float* inverse_deviation, const float* x,
                                             const float* gain, const float* shift, int columns, float epsilon) {
  float lane[kLanes] = {};
  for (int j = 0; j < columns; ++j) lane[j % kLanes] = lane[j % kLanes] + x[j];
  const float centre = row_mean(fold_lanes(lane), columns);
  for (int l = 0; l < kLanes; ++l) lane[l] = 0.0f;
  for (int j = 0; j < columns; ++j) lane[j % kLanes] = lane[j % kLanes] + centred_square(x[j], centre);
  const float inverse = inverse_deviation_of(fold_lanes(lane), columns, epsilon);
  for (int j = 0; j < columns; ++j) out[j] = layer_norm_of(standardised(x[j], centre, inverse), gain[j], shift[j]);
  *mean = centre;
  *inverse_deviation = inverse;
}

/// The gradient of a row by x, as the plain loop.
SWEEP_HOST_DEVICE inline void layer_norm_backward_row(float* dx, const float* dout, const float* x, const float* gain,
                                                      float mean, float inverse_deviation, int columns) {
  float sums[kLanes] = {}, products[kLanes] = {};
  for (int j = 0; j < columns; ++j) {
    const float by_standard = dout[j] * gain[j];
    sums[j % kLanes] = sums[j % kLanes] + by_standard;
    products[j % kLanes] = products[j % kLanes] + by_standard * standardised(x[j], mean, inverse_deviation);
  }
  const float mean_gradient = row_mean(fold_lanes(sums), columns);
  const float mean_product = row_mean(fold_lanes(products), columns);
  for (int j = 0; j < columns; ++j) {
    dx[j] = layer_norm_gradient(dout[j] * gain[j], standardised(x[j], mean, inverse_deviation), mean_gradient,
                                mean_product, inverse_deviation);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels
