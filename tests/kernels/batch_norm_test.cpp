// Batch normalisation of the CPU back end, on every instruction set and number of threads, against plain loops over
// batch_norm_formula.h and the column rule; and against the function and its derivatives in double.
#include "kernels/batch_norm_formula.h"

#include <immintrin.h>

#include <cmath>
#include <limits>
#include <utility>

#include "kernels/activation_formula.h"
#include "kernels/column_sum_formula.h"
#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/slopes.h"

using kernels::Activation;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;

namespace {

using Floats = std::vector<float>;
using Fill = Floats (*)(std::size_t, std::uint32_t);

constexpr float kEpsilon = 1e-5f, kMomentum = 0.1f;

struct Problem {
  Activation activation;
  int rows, columns;
  Floats x, gamma, beta, running_mean, running_variance, dout;
};

/// What batch_norm gives; with pooling behind it `out` is the pooling's, and `winner` filled.
struct Results {
  Floats out, mean, inverse_deviation, running_mean, running_variance, evaluated, dx, dgamma, dbeta;
  std::vector<std::int32_t> winner = {};
};

void require_equal(const Results& found, const Results& wanted) {
  constexpr std::pair<const char*, Floats Results::*> kFields[] = {{"mean", &Results::mean},
                                                                   {"inverse_deviation", &Results::inverse_deviation},
                                                                   {"out", &Results::out},
                                                                   {"running_mean", &Results::running_mean},
                                                                   {"running_variance", &Results::running_variance},
                                                                   {"evaluated", &Results::evaluated},
                                                                   {"dgamma", &Results::dgamma},
                                                                   {"dbeta", &Results::dbeta},
                                                                   {"dx", &Results::dx}};
  for (const auto& [name, field] : kFields) {
    INFO(name);
    CHECK(first_difference(found.*field, wanted.*field) == "");
  }
  CHECK(found.winner == wanted.winner);
}

std::size_t size(int rows, int columns) { return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns); }

Problem make(Activation activation, int rows, int columns, Fill fill) {
  const std::size_t width = static_cast<std::size_t>(columns);
  Floats variance = fill(width, 5);
  for (float& value : variance) value = value * value;
  return {activation,     rows,           columns,  fill(size(rows, columns), 1), fill(width, 2),
          fill(width, 3), fill(width, 4), variance, fill(size(rows, columns), 6)};
}

template <Activation kKind>
Results expected(const Problem& problem) {
  const auto& [activation, rows, columns, x, gamma, beta, running_mean, running_variance, dout] = problem;
  const std::size_t width = static_cast<std::size_t>(columns), count = x.size();
  Results r{Floats(count), Floats(width), Floats(width), Floats(width), Floats(width),
            Floats(count), Floats(count), Floats(width), Floats(width)};
  Floats dz(count);
  for (std::size_t j = 0; j < width; ++j) {
    const auto column_sum = [&](auto term) {
      kernels::ColumnSum sum;
      for (std::size_t i = j; i < count; i += width) sum.add(term(i));
      return sum.value();
    };
    const float n = static_cast<float>(rows);
    const float mean = column_sum([&](std::size_t i) { return x[i]; }) / n;
    const float squares = column_sum([&](std::size_t i) { return (x[i] - mean) * (x[i] - mean); });
    const float inverse = 1.0f / std::sqrt(squares / n + kEpsilon);
    const float unbiased = squares / static_cast<float>(rows > 1 ? rows - 1 : 1);
    r.mean[j] = mean;
    r.inverse_deviation[j] = inverse;
    r.running_mean[j] = std::fma(kMomentum, mean - running_mean[j], running_mean[j]);
    r.running_variance[j] = std::fma(kMomentum, unbiased - running_variance[j], running_variance[j]);
    const float scale = gamma[j] * inverse;
    const float fixed_scale = gamma[j] * (1.0f / std::sqrt(running_variance[j] + kEpsilon));
    for (std::size_t i = j; i < count; i += width) {
      const float z = std::fma(x[i] - mean, scale, beta[j]);
      r.out[i] = kernels::activate<kKind>(z);
      r.evaluated[i] = kernels::activate<kKind>(std::fma(x[i] - running_mean[j], fixed_scale, beta[j]));
      dz[i] = kernels::activation_gradient<kKind>(dout[i], r.out[i], z);
    }
    r.dbeta[j] = column_sum([&](std::size_t i) { return dz[i]; });
    r.dgamma[j] = column_sum([&](std::size_t i) { return dz[i] * ((x[i] - mean) * inverse); });
    for (std::size_t i = j; i < count; i += width)
      r.dx[i] = scale * std::fma(-((x[i] - mean) * inverse), r.dgamma[j] / n, dz[i] - r.dbeta[j] / n);
  }
  return r;
}

