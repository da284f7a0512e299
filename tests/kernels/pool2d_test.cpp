// Pooling of the CPU back end, on every instruction set and number of threads, against the plain loops of
// pool2d_formula.h; and those against what pooling is.
#include "kernels/pool2d_formula.h"

#include <cmath>
#include <limits>

#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/slopes.h"

using kernels::Pool2dShape;
using tests::Array;
using tests::cpu_contexts;
using tests::elements;
using tests::first_difference;
using tests::pool2d_shape;

namespace {

using Floats = std::vector<float>;
using Fill = Floats (*)(std::size_t, std::uint32_t);

std::size_t x_size(const Pool2dShape& s) { return elements(s.batch, s.height, s.width, s.channels); }
std::size_t y_size(const Pool2dShape& s) { return elements(s.batch, s.out_height, s.out_width, s.channels); }

struct Results {
  Floats maximum, maximum_dx, average, average_dx;
  std::vector<std::int32_t> winner;
};

Results expected(const Pool2dShape& s, const Floats& x, const Floats& dy) {
  Results results;
  for (int n = 0; n < s.batch; ++n) {
    for (int oh = 0; oh < s.out_height; ++oh) {
      for (int ow = 0; ow < s.out_width; ++ow) {
        for (int c = 0; c < s.channels; ++c) {
          const kernels::Winner best = kernels::max_pool2d_at(s, x.data(), n, oh, ow, c);
          results.maximum.push_back(best.value);
          results.winner.push_back(best.place);
          results.average.push_back(kernels::average_pool2d_at(s, x.data(), n, oh, ow, c));
        }
      }
    }
  }
  for (int n = 0; n < s.batch; ++n) {
    for (int row = 0; row < s.height; ++row) {
      for (int column = 0; column < s.width; ++column) {
        for (int c = 0; c < s.channels; ++c) {
          const auto gradient = [&](const std::int32_t* winner) {
            return kernels::pool2d_backward_at(s, dy.data(), winner, n, row, column, c);
          };
          results.maximum_dx.push_back(gradient(results.winner.data()));
          results.average_dx.push_back(gradient(nullptr));
        }
      }
    }
  }
  return results;
}

Results run(kernels::Context& context, const Pool2dShape& shape, const Floats& x_values, const Floats& dy_values) {
  const auto& cpu = kernels::cpu_backend();
  const Array<float> x(x_values), dy(dy_values);
  Array<float> y(y_size(shape)), alone(y_size(shape)), dx(x_size(shape)), average(y_size(shape));
  Array<float> average_dx(x_size(shape));
  Array<std::int32_t> winner(y_size(shape));
  cpu.max_pool2d(context, shape, y.data(), winner.data(), x.data());
  cpu.max_pool2d(context, shape, alone.data(), nullptr, x.data());
  CHECK(first_difference(alone.values(), y.values()) == "");
  cpu.max_pool2d_backward(context, shape, dx.data(), dy.data(), winner.data());
  cpu.average_pool2d(context, shape, average.data(), x.data());
  cpu.average_pool2d_backward(context, shape, average_dx.data(), dy.data());
  return {y.values(), dx.values(), average.values(), average_dx.values(), winner.values()};
}

void require_equal_everywhere(const Pool2dShape& shape, Fill fill) {
  const Floats x = fill(x_size(shape), 1), dy = fill(y_size(shape), 2);
  const Results wanted = expected(shape, x, dy);
  for (kernels::Context* context : cpu_contexts()) {
    INFO(shape.height << "×" << shape.width << "×" << shape.channels << ", window " << shape.window_height << "×"
                      << shape.window_width << ", stride " << shape.stride << " on " << describe_device(*context));
    const Results found = run(*context, shape, x, dy);
    CHECK(first_difference(found.maximum, wanted.maximum) == "");
    CHECK(found.winner == wanted.winner);
    CHECK(first_difference(found.maximum_dx, wanted.maximum_dx) == "");
    CHECK(first_difference(found.average, wanted.average) == "");
    CHECK(first_difference(found.average_dx, wanted.average_dx) == "");
  }
}

/// The largest of four by four, in a 1×4×4×1 image with a window of all: value and place.
kernels::Winner largest(Floats x) {
  const Pool2dShape shape{1, 4, 4, 1, 4, 4, 1, 1, 1};
  const Results found = run(*cpu_contexts().back(), shape, x, {1.0f});
  return {found.maximum.front(), found.winner.front()};
}

}  // namespace

