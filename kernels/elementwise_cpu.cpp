// The ops of the CPU back end that treat each element by itself: threads take ranges. What a range
// computes is in elementwise_isa_cpu.cpp.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {
namespace {

// Elements that pay for waking another thread (about a microsecond), by the cost of one.
constexpr int kLeastCheap = 16384;  // a load, a few operations, a store
constexpr int kLeastDear = 4096;    // a polynomial or ten rounds of Philox
constexpr int kUnit = 64;           // four cache lines: no two threads write one line

int least_for(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu ? kLeastCheap : kLeastDear;
}

}  // namespace

void bias_activation(Context& any_context, Activation activation, float* out, float* z, const float* x,
                     const float* bias, int rows, int columns) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (columns <= 0) return;
  context.split(rows, 1, std::max(1, least_for(activation) / columns), [&](int first, int last) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(first) * columns;
    context.table.bias_activation(activation, out + skip, z == nullptr ? nullptr : z + skip, x + skip, bias,
                                  last - first, columns);
  });
}

void dropout(Context& any_context, float* out, const float* in, int count, float rate, std::uint64_t seed,
             std::uint32_t tensor, const StepState* state) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  const cpu::DropoutKey key{rate, seed, tensor, state->step};
  context.split(count, kUnit, kLeastDear,
                [&](int first, int last) { context.table.dropout(out, in, first, last - first, key); });
}

void add(Context& any_context, float* out, const float* a, const float* b, int count) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  context.split(count, kUnit, kLeastCheap, [&](int first, int last) {
#pragma GCC ivdep
    for (int i = first; i < last; ++i) out[i] = a[i] + b[i];
  });
}

void initialise(Context& any_context, Initialisation kind, float* w, int count, int fan_in, int fan_out, float scale,
                std::uint64_t seed, std::uint32_t tensor) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  context.split(count, kUnit, kLeastDear, [&](int first, int last) {
    context.table.initialise(kind, w, first, last - first, fan_in, fan_out, scale, seed, tensor);
  });
}

}  // namespace kernels::ops
