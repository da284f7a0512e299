// The ops of texts on the CPU back end: on every instruction set and number of threads against the plain formulas, bit
// for bit, and their gradients against finite differences in double.
#include <cmath>

#include "kernels/attention_formula.h"
#include "kernels/column_sum_formula.h"
#include "kernels/gemm_formula.h"
#include "kernels/layer_norm_formula.h"
#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/slopes.h"

using kernels::AttentionShape;
using kernels::cpu_backend;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;
using tests::random_floats;
using tests::special_floats;
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

namespace {

using Fill = Floats (*)(std::size_t count, std::uint32_t seed);
constexpr Fill kFills[] = {random_floats, tests::small_floats, tests::wild_floats};

std::size_t count_of(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

struct AttentionRun {
  Floats out, weights, dqkv;
};

/// The contract of ops.h as plain loops.
AttentionRun expected_attention(const Floats& qkv, const Floats& dout, const AttentionShape& shape) {
  const int length = shape.length, depth = shape.depth, columns = shape.heads * depth;
  const float scale = kernels::attention_scale(depth);
  AttentionRun run{Floats(dout.size()), Floats(count_of(shape.batch * shape.heads, length * length)),
                   Floats(qkv.size())};
  Floats gradients(count_of(length, length));
  for (int n = 0; n < shape.batch; ++n)
    for (int h = 0; h < shape.heads; ++h) {
      const std::ptrdiff_t at = std::ptrdiff_t{n} * length * columns + h * depth, step = 3 * columns;
      const float* const q = qkv.data() + std::ptrdiff_t{n} * length * step + h * depth;
      const float* const given = dout.data() + at;
      float* const w = run.weights.data() + (std::ptrdiff_t{n} * shape.heads + h) * length * length;
      float* const dq = run.dqkv.data() + std::ptrdiff_t{n} * length * step + h * depth;
      for (int t = 0; t < length; ++t) {
        for (int s = 0; s < length; ++s)
          w[t * length + s] = kernels::dot(depth, q + t * step, 1, q + columns + s * step, 1);
        kernels::causal_softmax_row(w + t * length, t, length, scale);
        for (int d = 0; d < depth; ++d)
          run.out[static_cast<std::size_t>(at + t * columns + d)] =
              kernels::dot(length, w + t * length, 1, q + 2 * columns + d, step);
        float* const ds = gradients.data() + t * length;
        for (int s = 0; s < length; ++s)
          ds[s] = kernels::dot(depth, given + t * columns, 1, q + 2 * columns + s * step, 1);
        kernels::causal_softmax_backward_row(ds, w + t * length, t, length, scale);
      }
      for (int t = 0; t < length; ++t)
        for (int d = 0; d < depth; ++d) {
          dq[t * step + d] = kernels::dot(length, gradients.data() + t * length, 1, q + columns + d, step);
          dq[t * step + columns + d] = kernels::dot(length, gradients.data() + t, length, q + d, step);
          dq[t * step + 2 * columns + d] = kernels::dot(length, w + t, length, given + d, columns);
        }
    }
  return run;
}

/// Attention in double.
Doubles exact_attention(const Doubles& qkv, const AttentionShape& shape) {
  const auto length = static_cast<std::size_t>(shape.length), depth = static_cast<std::size_t>(shape.depth);
  const std::size_t heads = static_cast<std::size_t>(shape.heads), columns = heads * depth;
  Doubles out(qkv.size() / 3, 0.0);
  for (std::size_t n = 0; n < static_cast<std::size_t>(shape.batch); ++n)
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t t = 0; t < length; ++t) {
        const auto at = [&](std::size_t place, std::size_t part, std::size_t d) {
          return qkv[((n * length + place) * 3 + part) * columns + h * depth + d];
        };
        Doubles weight(t + 1);
        double sum = 0;
        for (std::size_t s = 0; s <= t; ++s) {
          double score = 0;
          for (std::size_t d = 0; d < depth; ++d) score += at(t, 0, d) * at(s, 1, d);
          sum += weight[s] = std::exp(score / std::sqrt(static_cast<double>(depth)));
        }
        for (std::size_t s = 0; s <= t; ++s)
          for (std::size_t d = 0; d < depth; ++d)
            out[(n * length + t) * columns + h * depth + d] += weight[s] / sum * at(s, 2, d);
      }
  return out;
}

Doubles exact_layer_norm(const Doubles& x, const Doubles& gain, const Doubles& shift) {
  const std::size_t columns = gain.size();
  Doubles out(x.size());
  for (std::size_t row = 0; row < x.size(); row += columns) {
    double mean = 0, squares = 0;
    for (std::size_t j = 0; j < columns; ++j) mean += x[row + j] / static_cast<double>(columns);
    for (std::size_t j = 0; j < columns; ++j) squares += (x[row + j] - mean) * (x[row + j] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(columns) + 1e-5);
    for (std::size_t j = 0; j < columns; ++j) out[row + j] = (x[row + j] - mean) / deviation * gain[j] + shift[j];
  }
  return out;
}

Doubles wide(const Floats& values) { return {values.begin(), values.end()}; }

/// `gradient` is that of Σ dout·f(values) by each of `values`.
template <class F>
void require_gradient(const Floats& gradient, Doubles values, const Floats& dout, F f) {
  const auto total = [&] {
    const Doubles out = f(values);
    double sum = 0;
    for (std::size_t i = 0; i < out.size(); ++i) sum += out[i] * static_cast<double>(dout[i]);
    return sum;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    INFO("element " << i);
    CHECK(static_cast<double>(gradient[i]) == Approx(tests::slope(values, i, 1e-6, total)).margin(3e-5).epsilon(1e-4));
  }
}

struct LayerNormRun {
  Floats out, mean, inverse, dx, dgain, dshift;
};

LayerNormRun run_layer_norm(kernels::Context& context, const Floats& x, const Floats& gain, const Floats& shift,
                            const Floats& dout) {
  const int columns = static_cast<int>(gain.size()), rows = static_cast<int>(x.size() / gain.size());
  const Array<float> x_array(x), gain_array(gain), shift_array(shift), dout_array(dout);
  Array<float> out(x.size()), mean(count_of(rows, 1)), inverse(count_of(rows, 1)), dx(x.size()), dgain(gain.size()),
      dshift(gain.size());
  cpu_backend().layer_norm(context, out.data(), mean.data(), inverse.data(), x_array.data(), gain_array.data(),
                           shift_array.data(), rows, columns, 1e-5f);
  cpu_backend().layer_norm_backward(context, dx.data(), dgain.data(), dshift.data(), dout_array.data(), x_array.data(),
                                    gain_array.data(), mean.data(), inverse.data(), rows, columns);
  return {out.values(), mean.values(), inverse.values(), dx.values(), dgain.values(), dshift.values()};
}

LayerNormRun expected_layer_norm(const Floats& x, const Floats& gain, const Floats& shift, const Floats& dout) {
  const std::size_t width = gain.size(), rows = x.size() / width;
  const int columns = static_cast<int>(width);
  LayerNormRun run{Floats(x.size()), Floats(rows), Floats(rows), Floats(x.size()), Floats(width), Floats(width)};
  Floats products(x.size());
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t at = i * width;
    kernels::layer_norm_row(&run.out[at], &run.mean[i], &run.inverse[i], &x[at], gain.data(), shift.data(), columns,
                            1e-5f);
    kernels::layer_norm_backward_row(&run.dx[at], &dout[at], &x[at], gain.data(), run.mean[i], run.inverse[i], columns);
    for (std::size_t j = at; j < at + width; ++j)
      products[j] = dout[j] * kernels::standardised(x[j], run.mean[i], run.inverse[i]);
  }
  for (std::size_t j = 0; j < width; ++j) {
    run.dgain[j] = kernels::column_sum_of(static_cast<int>(rows), &products[j], columns);
    run.dshift[j] = kernels::column_sum_of(static_cast<int>(rows), &dout[j], columns);
  }
  return run;
}

