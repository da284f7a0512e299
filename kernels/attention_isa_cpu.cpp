// The rows of attention's softmax on one thread, compiled once for each instruction set. Equals causal_softmax_row and
// causal_softmax_backward_row of attention_formula.h; here 32 places, the lanes of the row rule, are taken at a time.
#include "kernels/attention_formula.h"
#include "kernels/isa_functions_cpu.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

/// The largest of count ≥ 1 scaled scores. In a row with a NaN it is of no account: the row's sum is a NaN.
float maximum_of(const float* scores, int count, float scale) {
  float largest[kLanes];
  for (int l = 0; l < kLanes; ++l) largest[l] = scores[0] * scale;
  int first = 0;
  for (; first + kLanes <= count; first += kLanes) {
    for (int l = 0; l < kLanes; ++l) largest[l] = larger(largest[l], scores[first + l] * scale);
  }
  for (int l = 0; first + l < count; ++l) largest[l] = larger(largest[l], scores[first + l] * scale);
  for (int l = 1; l < kLanes; ++l) largest[0] = larger(largest[0], largest[l]);
  return largest[0];
}

/// row[s] = its term of the sum for s < count; returns the sum.
float terms_of(float* row, int count, float scale, float maximum) {
  float lane[kLanes] = {};
  int first = 0;
  for (; first + kLanes <= count; first += kLanes) {
    for (int l = 0; l < kLanes; ++l) {
      const float term = softmax_term(row[first + l] * scale, maximum);
      row[first + l] = term;
      lane[l] = lane[l] + term;
    }
  }
  if (first < count) {  // whole vectors all the same: the polynomial is the cost
    float term[kLanes] = {};
    for (int l = 0; first + l < count; ++l) term[l] = row[first + l];
    for (int l = 0; l < kLanes; ++l) term[l] = softmax_term(term[l] * scale, maximum);
    for (int l = 0; first + l < count; ++l) {
      row[first + l] = term[l];
      lane[l] = lane[l] + term[l];
    }
  }
  return fold_lanes(lane);
}

}  // namespace

void causal_softmax(float* rows, int length, float scale) {
  for (int t = 0; t < length; ++t, rows += length) {
    const float sum = terms_of(rows, t + 1, scale, maximum_of(rows, t + 1, scale));
    for (int s = 0; s <= t; ++s) rows[s] = rows[s] / sum;
    for (int s = t + 1; s < length; ++s) rows[s] = 0.0f;
  }
}

void causal_softmax_backward(float* rows, const float* weights, int length, float scale) {
  for (int t = 0; t < length; ++t, rows += length, weights += length) {
    float lane[kLanes] = {};
    int first = 0;
    for (; first + kLanes <= t + 1; first += kLanes) {
      for (int l = 0; l < kLanes; ++l) lane[l] = lane[l] + weights[first + l] * rows[first + l];
    }
    for (int l = 0; first + l <= t; ++l) lane[l] = lane[l] + weights[first + l] * rows[first + l];
    const float sum = fold_lanes(lane);
#pragma GCC ivdep
    for (int s = 0; s <= t; ++s) rows[s] = score_gradient(weights[s], rows[s], sum, scale);
    for (int s = t + 1; s < length; ++s) rows[s] = 0.0f;
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
