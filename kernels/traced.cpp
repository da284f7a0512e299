// See traced.h. One function for each op of a training step: hand on, then say what was written.
#include "kernels/traced.h"

#include "core/error.h"

namespace kernels {
namespace {

using Near = std::initializer_list<const void*>;

struct Extent {
  std::size_t rows, columns;
};

class Teller {
 public:
  Teller(Context& context, const char* op) : listener_(listener_of(context)), op_(op) {}

  void floats(const char* what, const float* data, Extent extent, Near near) { tell(what, data, extent, true, near); }
  void integers(const char* what, const void* data, Extent extent, Near near) { tell(what, data, extent, false, near); }

 private:
  static TraceListener& listener_of(Context& context) {
    auto* const traced = dynamic_cast<TracedContext*>(&context);
    core::check(traced != nullptr, "a traced op was given a context without a listener");
    return traced->listener;
  }
  void tell(const char* what, const void* data, Extent extent, bool is_float, Near near) {
    const Written written{op_, what, data, extent.rows, extent.columns, is_float};
    if (data != nullptr && written.count() > 0) listener_.wrote(written, near);
  }

  TraceListener& listener_;
  const char* op_;
};

Extent area(int rows, int columns) { return {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)}; }
Extent volume(int batch, int height, int width, int channels) {
  return {area(batch, height).rows * area(batch, height).columns * static_cast<std::size_t>(width),
          static_cast<std::size_t>(channels)};
}
Extent inputs_of(const Conv2dShape& s) { return volume(s.batch, s.height, s.width, s.channels); }
Extent outputs_of(const Conv2dShape& s) { return volume(s.batch, s.out_height, s.out_width, s.filters); }
Extent inputs_of(const Pool2dShape& s) { return volume(s.batch, s.height, s.width, s.channels); }
Extent outputs_of(const Pool2dShape& s) { return volume(s.batch, s.out_height, s.out_width, s.channels); }
Extent one(int count) { return area(1, count); }

void gemm(Context& c, Transpose transpose, int m, int n, int k, const float* a, const float* b, float* out) {
  Forward<&Backend::gemm>::call(c, transpose, m, n, k, a, b, out);
  Teller(c, "gemm").floats("", out, area(m, n), {a, b, out});
}

bool fused_dense(Context& c, Activation activation, float* out, const float* in, const float* weight, const float* bias,
                 int rows, int outputs, int inputs) {
  if (!Forward<&Backend::fused_dense>::call(c, activation, out, in, weight, bias, rows, outputs, inputs)) return false;
  Teller(c, "fused_dense").floats("", out, area(rows, outputs), {weight, bias});
  return true;
}

bool fused_dense_backward(Context& c, Activation activation, float* dz, float* dbias, float* dweight, const float* dout,
                          const float* out, const float* z, const float* in, int rows, int outputs, int inputs) {
  if (!Forward<&Backend::fused_dense_backward>::call(c, activation, dz, dbias, dweight, dout, out, z, in, rows, outputs,
                                                     inputs))
    return false;
  Teller teller(c, "fused_dense_backward");
  teller.floats("", dz, area(rows, outputs), {dbias});
  teller.floats("bias", dbias, one(outputs), {dbias});
  teller.floats("weight", dweight, area(outputs, inputs), {dweight});
  return true;
}

void shuffle_indices(Context& c, std::uint32_t* out, std::uint32_t n, std::uint64_t seed, const StepState* state,
                     std::uint32_t count) {
  Forward<&Backend::shuffle_indices>::call(c, out, n, seed, state, count);
  Teller(c, "indices").integers("", out, area(1, static_cast<int>(count)), {});
}

void gather_rows(Context& c, float* out, const float* source, const std::uint32_t* indices, int count, int columns) {
  Forward<&Backend::gather_rows>::call(c, out, source, indices, count, columns);
  Teller(c, "gather_rows").floats("", out, area(count, columns), {});
}

void gather_pixels(Context& c, float* out, const std::uint8_t* source, const std::uint32_t* rows,
                   const std::uint32_t* indices, int count, int columns, const float* values, int channels) {
  Forward<&Backend::gather_pixels>::call(c, out, source, rows, indices, count, columns, values, channels);
  Teller(c, "gather_pixels").floats("", out, area(count, columns), {});
}

void augment_rows(Context& c, float* out, const float* x, const std::uint32_t* indices, int count,
                  const ImageShape& shape, const Augmentation& how, const float* fill, std::uint64_t seed,
                  const StepState* state) {
  Forward<&Backend::augment_rows>::call(c, out, x, indices, count, shape, how, fill, seed, state);
  Teller(c, "augment_rows").floats("", out, volume(count, shape.height, shape.width, shape.channels), {});
}

void gather_labels(Context& c, std::int32_t* out, const std::int32_t* source, const std::uint32_t* indices, int count,
                   int columns) {
  Forward<&Backend::gather_labels>::call(c, out, source, indices, count, columns);
  Teller(c, "gather_labels").integers("", out, area(count, columns), {});
}

void bias_activation(Context& c, Activation activation, float* out, float* z, const float* x, const float* bias,
                     int rows, int columns) {
  Forward<&Backend::bias_activation>::call(c, activation, out, z, x, bias, rows, columns);
  Teller teller(c, "bias_activation");
  if (z != out) teller.floats("sums", z, area(rows, columns), {bias});
  teller.floats("", out, area(rows, columns), {bias});
}

void activation_backward(Context& c, Activation activation, float* dz, float* dbias, const float* dout,
                         const float* out, const float* z, int rows, int columns) {
  Forward<&Backend::activation_backward>::call(c, activation, dz, dbias, dout, out, z, rows, columns);
  Teller teller(c, "activation_backward");
  teller.floats("", dz, area(rows, columns), {dbias});
  teller.floats("bias", dbias, one(columns), {dbias});
}

void dropout(Context& c, float* out, const float* in, int count, float rate, std::uint64_t seed, std::uint32_t tensor,
             const StepState* state) {
  Forward<&Backend::dropout>::call(c, out, in, count, rate, seed, tensor, state);
  Teller(c, "dropout").floats("", out, one(count), {});
}

void column_sum(Context& c, float* out, const float* x, int rows, int columns) {
  Forward<&Backend::column_sum>::call(c, out, x, rows, columns);
  Teller(c, "column_sum").floats("", out, one(columns), {out});
}

void conv2d(Context& c, const Conv2dShape& shape, float* y, const float* x, const float* w) {
  Forward<&Backend::conv2d>::call(c, shape, y, x, w);
  Teller(c, "conv2d").floats("", y, outputs_of(shape), {w});
}

bool fused_conv2d(Context& c, Activation activation, const Conv2dShape& shape, float* y, const float* x, const float* w,
                  const float* bias) {
  if (!Forward<&Backend::fused_conv2d>::call(c, activation, shape, y, x, w, bias)) return false;
  Teller(c, "fused_conv2d").floats("", y, outputs_of(shape), {w, bias});
  return true;
}

void conv2d_data(Context& c, const Conv2dShape& shape, float* dx, const float* dy, const float* w) {
  Forward<&Backend::conv2d_data>::call(c, shape, dx, dy, w);
  Teller(c, "conv2d_data").floats("", dx, inputs_of(shape), {w});
}

void conv2d_filter(Context& c, const Conv2dShape& shape, float* dw, const float* dy, const float* x) {
  Forward<&Backend::conv2d_filter>::call(c, shape, dw, dy, x);
  const Extent extent = volume(shape.filters, shape.kernel_height, shape.kernel_width, shape.channels);
  Teller(c, "conv2d_filter").floats("", dw, extent, {dw});
}

void max_pool2d(Context& c, const Pool2dShape& shape, float* y, std::int32_t* winner, const float* x) {
  Forward<&Backend::max_pool2d>::call(c, shape, y, winner, x);
  Teller teller(c, "max_pool2d");
  teller.floats("", y, outputs_of(shape), {});
  teller.integers("winners", winner, outputs_of(shape), {});
}

void max_pool2d_backward(Context& c, const Pool2dShape& shape, float* dx, const float* dy, const std::int32_t* winner) {
  Forward<&Backend::max_pool2d_backward>::call(c, shape, dx, dy, winner);
  Teller(c, "max_pool2d_backward").floats("", dx, inputs_of(shape), {});
}

void average_pool2d(Context& c, const Pool2dShape& shape, float* y, const float* x) {
  Forward<&Backend::average_pool2d>::call(c, shape, y, x);
  Teller(c, "average_pool2d").floats("", y, outputs_of(shape), {});
}

void average_pool2d_backward(Context& c, const Pool2dShape& shape, float* dx, const float* dy) {
  Forward<&Backend::average_pool2d_backward>::call(c, shape, dx, dy);
  Teller(c, "average_pool2d_backward").floats("", dx, inputs_of(shape), {});
}

void batch_norm(Context& c, Activation activation, float* out, float* mean, float* inverse_deviation,
                float* running_mean, float* running_variance, const float* x, const float* gamma, const float* beta,
                int rows, int columns, float epsilon, float momentum) {
  Forward<&Backend::batch_norm>::call(c, activation, out, mean, inverse_deviation, running_mean, running_variance, x,
                                      gamma, beta, rows, columns, epsilon, momentum);
  Teller teller(c, "batch_norm");
  teller.floats("mean", mean, one(columns), {gamma});
  teller.floats("inverse_deviation", inverse_deviation, one(columns), {gamma});
  teller.floats("", out, area(rows, columns), {gamma});
  teller.floats("running_mean", running_mean, one(columns), {running_mean});
  teller.floats("running_variance", running_variance, one(columns), {running_variance});
}

void batch_norm_backward(Context& c, Activation activation, float* dx, float* dgamma, float* dbeta, const float* dout,
                         const float* out, const float* x, const float* gamma, const float* beta, const float* mean,
                         const float* inverse_deviation, int rows, int columns) {
  Forward<&Backend::batch_norm_backward>::call(c, activation, dx, dgamma, dbeta, dout, out, x, gamma, beta, mean,
                                               inverse_deviation, rows, columns);
  Teller teller(c, "batch_norm_backward");
  teller.floats("gain", dgamma, one(columns), {dgamma});
  teller.floats("shift", dbeta, one(columns), {dbeta});
  teller.floats("", dx, area(rows, columns), {gamma});
}

void softmax_cross_entropy(Context& c, float* loss, std::int32_t* correct, float* dlogits, const float* logits,
                           const std::int32_t* labels, int rows, int classes, float smoothing) {
  Forward<&Backend::softmax_cross_entropy>::call(c, loss, correct, dlogits, logits, labels, rows, classes, smoothing);
  Teller teller(c, "softmax_cross_entropy");
  teller.floats("loss", loss, one(rows), {});
  teller.integers("hits", correct, one(rows), {});
  teller.floats("gradient", dlogits, area(rows, classes), {});
}

void regression_loss(Context& c, Regression kind, float* loss, float* dout, const float* out, const float* target,
                     int rows) {
  Forward<&Backend::regression_loss>::call(c, kind, loss, dout, out, target, rows);
  Teller teller(c, "regression_loss");
  teller.floats("loss", loss, one(rows), {});
  teller.floats("gradient", dout, one(rows), {});
}

void add(Context& c, float* out, const float* a, const float* b, int count) {
  Forward<&Backend::add>::call(c, out, a, b, count);
  Teller(c, "add").floats("", out, one(count), {});
}

void embed(Context& c, float* out, const std::int32_t* tokens, const float* table, const float* places, int rows,
           int context, int columns) {
  Forward<&Backend::embed>::call(c, out, tokens, table, places, rows, context, columns);
  Teller(c, "embed").floats("", out, area(rows, columns), {table});
}

void embed_backward(Context& c, float* dtable, const std::int32_t* tokens, const float* dout, int rows, int vocabulary,
                    int columns) {
  Forward<&Backend::embed_backward>::call(c, dtable, tokens, dout, rows, vocabulary, columns);
  Teller(c, "embed_backward").floats("", dtable, area(vocabulary, columns), {dtable});
}

void layer_norm(Context& c, float* out, float* mean, float* inverse_deviation, const float* x, const float* gain,
                const float* shift, int rows, int columns, float epsilon) {
  Forward<&Backend::layer_norm>::call(c, out, mean, inverse_deviation, x, gain, shift, rows, columns, epsilon);
  Teller teller(c, "layer_norm");
  teller.floats("mean", mean, one(rows), {gain});
  teller.floats("inverse_deviation", inverse_deviation, one(rows), {gain});
  teller.floats("", out, area(rows, columns), {gain});
}

void layer_norm_backward(Context& c, float* dx, float* dgain, float* dshift, const float* dout, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation, int rows, int columns) {
  Forward<&Backend::layer_norm_backward>::call(c, dx, dgain, dshift, dout, x, gain, mean, inverse_deviation, rows,
                                               columns);
  Teller teller(c, "layer_norm_backward");
  teller.floats("gain", dgain, one(columns), {dgain});
  teller.floats("shift", dshift, one(columns), {dshift});
  teller.floats("", dx, area(rows, columns), {gain});
}

void attention(Context& c, float* out, float* weights, const float* qkv, const AttentionShape& shape) {
  Forward<&Backend::attention>::call(c, out, weights, qkv, shape);
  Teller teller(c, "attention");
  teller.floats("weights", weights, volume(shape.batch, shape.heads, shape.length, shape.length), {});
  teller.floats("", out, volume(shape.batch, shape.length, shape.heads, shape.depth), {});
}

void attention_backward(Context& c, float* dqkv, float* scratch, const float* dout, const float* qkv,
                        const float* weights, const AttentionShape& shape) {
  Forward<&Backend::attention_backward>::call(c, dqkv, scratch, dout, qkv, weights, shape);
  Teller(c, "attention_backward").floats("", dqkv, volume(shape.batch, shape.length, 3 * shape.heads, shape.depth), {});
}

void sum_of_squares(Context& c, float* out, const float* x, int count) {
  Forward<&Backend::sum_of_squares>::call(c, out, x, count);
  Teller(c, "sum_of_squares").floats("", out, one(1), {x});
}

void optimizer_update(Context& c, const OptimizerSettings& settings, const StepState* state, float* w, float* m,
                      float* v, const float* gradient, int count, std::uint32_t tensor, std::uint64_t* fingerprint) {
  Forward<&Backend::optimizer_update>::call(c, settings, state, w, m, v, gradient, count, tensor, fingerprint);
  Teller teller(c, "optimizer_update");
  teller.floats("rates", &state->learning_rate, one(4), {});
  teller.floats("first_moment", m, one(count), {w});
  teller.floats("second_moment", v, one(count), {w});
  teller.floats("", w, one(count), {w});
}

constexpr Backend traced_table(Backend table) {
  table.gemm = gemm;
  table.shuffle_indices = shuffle_indices;
  table.gather_rows = gather_rows;
  table.gather_pixels = gather_pixels;
  table.augment_rows = augment_rows;
  table.gather_labels = gather_labels;
  table.fused_dense = fused_dense;
  table.fused_dense_backward = fused_dense_backward;
  table.fused_conv2d = fused_conv2d;
  table.bias_activation = bias_activation;
  table.activation_backward = activation_backward;
  table.dropout = dropout;
  table.column_sum = column_sum;
  table.conv2d = conv2d;
  table.conv2d_data = conv2d_data;
  table.conv2d_filter = conv2d_filter;
  table.max_pool2d = max_pool2d;
  table.max_pool2d_backward = max_pool2d_backward;
  table.average_pool2d = average_pool2d;
  table.average_pool2d_backward = average_pool2d_backward;
  table.batch_norm = batch_norm;
  table.batch_norm_backward = batch_norm_backward;
  table.softmax_cross_entropy = softmax_cross_entropy;
  table.regression_loss = regression_loss;
  table.add = add;
  table.embed = embed;
  table.embed_backward = embed_backward;
  table.layer_norm = layer_norm;
  table.layer_norm_backward = layer_norm_backward;
  table.attention = attention;
  table.attention_backward = attention_backward;
  table.sum_of_squares = sum_of_squares;
  table.optimizer_update = optimizer_update;
  return table;
}

}  // namespace

const Backend& traced_backend() {
  static const Backend table = traced_table(forwarding_backend());
  return table;
}

}  // namespace kernels
