// One step of an optimizer on a range of a tensor, with the fingerprint of the new weights while they are in the
// first-level cache. Compiled once for each instruction set.
#include "kernels/optimizer_formula.h"

#include "kernels/fingerprint_formula.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/norm_formula.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

template <Optimizer kKind>
void update(const OptimizerSettings& given_settings, const StepState& given_state, float* __restrict w,
            float* __restrict m, float* __restrict v, const float* __restrict gradient, int count) {
  const OptimizerSettings settings = given_settings;  // copies, which no store can change
  const StepState state = given_state;
  for (int i = 0; i < count; ++i) {
    constexpr bool has_v = kHasSecondMoment<kKind>;
    const OptimizedWeight now = optimizer_step<kKind>(settings, state, {w[i], m[i], has_v ? v[i] : 0.0f}, gradient[i]);
    w[i] = now.w;
    m[i] = now.m;
    if (has_v) v[i] = now.v;
  }
}

/// A group of whole chunks. Each chunk's sum waits for itself alone, so that all are under way at once.
float whole_group(const float* x) {
  float chunk[kGroup] = {};
  for (int i = 0; i < kChunk; ++i) {
#pragma GCC unroll 16
    for (int c = 0; c < kGroup; ++c) {
      const float value = x[c * kChunk + i];
      chunk[c] = core::portable::fma(value, value, chunk[c]);
    }
  }
  float group = 0.0f;
  for (int c = 0; c < kGroup; ++c) group = group + chunk[c];
  return group;
}

}  // namespace

std::uint64_t optimizer_update(const OptimizerSettings& settings, const StepState& state, float* w, float* m, float* v,
                               const float* gradient, int first, int count, std::uint32_t tensor) {
  return visit_optimizer(settings.kind, [&](auto kind) {
    std::uint64_t sum = 0;
    for (int start = first; start < first + count; start += kFingerprintBlock) {
      const int width = first + count - start < kFingerprintBlock ? first + count - start : kFingerprintBlock;
      update<kind()>(settings, state, w + start, m + start, v == nullptr ? nullptr : v + start, gradient + start,
                     width);
      if (tensor != kNoFingerprint) sum += fingerprint_range(w, start, width, tensor);
    }
    return sum;
  });
}

void group_squares(float* sums, const float* x, int first, int last, int count) {
  for (int group = first; group < last; ++group) {
    const float* const from = x + static_cast<std::ptrdiff_t>(group) * kGroupElements;
    const int elements = count - group * kGroupElements;
    sums[group] = elements >= kGroupElements ? whole_group(from) : square_group(from, elements);
  }
}

std::uint64_t fingerprint(const float* x, int first, int count, std::uint32_t tensor) {
  return fingerprint_range(x, first, count, tensor);
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
