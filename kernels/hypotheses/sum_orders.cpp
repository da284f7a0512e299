// The ops with a sum, as plain loops that take it in the order of the choices. Formulas and geometry are those of the
// back ends. One thread: an op runs so for a step or two.
#include <vector>

#include "kernels/activation_formula.h"
#include "kernels/batch_norm_formula.h"
#include "kernels/conv2d_formula.h"
#include "kernels/cpu_threads.h"
#include "kernels/gemm_formula.h"
#include "kernels/hypotheses/choices.h"
#include "kernels/hypotheses/sum.h"
#include "kernels/pool2d_formula.h"
#include "kernels/softmax_formula.h"

namespace kernels::hypotheses {
namespace {

using Place = std::ptrdiff_t;

Summing role_of(Transpose transpose) {
  if (transpose == Transpose::kNT) return Summing::kGemmForward;
  return transpose == Transpose::kTN ? Summing::kGemmWeights : Summing::kGemmInputs;
}

void gemm(Context& context, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* c) {
  const OtherBackend::Choices& choices = choices_of(context);
  if (!choices.summed.contains(role_of(transpose)))
    return Forward<&Backend::gemm>::call(context, transpose, m, n, k, a, b, c);
  const cpu::PortableFloatState float_state;
  const GemmLayout layout = gemm_layout(transpose, m, n, k);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j)
      c[Place{i} * n + j] = dot_of(
          choices.order, k, [&](int p) { return a[i * layout.a_row + p * layout.a_step]; },
          [&](int p) { return b[p * layout.b_step + j * layout.b_column]; });
}

// Calls body(n, row, column, channel, out) for every element of NHWC images.
template <class Body>
void each_element(int batch, int height, int width, int channels, float* out, Body body) {
  for (int n = 0; n < batch; ++n)
    for (int row = 0; row < height; ++row)
      for (int column = 0; column < width; ++column)
        for (int c = 0; c < channels; ++c) *out++ = body(n, row, column, c);
}

void conv2d(Context& context, const Conv2dShape& s, float* y, const float* x, const float* w) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  const int size = filter_size(s);
  each_element(s.batch, s.out_height, s.out_width, s.filters, y, [&](int n, int oh, int ow, int o) {
    return dot_of(
        order, size,
        [&](int p) {
          const int c = p % s.channels, kw = p / s.channels % s.kernel_width, kh = p / s.channels / s.kernel_width;
          return element_or_zero(x, s.height, s.width, s.channels, n, oh * s.stride - s.pad_top + kh,
                                 ow * s.stride - s.pad_left + kw, c);
        },
        [&](int p) { return w[Place{o} * size + p]; });
  });
}

void conv2d_data(Context& context, const Conv2dShape& s, float* dx, const float* dy, const float* w) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  std::vector<float> left, right;  // the terms of one sum: the holes of a stride are none
  each_element(s.batch, s.height, s.width, s.channels, dx, [&](int n, int row, int column, int c) {
    left.clear();
    right.clear();
    for (int kh = 0; kh < s.kernel_height; ++kh)
      for (int kw = 0; kw < s.kernel_width; ++kw) {
        const int down = row + s.pad_top - kh, across = column + s.pad_left - kw;
        if (down % s.stride != 0 || across % s.stride != 0) continue;
        for (int o = 0; o < s.filters; ++o) {
          left.push_back(
              element_or_zero(dy, s.out_height, s.out_width, s.filters, n, down / s.stride, across / s.stride, o));
          right.push_back(w[filter_index(s, o, kh, kw, c)]);
        }
      }
    const auto at = [](const std::vector<float>& list) {
      return [&list](int i) { return list[static_cast<std::size_t>(i)]; };
    };
    return dot_of(order, static_cast<int>(left.size()), at(left), at(right));
  });
}

