// optimizer_update, the gradients' norm and fingerprint of the CPU back end: threads take whole blocks of the
// fingerprint, whose sums are integers and so have no order. What a range computes is in optimizer_isa_cpu.cpp.
#include <atomic>

#include "kernels/cpu_context.h"
#include "kernels/norm_formula.h"
#include "kernels/ops.h"
#include "kernels/optimizer_formula.h"

namespace kernels::ops {
namespace {

constexpr int kUnit = 1024;   // a block of the fingerprint
constexpr int kLeast = 8192;  // elements that pay for waking another thread

}  // namespace

void optimizer_update(Context& any_context, const OptimizerSettings& settings, const StepState* state, float* w,
                      float* m, float* v, const float* gradient, int count, std::uint32_t tensor,
                      std::uint64_t* fingerprint) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  std::atomic<std::uint64_t> sum{0};
  const std::uint32_t number = fingerprint != nullptr ? tensor : kNoFingerprint;
  context.split(count, kUnit, kLeast, [&](int first, int last) {
    sum += context.table.optimizer_update(settings, *state, w, m, v, gradient, first, last - first, number);
  });
  if (fingerprint != nullptr) *fingerprint = sum;
}

void sum_of_squares(Context& any_context, float* out, const float* x, int count) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const int groups = square_groups(count);
  context.reserve_scratch(static_cast<std::size_t>(groups));
  float* const sums = context.scratch(0);
  context.split(groups, 1, kLeast / kGroupElements,
                [&](int first, int last) { context.table.group_squares(sums, x, first, last, count); });
  const cpu::PortableFloatState state;
  *out = square_sum(sums, groups);
}

void clip_gradients(Context& any_context, StepState* state, const float* squares, int tensors, float limit) {
  cpu::cpu_context(any_context);
  const cpu::PortableFloatState float_state;
  state->gradient_scale = clip_scale(square_sum(squares, tensors), limit);
}

void fingerprint(Context& any_context, const float* x, int count, std::uint32_t tensor, std::uint64_t* out) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  std::atomic<std::uint64_t> sum{0};
  context.split(count, kUnit, kLeast,
                [&](int first, int last) { sum += context.table.fingerprint(x, first, last - first, tensor); });
  *out = sum;
}

}  // namespace kernels::ops
