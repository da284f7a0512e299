// Ops on each element by itself, on one thread, compiled once for each instruction set. The loops are plain:
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

constexpr int kStrip = 256;  // elements whose random words are drawn at once

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
