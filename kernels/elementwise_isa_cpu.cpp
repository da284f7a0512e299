// Ops on each element or column by itself, on one thread, compiled once for each instruction set. The loops are plain:
// the formulas have no branches, so that the compiler vectorises them; `ivdep` says that arrays overlap only as the
// same array, element on element.
#include "kernels/activation_formula.h"
#include "kernels/dropout_formula.h"
#include "kernels/initialise_formula.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/philox_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

constexpr int kStripColumns = 512;  // columns summed at once: their sums stay in the first-level cache
constexpr int kStrip = 256;         // elements whose random words are drawn at once

template <Activation kKind>
void bias_activation_row(float* out, float* z, const float* x, const float* bias, int columns) {
#pragma GCC ivdep
  for (int j = 0; j < columns; ++j) {
    const float sum = x[j] + bias[j];
    if (z != nullptr) z[j] = sum;
    out[j] = activate<kKind>(sum);
  }
}

template <Activation kKind>
void activation_backward_of(float* dz, const float* dout, const float* source, int count) {
#pragma GCC ivdep
  for (int i = 0; i < count; ++i) dz[i] = activation_gradient<kKind>(dout[i], source[i], source[i]);
}

/// The column rule for up to kStripColumns neighbouring columns.
void column_sum_strip(float* out, const float* x, std::ptrdiff_t stride, int rows, int columns) {
  float total[kStripColumns], group[kStripColumns], sum[kStripColumns];
  for (int j = 0; j < columns; ++j) total[j] = group[j] = 0.0f;
  for (int first = 0; first < rows; first += kChunk) {
    const int last = rows - first < kChunk ? rows : first + kChunk;
    for (int j = 0; j < columns; ++j) sum[j] = 0.0f;
    for (int i = first; i < last; ++i) {
      for (int j = 0; j < columns; ++j) sum[j] = sum[j] + x[i * stride + j];
    }
    for (int j = 0; j < columns; ++j) group[j] = group[j] + sum[j];
    if (last == rows || last % (kChunk * kGroup) == 0) {
      for (int j = 0; j < columns; ++j) total[j] = total[j] + group[j];
      for (int j = 0; j < columns; ++j) group[j] = 0.0f;
    }
  }
  for (int j = 0; j < columns; ++j) out[j] = total[j];
}

}  // namespace

void bias_activation(Activation activation, float* out, float* z, const float* x, const float* bias, int rows,
                     int columns) {
  visit_activation(activation, [=](auto kind) {
    for (int i = 0; i < rows; ++i) {
      const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(i) * columns;
      bias_activation_row<kind()>(out + skip, z == nullptr ? nullptr : z + skip, x + skip, bias, columns);
    }
  });
}

void activation_backward(Activation activation, float* dz, const float* dout, const float* out, const float* z,
                         int count) {
  visit_activation(activation, [=](auto kind) {
    const float* const source = kGradientNeedsInput<kind()> ? z : out;
    // The identity reads neither; any array that is there will do.
    activation_backward_of<kind()>(dz, dout, kind() == Activation::kNone ? dout : source, count);
  });
}

void dropout(float* out, const float* in, int first, int count, const DropoutKey& key) {
  const DropoutRule rule = dropout_rule(key.rate);
  std::uint32_t words[kStrip];
  for (int start = first; start < first + count; start += kStrip) {
    const int width = first + count - start < kStrip ? first + count - start : kStrip;
    draw_words(words, key.seed, core::Purpose::kDropout, key.tensor, key.step, static_cast<std::uint32_t>(start / 4),
               (width + 3) / 4);
#pragma GCC ivdep
    for (int i = 0; i < width; ++i) out[start + i] = drop(rule, words[i], in[start + i]);
  }
}

void column_sum(float* out, const float* x, int rows, int columns, int first, int count) {
  for (int j = first; j < first + count; j += kStripColumns) {
    const int width = first + count - j < kStripColumns ? first + count - j : kStripColumns;
    column_sum_strip(out + j, x + j, columns, rows, width);
  }
}

void initialise(Initialisation kind, float* w, int first, int count, int fan_in, int fan_out, float scale,
                std::uint64_t seed, std::uint32_t tensor) {
  const float gain = initialisation_gain(kind, fan_in, fan_out, scale);
  std::uint32_t words[kStrip];
  float weights[kStrip];
  for (int start = first; start < first + count; start += kStrip) {
    const int width = first + count - start < kStrip ? first + count - start : kStrip;
    draw_words(words, seed, core::Purpose::kInitialWeights, tensor, 0u, static_cast<std::uint32_t>(start / 4),
               (width + 3) / 4);
    for (int at = 0; at < kStrip; at += 4) {
      const core::Philox4 drawn{{words[at], words[at + 1], words[at + 2], words[at + 3]}};
      const InitialQuad quad = initial_weights(kind, drawn, gain);
      for (int i = 0; i < 4; ++i) weights[at + i] = quad.weight[i];
    }
    for (int i = 0; i < width; ++i) w[start + i] = weights[i];
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
