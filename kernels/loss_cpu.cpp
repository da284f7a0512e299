// The losses of the CPU back end: threads take rows. What a row of softmax_cross_entropy computes is in
// loss_isa_cpu.cpp.
#include <algorithm>

#include "kernels/cpu_context.h"
#include "kernels/ops.h"
#include "kernels/regression_formula.h"
#include "kernels/softmax_formula.h"

namespace kernels::ops {
namespace {

constexpr int kLeast = 4096;  // elements that pay for waking another thread
constexpr int kUnit = 16;     // rows whose losses fill a cache line

}  // namespace

void softmax_cross_entropy(Context& any_context, float* loss, std::int32_t* correct, float* dlogits,
                           const float* logits, const std::int32_t* labels, int rows, int classes, float smoothing) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (rows <= 0 || classes <= 0) return;
  const cpu::PortableFloatState state;  // of the scale
  const float scale = 1.0f / static_cast<float>(rows);
  context.split(rows, kUnit, std::max(1, kLeast / classes), [&](int first, int last) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(first) * classes;
    context.table.softmax_cross_entropy(loss + first, correct + first, dlogits == nullptr ? nullptr : dlogits + skip,
                                        logits + skip, labels + first, last - first, classes, smoothing, scale);
  });
}

void rank_labels(Context& any_context, std::int32_t* rank, std::int32_t* predicted, const float* logits,
                 const std::int32_t* labels, int rows, int classes) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (rows <= 0 || classes <= 0) return;
  context.split(rows, kUnit, std::max(1, kLeast / classes), [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const LabelRank found = rank_row(logits + static_cast<std::ptrdiff_t>(i) * classes, labels[i], classes);
      rank[i] = found.rank;
      predicted[i] = found.predicted;
    }
  });
}

void regression_loss(Context& any_context, Regression kind, float* loss, float* dout, const float* out,
                     const float* target, int rows) {
  cpu::CpuContext& context = cpu::cpu_context(any_context);
  if (rows <= 0) return;
  const cpu::PortableFloatState state;  // of the scale
  const float scale = 1.0f / static_cast<float>(rows);
  context.split(rows, kUnit, kLeast, [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const RegressionScore score = regression_score(kind, out[i], target[i], scale);
      loss[i] = score.loss;
      if (dout != nullptr) dout[i] = score.gradient;
    }
  });
}

}  // namespace kernels::ops