AttentionRun run_attention(kernels::Context& context, const Floats& qkv, const Floats& dout,
                           const AttentionShape& shape) {
  const Array<float> qkv_array(qkv), dout_array(dout);
  const std::size_t places = count_of(shape.batch * shape.heads, shape.length * shape.length);
  Array<float> out(dout.size()), weights(places), scratch(places), dqkv(qkv.size());
  cpu_backend().attention(context, out.data(), weights.data(), qkv_array.data(), shape);
  cpu_backend().attention_backward(context, dqkv.data(), scratch.data(), dout_array.data(), qkv_array.data(),
                                   weights.data(), shape);
  return {out.values(), weights.values(), dqkv.values()};
}

}  // namespace

TEST_CASE("layer_norm and its gradient have the row rule's bits on every instruction set and number of threads") {
  for (const Fill fill : kFills)
    for (const auto& [rows, columns] :
         std::vector<std::pair<int, int>>{{1, 1}, {3, 31}, {2, 32}, {5, 33}, {1030, 100}, {4, 1000}}) {
      const Floats x = fill(count_of(rows, columns), 1), gain = random_floats(count_of(columns, 1), 2);
      const Floats shift = random_floats(gain.size(), 3), dout = fill(x.size(), 4);
      const LayerNormRun expected = expected_layer_norm(x, gain, shift, dout);
      for (kernels::Context* context : cpu_contexts()) {
        INFO(rows << "×" << columns << " on " << describe_device(*context));
        const LayerNormRun found = run_layer_norm(*context, x, gain, shift, dout);
        CHECK(first_difference(found.out, expected.out) == "");
        CHECK(first_difference(found.mean, expected.mean) == "");
        CHECK(first_difference(found.inverse, expected.inverse) == "");
        CHECK(first_difference(found.dx, expected.dx) == "");
        CHECK(first_difference(found.dgain, expected.dgain) == "");
        CHECK(first_difference(found.dshift, expected.dshift) == "");
      }
    }
}