Results expected(const Problem& problem) {
  Results results;
  kernels::visit_activation(problem.activation, [&](auto kind) { results = expected<kind()>(problem); });
  return results;
}

Results run(kernels::Context& context, const Problem& problem, bool in_place) {
  const auto& cpu = kernels::cpu_backend();
  const int rows = problem.rows, columns = problem.columns;
  const std::size_t width = problem.gamma.size(), count = problem.x.size();
  const Array<float> x(problem.x), gamma(problem.gamma), beta(problem.beta), fixed_mean(problem.running_mean);
  const Array<float> fixed_variance(problem.running_variance);
  Array<float> out(count), mean(width), inverse(width), running_mean(problem.running_mean);
  Array<float> running_variance(problem.running_variance), evaluated(in_place ? problem.x : Floats(count));
  Array<float> dout(problem.dout), dx(count), dgamma(width), dbeta(width);
  cpu.batch_norm(context, problem.activation, out.data(), mean.data(), inverse.data(), running_mean.data(),
                 running_variance.data(), x.data(), gamma.data(), beta.data(), rows, columns, kEpsilon, kMomentum);
  cpu.batch_norm_evaluate(context, problem.activation, evaluated.data(), in_place ? evaluated.data() : x.data(),
                          gamma.data(), beta.data(), fixed_mean.data(), fixed_variance.data(), rows, columns, kEpsilon);
  const bool reads_out = problem.activation == Activation::kTanh || problem.activation == Activation::kSigmoid;
  cpu.batch_norm_backward(context, problem.activation, in_place ? dout.data() : dx.data(), dgamma.data(), dbeta.data(),
                          dout.data(), reads_out ? out.data() : nullptr, x.data(), gamma.data(), beta.data(),
                          mean.data(), inverse.data(), rows, columns);
  return {out.values(),
          mean.values(),
          inverse.values(),
          running_mean.values(),
          running_variance.values(),
          evaluated.values(),
          in_place ? dout.values() : dx.values(),
          dgamma.values(),
          dbeta.values()};
}

void require_equal_everywhere(const Problem& problem) {
  const Results wanted = expected(problem);
  for (kernels::Context* context : cpu_contexts()) {
    for (const bool in_place : {false, true}) {
      INFO(problem.rows << "×" << problem.columns << (in_place ? " in place" : "") << " on "
                        << describe_device(*context));
      require_equal(run(*context, problem, in_place), wanted);
    }
  }
}

}  // namespace

TEST_CASE("batch normalisation equals the plain loops for every number of rows and columns") {
  for (const int rows : {1, 2, 7, 255, 256, 257, 600, 4097}) {
    for (const int columns : {1, 3, 16, 21, 64, 85, 150}) {
      require_equal_everywhere(make(Activation::kTanh, rows, columns, tests::random_floats));
    }
  }
  require_equal_everywhere(make(Activation::kRelu, 9000, 32, tests::random_floats));
}

TEST_CASE("batch normalisation takes every activation with it, there and back") {
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid}) {
    for (const int columns : {1, 5, 16, 85})
      require_equal_everywhere(make(activation, 300, columns, tests::random_floats));
  }
}

TEST_CASE("batch normalisation keeps denormals, infinities and NaN as the plain loops do") {
  for (const int rows : {3, 300}) {
    for (const Activation activation : {Activation::kTanh, Activation::kRelu, Activation::kGelu}) {
      const Problem wild = make(activation, rows, 70, tests::wild_floats);
      CHECK(tests::nan_share(expected(wild).dx) <= 0.5);
      require_equal_everywhere(wild);
      require_equal_everywhere(make(activation, rows, 70, tests::small_floats));
    }
  }
}

TEST_CASE("a thread that flushes denormals gets the same batch normalisation") {
  Problem problem = make(Activation::kTanh, 40, 20, tests::random_floats);
  for (float& value : problem.x) value *= 0x1p-132f;
  for (float& value : problem.running_mean) value *= 0x1p-132f;
  const Results wanted = expected(problem);
  for (kernels::Context* context : cpu_contexts()) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(0x1f80 | 0x8040);  // FTZ and DAZ, as -Ofast sets them
    const Results found = run(*context, problem, false);
    _mm_setcsr(before);
    CHECK(first_difference(found.mean, wanted.mean) == "");
    CHECK(first_difference(found.running_mean, wanted.running_mean) == "");
    CHECK(first_difference(found.evaluated, wanted.evaluated) == "");
  }
}

