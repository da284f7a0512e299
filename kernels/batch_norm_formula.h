// Batch normalisation (Ioffe & Szegedy 2015) for one element or one column: what every back end computes. Callers:
// batch_norm_* of each back end, tests. Promise: portable. The sums between the steps follow the column rule.
#pragma once

#include "core/host_device.h"
#include "core/math_float.h"
#include "kernels/activation_formula.h"
#include "kernels/ops.h"

namespace kernels {
inline namespace SWEEP_ISA {

/// Term of the variance.
SWEEP_HOST_DEVICE inline float centred_square(float x, float mean) {
  const float centred = x - mean;
  return centred * centred;
}

SWEEP_HOST_DEVICE inline float inverse_deviation_of(float variance, float epsilon) {
  return 1.0f / core::portable::sqrt(variance + epsilon);
}

/// z of one element; scale = gamma · inverse_deviation.
SWEEP_HOST_DEVICE inline float normalise(float x, float mean, float scale, float beta) {
  return core::portable::fma(x - mean, scale, beta);
}

/// Whether the backward pass reads the activation's result: tanh and sigmoid are dear to compute again.
template <Activation kKind>
inline constexpr bool kNormGradientNeedsOut = kKind == Activation::kTanh || kKind == Activation::kSigmoid;

/// dout · activation'(z) of one element, z computed as it was forward. A relu's result is 0 or z, and so says the same.
template <Activation kKind>
SWEEP_HOST_DEVICE inline float norm_activation_gradient(float dout, float out, float x, float mean, float scale,
                                                        float beta) {
  if constexpr (kKind == Activation::kNone) return dout;
  if constexpr (kNormGradientNeedsOut<kKind>) return activation_gradient<kKind>(dout, out, 0.0f);
  const float z = normalise(x, mean, scale, beta);
  return activation_gradient<kKind>(dout, z, z);
}

/// As visit_activation, for those that batch_norm_max_pool takes.
template <class Visitor>
void visit_pooled_activation(Activation kind, Visitor&& visitor) {
  visit_activation(kind, [&](auto known) {
    if constexpr (!kNormGradientNeedsOut<decltype(known)::value>) visitor(known);
  });
}

/// A running statistic after a batch. One operation rounds the difference, one the sum: nothing accumulates elsewhere.
SWEEP_HOST_DEVICE inline float moved(float running, float batch, float momentum) {
  return core::portable::fma(momentum, batch - running, running);
}

/// What a column's sums make of a batch of `rows`.
struct BatchStatistics {
  float inverse_deviation;
  float running_mean, running_variance;
};
SWEEP_HOST_DEVICE inline BatchStatistics batch_statistics(float mean, float sum_of_squares, int rows, float epsilon,
                                                          float momentum, float running_mean, float running_variance) {
  const float unbiased = sum_of_squares / static_cast<float>(rows > 1 ? rows - 1 : 1);
  return {inverse_deviation_of(sum_of_squares / static_cast<float>(rows), epsilon), moved(running_mean, mean, momentum),
          moved(running_variance, unbiased, momentum)};
}

/// x as the batch sees it: the factor of gamma, and of dz in gamma's gradient.
SWEEP_HOST_DEVICE inline float normalised(float x, float mean, float inverse_deviation) {
  return (x - mean) * inverse_deviation;
}

/// Constants of one column in the backward pass.
struct NormGradient {
  float scale;       ///< gamma · inverse_deviation
  float mean_dz;     ///< dbeta / rows
  float mean_slope;  ///< dgamma / rows
};
SWEEP_HOST_DEVICE inline NormGradient norm_gradient(float gamma, float inverse_deviation, float dgamma, float dbeta,
                                                    int rows) {
  return {gamma * inverse_deviation, dbeta / static_cast<float>(rows), dgamma / static_cast<float>(rows)};
}

/// dx of one element.
SWEEP_HOST_DEVICE inline float norm_backward(const NormGradient& column, float dz, float x_normalised) {
  return column.scale * core::portable::fma(-x_normalised, column.mean_slope, dz - column.mean_dz);
}

}  // namespace SWEEP_ISA
}  // namespace kernels