TEST_CASE("attention and its gradient have the bits of plain loops on every instruction set and number of threads") {
  for (const Fill fill : {Fill(random_floats), Fill(tests::small_floats), Fill(tests::once_wild_floats)})
    for (const AttentionShape& shape :
         std::vector<AttentionShape>{{1, 1, 1, 1}, {2, 5, 3, 7}, {3, 33, 2, 16}, {1, 64, 2, 32}, {1, 300, 1, 20}}) {
      const std::size_t outputs = count_of(shape.batch * shape.length, shape.heads * shape.depth);
      Floats qkv = fill(3 * outputs, 5);
      for (float& value : qkv) value = 3.0f * value;
      const Floats dout = fill(outputs, 6);
      const AttentionRun expected = expected_attention(qkv, dout, shape);
      if (outputs > 1)
        for (const Floats* result : {&expected.out, &expected.weights, &expected.dqkv})
          CHECK(tests::nan_share(*result) <= 0.5);
      for (kernels::Context* context : cpu_contexts()) {
        INFO(shape.length << " places on " << describe_device(*context));
        const AttentionRun found = run_attention(*context, qkv, dout, shape);
        CHECK(first_difference(found.weights, expected.weights) == "");
        CHECK(first_difference(found.out, expected.out) == "");
        CHECK(first_difference(found.dqkv, expected.dqkv) == "");
      }
    }
}

TEST_CASE("a place of a text attends to no later one") {
  const AttentionShape shape{1, 9, 2, 5};
  Floats qkv = random_floats(9 * 30, 7);
  const Floats dout = random_floats(9 * 10, 8);
  const AttentionRun before = run_attention(*cpu_contexts().front(), qkv, dout, shape);
  for (std::size_t i = 6 * 30; i < qkv.size(); ++i) qkv[i] = -2.0f * qkv[i];
  const AttentionRun after = run_attention(*cpu_contexts().front(), qkv, dout, shape);
  for (std::size_t i = 0; i < 6 * 10; ++i) CHECK(before.out[i] == after.out[i]);
  CHECK(before.out != after.out);
}

