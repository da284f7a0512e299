// Layer normalisation with its sums in the order of the choices; see sum_orders.cpp. Apart from it, since its formulas
// bear the names of batch normalisation's.
#include "kernels/cpu_threads.h"
#include "kernels/hypotheses/choices.h"
#include "kernels/hypotheses/sum.h"
#include "kernels/layer_norm_formula.h"

namespace kernels::hypotheses {
namespace {

void layer_norm(Context& context, float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  for (int i = 0; i < rows; ++i, x += columns, out += columns) {
    const float centre = row_mean(sum_of(order, columns, [&](int j) { return x[j]; }), columns);
    const float squares = sum_of(order, columns, [&](int j) { return centred_square(x[j], centre); });
    const float inverse = inverse_deviation_of(squares, columns, epsilon);
    for (int j = 0; j < columns; ++j) out[j] = layer_norm_of(standardised(x[j], centre, inverse), gain[j], shift[j]);
    mean[i] = centre;
    inverse_deviation[i] = inverse;
  }
}

// The sums down the columns (gain and shift) are column_sum's and stay as they are.
void layer_norm_backward(Context& context, float* dx, float* dgain, float* dshift, const float* dout, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation, int rows, int columns) {
  Forward<&Backend::layer_norm_backward>::call(context, dx, dgain, dshift, dout, x, gain, mean, inverse_deviation, rows,
                                               columns);
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  for (int i = 0; i < rows; ++i, x += columns, dx += columns, dout += columns) {
    const auto standard = [&](int j) { return standardised(x[j], mean[i], inverse_deviation[i]); };
    const float sum = sum_of(order, columns, [&](int j) { return dout[j] * gain[j]; });
    const float products = sum_of(order, columns, [&](int j) { return dout[j] * gain[j] * standard(j); });
    for (int j = 0; j < columns; ++j)
      dx[j] = layer_norm_gradient(dout[j] * gain[j], standard(j), row_mean(sum, columns), row_mean(products, columns),
                                  inverse_deviation[i]);
  }
}

}  // namespace

void put_other_layer_norm(Backend& table, Summing op) {
  if (op == Summing::kLayerNorm) table.layer_norm = layer_norm;
  if (op == Summing::kLayerNormBackward) table.layer_norm_backward = layer_norm_backward;
}

}  // namespace kernels::hypotheses