TEST_CASE("batch normalisation of a constant column is beta, and its gradient by x zero") {
  Problem problem = make(Activation::kNone, 300, 2, tests::random_floats);
  for (float& value : problem.x) value = 0.75f;
  const Results found = run(*cpu_contexts().back(), problem, false);
  for (std::size_t i = 0; i < found.out.size(); ++i) CHECK(found.out[i] == problem.beta[i % 2]);
  CHECK(found.dgamma == Floats(2, 0.0f));
}

TEST_CASE("the gradients of batch normalisation are its derivatives in double") {
  constexpr int kRows = 9, kColumns = 3;
  const Problem problem = make(Activation::kNone, kRows, kColumns, tests::random_floats);
  const Results found = run(*cpu_contexts().back(), problem, false);
  std::vector<double> x(problem.x.begin(), problem.x.end()), gamma(problem.gamma.begin(), problem.gamma.end());
  std::vector<double> beta(problem.beta.begin(), problem.beta.end());
  const auto loss = [&] {
    double sum = 0;
    for (std::size_t j = 0; j < kColumns; ++j) {
      double mean = 0, variance = 0;
      for (std::size_t i = j; i < x.size(); i += kColumns) mean += x[i] / kRows;
      for (std::size_t i = j; i < x.size(); i += kColumns) variance += (x[i] - mean) * (x[i] - mean) / kRows;
      for (std::size_t i = j; i < x.size(); i += kColumns) {
        const double z = (x[i] - mean) / std::sqrt(variance + static_cast<double>(kEpsilon)) * gamma[j] + beta[j];
        sum += z * static_cast<double>(problem.dout[i]);
      }
    }
    return sum;
  };
  const auto require_slope = [&](std::vector<double>& values, const Floats& gradient) {
    for (std::size_t i = 0; i < values.size(); ++i)
      CHECK(std::fabs(static_cast<double>(gradient[i]) - tests::slope(values, i, 1e-6, loss)) < 2e-6);
  };
  require_slope(x, found.dx);
  require_slope(gamma, found.dgamma);
  require_slope(beta, found.dbeta);
}