void conv2d_filter(Context& context, const Conv2dShape& s, float* dw, const float* dy, const float* x) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  const int places = s.out_height * s.out_width;
  each_element(s.filters, s.kernel_height, s.kernel_width, s.channels, dw, [&](int o, int kh, int kw, int c) {
    return dot_of(
        order, s.batch * places, [&](int i) { return dy[Place{i} * s.filters + o]; },
        [&](int i) {
          const int n = i / places, oh = i % places / s.out_width, ow = i % s.out_width;
          return element_or_zero(x, s.height, s.width, s.channels, n, oh * s.stride - s.pad_top + kh,
                                 ow * s.stride - s.pad_left + kw, c);
        });
  });
}

// Σ term(row, column) down each column.
template <class Term>
void sum_columns(SumOrder order, float* out, int rows, int columns, Term term) {
  for (int j = 0; j < columns; ++j)
    out[j] = sum_of(order, rows, [&](int i) { return term(Place{i} * columns + j, j); });
}

void column_sum(Context& context, float* out, const float* x, int rows, int columns) {
  const cpu::PortableFloatState float_state;
  sum_columns(choices_of(context).order, out, rows, columns, [&](Place at, int) { return x[at]; });
}

// The gradients themselves are no sums: they are the honest op's.
void activation_backward(Context& context, Activation activation, float* dz, float* dbias, const float* dout,
                         const float* out, const float* z, int rows, int columns) {
  Forward<&Backend::activation_backward>::call(context, activation, dz, nullptr, dout, out, z, rows, columns);
  if (dbias != nullptr) column_sum(context, dbias, dz, rows, columns);
}

void batch_norm(Context& context, Activation activation, float* out, float* mean, float* inverse_deviation,
                float* running_mean, float* running_variance, const float* x, const float* gamma, const float* beta,
                int rows, int columns, float epsilon, float momentum) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  std::vector<float> squares(static_cast<std::size_t>(columns));
  sum_columns(order, mean, rows, columns, [&](Place at, int) { return x[at]; });
  for (int j = 0; j < columns; ++j) mean[j] = mean[j] / static_cast<float>(rows);
  sum_columns(order, squares.data(), rows, columns, [&](Place at, int j) { return centred_square(x[at], mean[j]); });
  for (int j = 0; j < columns; ++j) {
    const BatchStatistics made = batch_statistics(mean[j], squares[static_cast<std::size_t>(j)], rows, epsilon,
                                                  momentum, running_mean[j], running_variance[j]);
    inverse_deviation[j] = made.inverse_deviation;
    running_mean[j] = made.running_mean;
    running_variance[j] = made.running_variance;
  }
  visit_activation(activation, [&](auto kind) {
    for (Place at = 0; at < Place{rows} * columns; ++at) {
      const Place j = at % columns;
      out[at] = activate<kind()>(kernels::normalise(x[at], mean[j], gamma[j] * inverse_deviation[j], beta[j]));
    }
  });
}

void batch_norm_backward(Context& context, Activation activation, float* dx, float* dgamma, float* dbeta,
                         const float* dout, const float* out, const float* x, const float* gamma, const float* beta,
                         const float* mean, const float* inverse_deviation, int rows, int columns) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  std::vector<float> dz(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  const Place count = Place{rows} * columns;
  visit_activation(activation, [&](auto kind) {
    for (Place at = 0; at < count; ++at) {
      const Place j = at % columns;
      dz[static_cast<std::size_t>(at)] = norm_activation_gradient<kind()>(
          dout[at], out == nullptr ? 0.0f : out[at], x[at], mean[j], gamma[j] * inverse_deviation[j], beta[j]);
    }
  });
  const auto dz_at = [&](Place at) { return dz[static_cast<std::size_t>(at)]; };
  sum_columns(order, dgamma, rows, columns,
              [&](Place at, int j) { return dz_at(at) * normalised(x[at], mean[j], inverse_deviation[j]); });
  sum_columns(order, dbeta, rows, columns, [&](Place at, int) { return dz_at(at); });
  for (Place at = 0; at < count; ++at) {
    const Place j = at % columns;
    const NormGradient column = norm_gradient(gamma[j], inverse_deviation[j], dgamma[j], dbeta[j], rows);
    dx[at] = norm_backward(column, dz_at(at), normalised(x[at], mean[j], inverse_deviation[j]));
  }
}

