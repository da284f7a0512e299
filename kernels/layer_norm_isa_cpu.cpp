// Layer normalisation of some rows on one thread, compiled once for each instruction set. Equals layer_norm_row and
// layer_norm_backward_row of layer_norm_formula.h; here 32 elements, the lanes of the row rule, are taken at a time.
#include "kernels/isa_functions_cpu.h"
#include "kernels/layer_norm_formula.h"

namespace kernels::cpu {
inline namespace SWEEP_ISA {
namespace {

/// The row rule over term(j).
template <class Term>
float row_sum(int columns, Term term) {
  float lane[kLanes] = {};
  int first = 0;
  for (; first + kLanes <= columns; first += kLanes) {
    for (int l = 0; l < kLanes; ++l) lane[l] = lane[l] + term(first + l);
  }
  for (int l = 0; first + l < columns; ++l) lane[l] = lane[l] + term(first + l);
  return fold_lanes(lane);
}

}  // namespace

void layer_norm(float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon) {
  for (int i = 0; i < rows; ++i, x += columns, out += columns) {
    const float centre = row_mean(row_sum(columns, [=](int j) { return x[j]; }), columns);
    const float squares = row_sum(columns, [=](int j) { return centred_square(x[j], centre); });
    const float inverse = inverse_deviation_of(squares, columns, epsilon);
#pragma GCC ivdep
    for (int j = 0; j < columns; ++j) out[j] = layer_norm_of(standardised(x[j], centre, inverse), gain[j], shift[j]);
    mean[i] = centre;
    inverse_deviation[i] = inverse;
  }
}

void layer_norm_backward(float* dx, const float* dout, const float* x, const float* gain, const float* mean,
                         const float* inverse_deviation, int rows, int columns) {
  for (int i = 0; i < rows; ++i, x += columns, dx += columns, dout += columns) {
    const float centre = mean[i], inverse = inverse_deviation[i];
    const float mean_gradient = row_mean(row_sum(columns, [=](int j) { return dout[j] * gain[j]; }), columns);
    const float products =
        row_sum(columns, [=](int j) { return dout[j] * gain[j] * standardised(x[j], centre, inverse); });
    const float mean_product = row_mean(products, columns);
#pragma GCC ivdep
    for (int j = 0; j < columns; ++j) {
      dx[j] = layer_norm_gradient(dout[j] * gain[j], standardised(x[j], centre, inverse), mean_gradient, mean_product,
                                  inverse);
    }
  }
}

void layer_norm_products(float* out, const float* dout, const float* x, const float* mean,
                         const float* inverse_deviation, int rows, int columns) {
  for (int i = 0; i < rows; ++i, x += columns, out += columns, dout += columns) {
    const float centre = mean[i], inverse = inverse_deviation[i];
#pragma GCC ivdep
    for (int j = 0; j < columns; ++j) out[j] = dout[j] * standardised(x[j], centre, inverse);
  }
}

}  // namespace SWEEP_ISA
}  // namespace kernels::cpu