namespace {

enum class Way { kTwoOps, kOneOp, kOneOpInPlace };

/// As make, with the gradient of what was pooled.
Problem make_pooled(Activation activation, const kernels::Pool2dShape& shape, Fill fill) {
  Problem made = make(activation, shape.batch * shape.height * shape.width, shape.channels, fill);
  made.dout = fill(size(shape.batch * shape.out_height * shape.out_width, shape.channels), 9);
  return made;
}

/// Batch norm with pooling, as one op or as the two; in place: the gradient of x over x.
Results pooled(kernels::Context& context, const Problem& given, const kernels::Pool2dShape& shape, Way way) {
  const kernels::Backend& ops = kernels::cpu_backend();
  const Activation activation = given.activation;
  const int rows = given.rows, columns = given.columns;
  const std::size_t outputs = given.dout.size();
  const Floats nothing(static_cast<std::size_t>(columns), 7.0f), unwritten(size(rows, columns), 7.0f);
  const Array<float> gamma(given.gamma), beta(given.beta), dy(given.dout);
  Array<float> x(given.x), mean(nothing), inverse(nothing), dgamma(nothing), dbeta(nothing), out(unwritten);
  Array<float> running_mean(given.running_mean), running_variance(given.running_variance), dx(unwritten);
  Array<float> y(Floats(outputs, 7.0f)), evaluated(Floats(outputs, 7.0f)), dout(unwritten);
  Array<std::int32_t> winner(std::vector<std::int32_t>(outputs, -7));
  float* const gradient = way == Way::kOneOpInPlace ? x.data() : dx.data();
  if (way != Way::kTwoOps) {
    ops.batch_norm_max_pool(context, activation, shape, y.data(), winner.data(), mean.data(), inverse.data(),
                            running_mean.data(), running_variance.data(), x.data(), gamma.data(), beta.data(), kEpsilon,
                            kMomentum);
    ops.batch_norm_max_pool_evaluate(context, activation, shape, evaluated.data(), x.data(), gamma.data(), beta.data(),
                                     running_mean.data(), running_variance.data(), kEpsilon);
    ops.batch_norm_max_pool_backward(context, activation, shape, gradient, dgamma.data(), dbeta.data(), dy.data(),
                                     winner.data(), x.data(), gamma.data(), beta.data(), mean.data(), inverse.data());
  } else {
    ops.batch_norm(context, activation, out.data(), mean.data(), inverse.data(), running_mean.data(),
                   running_variance.data(), x.data(), gamma.data(), beta.data(), rows, columns, kEpsilon, kMomentum);
    ops.max_pool2d(context, shape, y.data(), winner.data(), out.data());
    ops.batch_norm_evaluate(context, activation, out.data(), x.data(), gamma.data(), beta.data(), running_mean.data(),
                            running_variance.data(), rows, columns, kEpsilon);
    ops.max_pool2d(context, shape, evaluated.data(), nullptr, out.data());
    ops.max_pool2d_backward(context, shape, dout.data(), dy.data(), winner.data());
    ops.batch_norm_backward(context, activation, dx.data(), dgamma.data(), dbeta.data(), dout.data(), nullptr, x.data(),
                            gamma.data(), beta.data(), mean.data(), inverse.data(), rows, columns);
  }
  return {y.values(),
          mean.values(),
          inverse.values(),
          running_mean.values(),
          running_variance.values(),
          evaluated.values(),
          way == Way::kOneOpInPlace ? x.values() : dx.values(),
          dgamma.values(),
          dbeta.values(),
          winner.values()};
}

/// Few values, so that windows hold ties, also of −0 and +0.
Floats tied(std::size_t count, std::uint32_t seed) {
  constexpr float kValues[] = {-1.0f, -0.0f, 0.0f, 0.5f, 1.0f};
  Floats values = tests::random_floats(count, seed);
  for (float& value : values) value = kValues[static_cast<int>(std::fabs(value) * 1000.0f) % 5];
  return values;
}

const kernels::Pool2dShape kPooledShapes[] = {
    {3, 28, 28, 16, 2, 2, 2, 14, 14}, {5, 7, 9, 3, 2, 2, 2, 3, 4},   {2, 9, 10, 37, 3, 3, 3, 3, 3},
    {4, 8, 11, 5, 2, 1, 3, 3, 4},     {1, 2, 2, 1, 2, 2, 2, 1, 1},   {40, 12, 7, 20, 1, 3, 4, 3, 2},
    {2, 15, 17, 52, 2, 2, 2, 7, 8},   {7, 6, 13, 32, 2, 5, 5, 1, 2}, {3, 1, 300, 16, 1, 2, 2, 1, 150}};

void require_equal_as_one(const Problem& problem, const kernels::Pool2dShape& shape) {
  const auto one_thread = kernels::make_cpu_context(1);
  const Results wanted = pooled(*one_thread, problem, shape, Way::kTwoOps);
  for (kernels::Context* context : cpu_contexts()) {
    for (const Way way : {Way::kOneOp, Way::kOneOpInPlace}) {
      INFO(kernels::describe_device(*context)
           << ", " << shape.height << "×" << shape.width << "×" << shape.channels << ", activation "
           << static_cast<int>(problem.activation) << (way == Way::kOneOp ? "" : ", in place"));
      require_equal(pooled(*context, problem, shape, way), wanted);
    }
  }
}

}  // namespace

TEST_CASE("batch norm and pooling as one op have the bits of the two, on every instruction set and number of threads") {
  for (const kernels::Pool2dShape& shape : kPooledShapes)
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu})
      for (const Fill fill :
           {Fill(tests::random_floats), Fill(tied), Fill(tests::small_floats), Fill(tests::wild_floats)})
        require_equal_as_one(make_pooled(activation, shape, fill), shape);
}

TEST_CASE("batch norm and pooling as one op see what is not a number where no window saw it") {
  // The third pixel of a line lies in no window. x − mean is infinite there and its variance as well, its mean finite.
  const kernels::Pool2dShape lines{1, 3, 3, 1, 1, 2, 2, 2, 1};
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu}) {
    Problem problem = make_pooled(activation, lines, tests::random_floats);
    problem.x = {0.0f, 0.0f, 0x1.fffffep127f, 0.0f, 0.0f, 0.0f, -0x1.1p127f, -0x1.1p127f, 0.0f};
    CHECK(std::isnan(pooled(*cpu_contexts().front(), problem, lines, Way::kTwoOps).dgamma[0]));
    require_equal_as_one(problem, lines);
  }
  // Its z is 0·∞, that of the others is infinite.
  const kernels::Pool2dShape line{1, 1, 5, 1, 1, 2, 2, 1, 2};
  Problem problem = make_pooled(Activation::kGelu, line, tests::random_floats);
  problem.x = {-1.0f, 1.0f, 1.0f, -1.0f, 0.0f};
  problem.gamma = {std::numeric_limits<float>::infinity()};
  CHECK(std::isnan(pooled(*cpu_contexts().front(), problem, line, Way::kTwoOps).dbeta[0]));
  require_equal_as_one(problem, line);
}
