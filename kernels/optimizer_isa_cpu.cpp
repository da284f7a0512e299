// One step of an optimizer on a range of a tensor, with the fingerprint of the new weights while they are written.
// Compiled once for each instruction set.
#include "kernels/optimizer_formula.h"

#include "kernels/fingerprint_cpu.h"
#include "kernels/isa_functions_cpu.h"
#include "kernels/norm_formula.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

constexpr int kHalf = kFingerprintHalf, kBlock = kFingerprintBlock;
constexpr int kStretch = 64;  // words of each half that are summed between two requests for memory
constexpr int kLine = 16;     // floats

std::uint32_t block_of(int element) { return static_cast<std::uint32_t>(element / kBlock); }

/// What an update is made of.
struct Step {
  OptimizerSettings settings;  // copies, which no store can change
  StepState state;

  template <Optimizer kKind>
  void update(float* __restrict w, float* __restrict m, float* __restrict v, const float* __restrict gradient,
              int count) const {
    for (int i = 0; i < count; ++i) {
      constexpr bool has_v = kHasSecondMoment<kKind>;
      const OptimizedWeight now =
          optimizer_step<kKind>(settings, state, {w[i], m[i], has_v ? v[i] : 0.0f}, gradient[i]);
      w[i] = now.w;
      m[i] = now.m;
      if (has_v) v[i] = now.v;
    }
  }

  /// A whole block and its part of the fingerprint. While the fingerprint keeps the processor busy and the memory idle,
  /// the next block is fetched, where there is one.
  template <Optimizer kKind>
  std::uint64_t update_recorded(float* w, float* m, float* v, const float* gradient, std::uint32_t tensor,
                                std::uint32_t block, bool has_next) const {
    update<kKind>(w, m, v, gradient, kBlock);
    FingerprintSums sums;
    for (int at = 0; at < kHalf; at += kStretch) {
      if (has_next) {
        prefetch(w + kBlock + 2 * at);
        prefetch(m + kBlock + 2 * at);
        if (kHasSecondMoment<kKind>) prefetch(v + kBlock + 2 * at);
        prefetch(gradient + kBlock + 2 * at);
      }
      sums.add(w, at, kStretch);
    }
    return sums.part(w, tensor, block);
  }

 private:
  static void prefetch(const float* x) {
    for (int i = 0; i < 2 * kStretch; i += kLine) __builtin_prefetch(x + i);
  }
};

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
    const Step step{settings, state};
    const int end = first + count;
    std::uint64_t sum = 0;
    int at = first;
    for (; tensor != kNoFingerprint && at + kBlock <= end; at += kBlock) {
      sum += step.update_recorded<kind()>(w + at, m + at, v == nullptr ? nullptr : v + at, gradient + at, tensor,
                                          block_of(at), at + 2 * kBlock <= end);
    }
    if (at < end) step.update<kind()>(w + at, m + at, v == nullptr ? nullptr : v + at, gradient + at, end - at);
    if (at < end && tensor != kNoFingerprint) sum += fingerprint_block(w + at, end - at, tensor, block_of(at));
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
  const int end = first + count;
  std::uint64_t sum = 0;
  int at = first;
  for (; at + kBlock <= end; at += kBlock) {
    FingerprintSums sums;
    sums.add(x + at, 0, kHalf);
    sum += sums.part(x + at, tensor, block_of(at));
  }
  return at < end ? sum + fingerprint_block(x + at, end - at, tensor, block_of(at)) : sum;
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