TEST_CASE("pooling and its gradients equal the plain loops for every window, stride and number of channels") {
  int odd = 0;
  for (const auto& [down, across] : {std::pair{1, 1}, {2, 2}, {3, 3}, {2, 3}, {5, 1}, {6, 7}}) {
    for (const int stride : {1, 2, 3, 4}) {
      for (const int channels : {1, 5, 16, 33}) {
        ++odd;
        const Pool2dShape shape = pool2d_shape(2 + odd % 2, 6 + odd % 3, 7 + odd % 4, channels, down, across, stride);
        require_equal_everywhere(shape, tests::random_floats);
      }
    }
  }
}

TEST_CASE("pooling and its gradients add in chunks of 256 and groups of 4096") {
  require_equal_everywhere(pool2d_shape(1, 16, 17, 3, 16, 17, 1), tests::random_floats);
  require_equal_everywhere(pool2d_shape(1, 70, 71, 70, 70, 71, 1), tests::random_floats);
  require_equal_everywhere(pool2d_shape(1, 33, 35, 2, 17, 17, 1), tests::random_floats);
}

TEST_CASE("pooling keeps denormals, signed zeros, infinities and NaN as the plain loops do") {
  const auto special = [](std::size_t count, std::uint32_t seed) { return tests::special_floats(count, seed); };
  require_equal_everywhere(pool2d_shape(3, 9, 8, 17, 2, 2, 2), special);
  require_equal_everywhere(pool2d_shape(3, 9, 8, 17, 3, 3, 2), special);
}

TEST_CASE("the first of equal maxima wins, and the first NaN before any number") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  CHECK(largest({1, 2, 3, 4, 5, 9, 7, 8, 9, 9, 1, 1, 1, 1, 1, 9}).place == 5);
  CHECK(largest({-0.0f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).place == 0);
  CHECK(largest(Floats(16, -inf)).place == 0);
  const kernels::Winner taken = largest({1, 2, inf, 4, nan, 9, nan, inf, 9, 9, 1, 1, 1, 1, 1, 9});
  CHECK(taken.place == 4);
  CHECK(taken.value != taken.value);
  CHECK(largest({nan, 2, inf, 4, nan, 9, nan, inf, 9, 9, 1, 1, 1, 1, 1, 9}).place == 0);
}

TEST_CASE("the gradients of pooling are its derivatives in double") {
  const Pool2dShape shape = pool2d_shape(1, 6, 5, 2, 3, 2, 1);
  Floats x = tests::random_floats(x_size(shape), 3);
  const Floats dy = tests::random_floats(y_size(shape), 4);
  const Results found = run(*cpu_contexts().back(), shape, x, dy);
  const auto loss = [&](bool maximum) {
    double sum = 0;
    for (int oh = 0; oh < shape.out_height; ++oh) {
      for (int ow = 0; ow < shape.out_width; ++ow) {
        for (int c = 0; c < shape.channels; ++c) {
          double largest = -1e30, total = 0;
          for (int i = 0; i < shape.window_height; ++i) {
            for (int j = 0; j < shape.window_width; ++j) {
              const double value = static_cast<double>(
                  x[elements(1, (oh + i) * shape.width + ow + j, shape.channels, 1) + static_cast<std::size_t>(c)]);
              largest = std::fmax(largest, value);
              total += value;
            }
          }
          const double given = static_cast<double>(
              dy[elements(1, oh * shape.out_width + ow, shape.channels, 1) + static_cast<std::size_t>(c)]);
          sum += given * (maximum ? largest : total / (shape.window_height * shape.window_width));
        }
      }
    }
    return sum;
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (const bool maximum : {true, false}) {
      const double slope = tests::slope(x, i, 0x1p-20f, [&] { return loss(maximum); });
      CHECK(std::fabs(static_cast<double>(maximum ? found.maximum_dx[i] : found.average_dx[i]) - slope) < 1e-5);
    }
  }
}