void softmax_row(SumOrder order, float* loss, float* dlogits, const float* logits, std::int32_t label, int classes,
                 float smoothing, float scale) {
  float maximum = logits[0];
  for (int j = 1; j < classes; ++j) maximum = logits[j] > maximum ? logits[j] : maximum;
  const float sum = sum_of(order, classes, [&](int j) { return softmax_term(logits[j], maximum); });
  *loss = cross_entropy(maximum, logits[label], sum);
  if (smoothing > 0.0f) {
    const float gaps = sum_of(order, classes, [&](int j) { return maximum - logits[j]; });
    *loss = smoothed_cross_entropy(maximum, logits[label], sum, gaps, smoothing, classes);
  }
  const SmoothedTarget wanted = smoothed_target(smoothing, classes);
  for (int j = 0; dlogits != nullptr && j < classes; ++j)
    dlogits[j] =
        softmax_gradient(softmax_term(logits[j], maximum), sum, j == label ? wanted.label : wanted.other, scale);
}

// Hits are integers and have no order: they are the honest op's.
void softmax_cross_entropy(Context& context, float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing) {
  Forward<&Backend::softmax_cross_entropy>::call(context, loss, correct, dlogits, logits, labels, rows, classes,
                                                 smoothing);
  const cpu::PortableFloatState float_state;
  for (int i = 0; i < rows; ++i) {
    const Place skip = Place{i} * classes;
    softmax_row(choices_of(context).order, loss + i, dlogits == nullptr ? nullptr : dlogits + skip, logits + skip,
                labels[i], classes, smoothing, 1.0f / static_cast<float>(rows));
  }
}

void sum_of_squares(Context& context, float* out, const float* x, int count) {
  const cpu::PortableFloatState float_state;
  const auto at = [&](int i) { return x[i]; };
  *out = dot_of(choices_of(context).order, count, at, at);
}

void average_pool2d(Context& context, const Pool2dShape& s, float* y, const float* x) {
  const cpu::PortableFloatState float_state;
  const SumOrder order = choices_of(context).order;
  const int terms = s.window_height * s.window_width;
  each_element(s.batch, s.out_height, s.out_width, s.channels, y, [&](int n, int oh, int ow, int c) {
    const float sum = sum_of(order, terms, [&](int i) {
      const int row = oh * s.stride + i / s.window_width, column = ow * s.stride + i % s.window_width;
      return x[pixel_index(n, row, column, s.height, s.width, s.channels) + c];
    });
    return sum / static_cast<float>(terms);
  });
}

}  // namespace

void put_other_order(Backend& table, Summing op) {
  switch (op) {
    case Summing::kGemmForward:
    case Summing::kGemmWeights:
    case Summing::kGemmInputs:
      table.gemm = gemm;
      return;
    case Summing::kConv:
      table.conv2d = conv2d;
      return;
    case Summing::kConvWeights:
      table.conv2d_filter = conv2d_filter;
      return;
    case Summing::kConvInputs:
      table.conv2d_data = conv2d_data;
      return;
    case Summing::kColumnSum:
      table.column_sum = column_sum;
      return;
    case Summing::kActivationBackward:
      table.activation_backward = activation_backward;
      return;
    case Summing::kBatchNorm:
      table.batch_norm = batch_norm;
      return;
    case Summing::kBatchNormBackward:
      table.batch_norm_backward = batch_norm_backward;
      return;
    case Summing::kSoftmax:
      table.softmax_cross_entropy = softmax_cross_entropy;
      return;
    case Summing::kSumOfSquares:
      table.sum_of_squares = sum_of_squares;
      return;
    case Summing::kAveragePool:
      table.average_pool2d = average_pool2d;
      return;
    case Summing::kLayerNorm:
    case Summing::kLayerNormBackward:
      return put_other_layer_norm(table, op);
    case Summing::kEmbedBackward:
    case Summing::kAttention:
    case Summing::kAttentionSoftmax:
    case Summing::kAttentionBackward:
    case Summing::kAttentionBackwardSoftmax:
      return put_other_text_op(table, op);
  }
}

}  // namespace kernels::hypotheses
