// softmax_cross_entropy of the CPU back end: threads take rows. What a row computes is in loss_isa_cpu.cpp.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"

namespace kernels::ops {

void softmax_cross_entropy(Context& any_context, float* loss, std::int32_t* correct, float* dlogits,
                           const float* logits, const std::int32_t* labels, int rows, int classes) {
  constexpr int kLeast = 4096;  // elements that pay for waking another thread
  constexpr int kUnit = 16;     // rows whose losses fill a cache line
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (rows <= 0 || classes <= 0) return;
  const float scale = 1.0f / static_cast<float>(rows);
  context.split(rows, kUnit, std::max(1, kLeast / classes), [&](int first, int last) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(first) * classes;
    context.table.softmax_cross_entropy(loss + first, correct + first, dlogits == nullptr ? nullptr : dlogits + skip,
                                        logits + skip, labels + first, last - first, classes, scale);
  });
}

}  // namespace kernels::ops
