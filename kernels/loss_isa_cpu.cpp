// Softmax cross-entropy of some rows on one thread, compiled once for each instruction set. Equals softmax_row of
// softmax_formula.h; here 32 classes, the lanes of the row rule, are taken at a time.
#include "kernels/isa_functions_cpu.h"
#include "kernels/softmax_formula.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

struct Maximum {
  float value;
  int at;
};

/// The largest logit and the lowest class that has it. In a row with a NaN both are of no account: its sum is a NaN.
Maximum maximum_of(const float* logits, int classes) {
  float largest[kLanes];
  for (int l = 0; l < kLanes; ++l) largest[l] = logits[0];
  int first = 0;
  for (; first + kLanes <= classes; first += kLanes) {
    for (int l = 0; l < kLanes; ++l) largest[l] = logits[first + l] > largest[l] ? logits[first + l] : largest[l];
  }
  for (int l = 0; first + l < classes; ++l)
    largest[l] = logits[first + l] > largest[l] ? logits[first + l] : largest[l];
  for (int l = 1; l < kLanes; ++l) largest[0] = largest[l] > largest[0] ? largest[l] : largest[0];
  int at = 0;
  while (at + 1 < classes && !(logits[at] == largest[0])) ++at;
  return {largest[0], at};
}

/// term[l] = softmax_term of class first + l. Lanes beyond the last class give +0: it adds nothing to a sum of terms,
/// none of which is −0.
void terms_of(float* term, const float* logits, int first, int classes, float maximum) {
  if (first + kLanes <= classes) {
    for (int l = 0; l < kLanes; ++l) term[l] = softmax_term(logits[first + l], maximum);
    return;
  }
  float logit[kLanes] = {};
  const int lanes = classes - first;
  for (int l = 0; l < lanes; ++l) logit[l] = logits[first + l];
  for (int l = 0; l < kLanes; ++l) {
    const float value = softmax_term(logit[l], maximum);
    term[l] = l < lanes ? value : 0.0f;
  }
}

/// The row rule's sum of maximum − logit.
float gaps_of(const float* logits, int classes, float maximum) {
  float lane[kLanes] = {};
  for (int first = 0; first < classes; first += kLanes) {
    const int lanes = classes - first < kLanes ? classes - first : kLanes;
    for (int l = 0; l < lanes; ++l) lane[l] = lane[l] + (maximum - logits[first + l]);
  }
  return fold_lanes(lane);
}

void row(float* loss, std::int32_t* correct, float* dlogits, const float* logits, std::int32_t label, int classes,
         float smoothing, float scale) {
  const Maximum maximum = maximum_of(logits, classes);
  float lane[kLanes] = {}, term[kLanes];
  for (int first = 0; first < classes; first += kLanes) {
    terms_of(term, logits, first, classes, maximum.value);
    for (int l = 0; l < kLanes; ++l) lane[l] = lane[l] + term[l];
  }
  const float sum = fold_lanes(lane);
  *loss = smoothing > 0.0f ? smoothed_cross_entropy(maximum.value, logits[label], sum,
                                                    gaps_of(logits, classes, maximum.value), smoothing, classes)
                           : cross_entropy(maximum.value, logits[label], sum);
  *correct = sum == sum && maximum.at == label ? 1 : 0;
  if (dlogits == nullptr) return;
  const SmoothedTarget wanted = smoothed_target(smoothing, classes);
  for (int first = 0; first < classes; first += kLanes) {
    if (classes > kLanes) terms_of(term, logits, first, classes, maximum.value);
    float gradient[kLanes];
    for (int l = 0; l < kLanes; ++l) {
      gradient[l] = softmax_gradient(term[l], sum, first + l == label ? wanted.label : wanted.other, scale);
    }
    for (int l = 0; l < kLanes && first + l < classes; ++l) dlogits[first + l] = gradient[l];
  }
}

}  // namespace

void softmax_cross_entropy(float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing, float scale) {
  for (int i = 0; i < rows; ++i) {
    const std::ptrdiff_t skip = static_cast<std::ptrdiff_t>(i) * classes;
    row(loss + i, correct + i, dlogits == nullptr ? nullptr : dlogits + skip, logits + skip, labels[i], classes,
        smoothing, scale);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