TEST_CASE("the gradients of layer_norm and attention are those of the functions in double") {
  kernels::Context& context = *cpu_contexts().back();
  const Floats x = random_floats(5 * 7, 9), gain = random_floats(7, 10), shift = random_floats(7, 11);
  const Floats dout = random_floats(x.size(), 12);
  const LayerNormRun norm = run_layer_norm(context, x, gain, shift, dout);
  require_gradient(norm.dx, wide(x), dout,
                   [&](const Doubles& v) { return exact_layer_norm(v, wide(gain), wide(shift)); });
  require_gradient(norm.dgain, wide(gain), dout,
                   [&](const Doubles& v) { return exact_layer_norm(wide(x), v, wide(shift)); });
  require_gradient(norm.dshift, wide(shift), dout,
                   [&](const Doubles& v) { return exact_layer_norm(wide(x), wide(gain), v); });

  const AttentionShape shape{2, 6, 2, 3};
  const Floats qkv = random_floats(2 * 6 * 18, 13), by_out = random_floats(2 * 6 * 6, 14);
  const AttentionRun attention = run_attention(context, qkv, by_out, shape);
  require_gradient(attention.dqkv, wide(qkv), by_out, [&](const Doubles& v) { return exact_attention(v, shape); });
}

TEST_CASE("embed adds a token's row to its place's, and its gradient adds the rows of each token in order") {
  for (const auto& [texts, length, vocabulary, columns] :
       std::vector<std::array<int, 4>>{{1, 1, 1, 1}, {3, 5, 7, 33}, {20, 130, 65, 40}}) {
    const int rows = texts * length;
    std::vector<std::int32_t> tokens(count_of(rows, 1));
    for (std::size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = static_cast<std::int32_t>(i * i % 13 % static_cast<std::size_t>(vocabulary));
    const Floats table = special_floats(count_of(vocabulary, columns), 15);
    const Floats places = random_floats(count_of(length, columns), 16),
                 dout = tests::wild_floats(count_of(rows, columns), 17);
    Floats out(dout.size()), dtable(table.size(), 0.0f);
    const auto width = static_cast<std::size_t>(columns);
    for (std::size_t i = 0; i < tokens.size(); ++i)
      for (std::size_t j = 0; j < width; ++j) {
        const std::size_t of_token = static_cast<std::size_t>(tokens[i]) * width + j;
        out[i * width + j] = table[of_token] + places[i % static_cast<std::size_t>(length) * width + j];
        dtable[of_token] = dtable[of_token] + dout[i * width + j];
      }
    const Array<std::int32_t> token_array(tokens);
    const Array<float> table_array(table), place_array(places), dout_array(dout);
    for (kernels::Context* context : cpu_contexts()) {
      Array<float> found(out.size()), gradient(table.size());
      cpu_backend().embed(*context, found.data(), token_array.data(), table_array.data(), place_array.data(), rows,
                          length, columns);
      cpu_backend().embed_backward(*context, gradient.data(), token_array.data(), dout_array.data(), rows, vocabulary,
                                   columns);
      CHECK(first_difference(found.values(), out) == "");
      CHECK(first_difference(gradient.values(), dtable) == "");
    }
  }
}

TEST_CASE("add adds element by element, over itself as well") {
  const Floats a = special_floats(40000, 18), b = special_floats(40000, 19);
  Floats expected(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) expected[i] = a[i] + b[i];
  for (kernels::Context* context : cpu_contexts()) {
    Array<float> sum(a);
    const Array<float> other(b);
    cpu_backend().add(*context, sum.data(), sum.data(), other.data(), static_cast<int>(a.size()));
    CHECK(first_difference(sum.values(), expected) == "");
  }
}
