// Convolutions of the CPU back end, on every instruction set and number of threads, against the plain loops of
// conv2d_formula.h; and those loops against the derivatives of a convolution in double.
#include "kernels/conv2d_formula.h"

#include <cmath>

#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/slopes.h"

using kernels::Conv2dShape;
using tests::Array;
using tests::cpu_contexts;
using tests::elements;
using tests::first_difference;

namespace {

using Floats = std::vector<float>;

std::size_t x_size(const Conv2dShape& s) { return elements(s.batch, s.height, s.width, s.channels); }
std::size_t w_size(const Conv2dShape& s) { return elements(s.filters, s.kernel_height, s.kernel_width, s.channels); }
std::size_t y_size(const Conv2dShape& s) { return elements(s.batch, s.out_height, s.out_width, s.filters); }

std::string in_words(const Conv2dShape& s) {
  const auto number = [](int value) { return std::to_string(value); };
  return number(s.batch) + "×" + number(s.height) + "×" + number(s.width) + "×" + number(s.channels) + " to " +
         number(s.out_height) + "×" + number(s.out_width) + "×" + number(s.filters) + ", kernel " +
         number(s.kernel_height) + "×" + number(s.kernel_width) + ", stride " + number(s.stride) + ", pads " +
         number(s.pad_top) + " " + number(s.pad_left);
}

/// As many outputs as fit where the same zeros are below as above, to the right as to the left.
Conv2dShape shape_of(int batch, int height, int width, int channels, int filters, int kernel_height, int kernel_width,
                     int stride, int pad_top, int pad_left) {
  return {batch,
          height,
          width,
          channels,
          filters,
          kernel_height,
          kernel_width,
          stride,
          pad_top,
          pad_left,
          (height + 2 * pad_top - kernel_height) / stride + 1,
          (width + 2 * pad_left - kernel_width) / stride + 1};
}

struct Problem {
  Conv2dShape shape;
  Floats x, w, dy;
};

struct Results {
  Floats y, dx, dw;
};

using Fill = Floats (*)(std::size_t, std::uint32_t);

Problem make(const Conv2dShape& shape, Fill fill) {
  return {shape, fill(x_size(shape), 1), fill(w_size(shape), 2), fill(y_size(shape), 3)};
}

Results expected(const Problem& problem) {
  const auto& [s, x, w, dy] = problem;
  Results results;
  for (int n = 0; n < s.batch; ++n) {
    for (int oh = 0; oh < s.out_height; ++oh) {
      for (int ow = 0; ow < s.out_width; ++ow) {
        for (int o = 0; o < s.filters; ++o) {
          results.y.push_back(kernels::conv2d_at(s, x.data(), w.data(), n, oh, ow, o));
        }
      }
    }
    for (int row = 0; row < s.height; ++row) {
      for (int column = 0; column < s.width; ++column) {
        for (int c = 0; c < s.channels; ++c) {
          results.dx.push_back(kernels::conv2d_data_at(s, dy.data(), w.data(), n, row, column, c));
        }
      }
    }
  }
  for (int o = 0; o < s.filters; ++o) {
    for (int kh = 0; kh < s.kernel_height; ++kh) {
      for (int kw = 0; kw < s.kernel_width; ++kw) {
        for (int c = 0; c < s.channels; ++c) {
          results.dw.push_back(kernels::conv2d_filter_at(s, dy.data(), x.data(), o, kh, kw, c));
        }
      }
    }
  }
  return results;
}

Results run(kernels::Context& context, const Problem& problem) {
  const auto& cpu = kernels::cpu_backend();
  const Array<float> x(problem.x), w(problem.w), dy(problem.dy);
  Array<float> y(problem.dy.size()), dx(problem.x.size()), dw(problem.w.size());
  cpu.conv2d(context, problem.shape, y.data(), x.data(), w.data());
  cpu.conv2d_data(context, problem.shape, dx.data(), dy.data(), w.data());
  cpu.conv2d_filter(context, problem.shape, dw.data(), dy.data(), x.data());
  return {y.values(), dx.values(), dw.values()};
}

void require_equal_everywhere(const Problem& problem) {
  const Results wanted = expected(problem);
  for (kernels::Context* context : cpu_contexts()) {
    INFO(in_words(problem.shape) << " on " << describe_device(*context));
    const Results found = run(*context, problem);
    const std::string y = first_difference(found.y, wanted.y), dx = first_difference(found.dx, wanted.dx);
    const std::string dw = first_difference(found.dw, wanted.dw);
    if (!y.empty()) FAIL("y: " << y);
    if (!dx.empty()) FAIL("dx: " << dx);
    if (!dw.empty()) FAIL("dw: " << dw);
  }
}

}  // namespace

TEST_CASE("a convolution and its gradients equal the plain loops for every kernel, stride and padding") {
  const std::pair<int, int> kernels[] = {{1, 1}, {3, 3}, {2, 2}, {5, 5}, {1, 3}, {4, 1}};
  int odd = 0;
  for (const auto& [down, across] : kernels) {
    for (const int stride : {1, 2, 3}) {
      for (const int pad : {0, 1, 2, 4}) {
        ++odd;
        require_equal_everywhere(make(shape_of(2, 7 + odd % 3, 6 + odd % 4, 1 + odd % 5, 1 + odd * 7 % 40, down, across,
                                               stride, pad, odd % 2 == 0 ? pad : pad / 2),
                                      tests::random_floats));
      }
    }
  }
}

TEST_CASE("a convolution and its gradients equal the plain loops for every number of channels and filters") {
  for (const int channels : {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 17, 31, 33}) {
    for (const int filters : {1, 3, 8, 10, 16, 17, 24, 32, 33, 65}) {
      require_equal_everywhere(make(shape_of(1, 5, 6, channels, filters, 3, 3, 1, 1, 1), tests::random_floats));
    }
  }
}

TEST_CASE("a convolution over lines of every width equals the plain loops") {
  for (const int width : {1, 2, 3, 5, 11, 12, 13, 24, 25, 28, 37, 49}) {
    require_equal_everywhere(make(shape_of(1, 2, width, 2, 16, 3, 3, 1, 1, 1), tests::random_floats));
    require_equal_everywhere(make(shape_of(1, 2, width, 3, 20, 1, 1, 1, 0, 0), tests::random_floats));
  }
}

TEST_CASE("a convolution may reach below and to the right as far as it likes") {
  Conv2dShape shape = shape_of(2, 5, 6, 3, 9, 3, 3, 2, 0, 1);
  shape.out_height = 6;
  shape.out_width = 7;
  require_equal_everywhere(make(shape, tests::random_floats));
  shape = shape_of(1, 4, 4, 2, 5, 2, 2, 1, 0, 0);
  shape.out_height = shape.out_width = 4;
  require_equal_everywhere(make(shape, tests::random_floats));
  shape = shape_of(1, 9, 9, 2, 5, 2, 2, 4, 0, 0);  // rows and columns that no window covers
  require_equal_everywhere(make(shape, tests::random_floats));
}

TEST_CASE("a convolution opens a chunk every 256 terms and a group every 4096") {
  require_equal_everywhere(make(shape_of(1, 3, 4, 256, 5, 1, 1, 1, 0, 0), tests::random_floats));
  require_equal_everywhere(make(shape_of(1, 3, 4, 29, 300, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(1, 2, 3, 456, 3, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(1, 2, 3, 2, 456, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(1, 2, 3, 920, 2, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(5, 31, 33, 2, 3, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(11, 28, 28, 1, 16, 3, 3, 1, 1, 1), tests::random_floats));
}

TEST_CASE("a convolution of many small images equals the plain loops where they are cut between threads") {
  require_equal_everywhere(make(shape_of(70, 3, 3, 16, 32, 3, 3, 1, 1, 1), tests::random_floats));
  require_equal_everywhere(make(shape_of(300, 1, 2, 24, 16, 1, 1, 1, 0, 0), tests::random_floats));
  require_equal_everywhere(make(shape_of(7, 14, 14, 16, 32, 3, 3, 2, 1, 1), tests::random_floats));
}

TEST_CASE("a convolution keeps denormals, signed zeros, infinities and NaN as the plain loops do") {
  for (const int stride : {1, 2}) {
    for (const int channels : {3, 32}) {
      const Conv2dShape shape = shape_of(2, 9, 8, channels, 18, 3, 3, stride, 1, 1);
      const Problem wild = make(shape, tests::wild_floats);
      const Results wanted = expected(wild);
      for (const Floats* result : {&wanted.y, &wanted.dx, &wanted.dw}) CHECK(tests::nan_share(*result) <= 0.5);
      require_equal_everywhere(wild);
      require_equal_everywhere(make(shape, tests::small_floats));
      require_equal_everywhere(make(shape, tests::tiny_floats));
    }
  }
}

TEST_CASE("a zero beside the image meets an infinite weight as a NaN") {
  Problem problem = make(shape_of(1, 3, 3, 1, 1, 3, 3, 1, 1, 1), tests::random_floats);
  problem.w[0] = std::numeric_limits<float>::infinity();
  for (kernels::Context* context : cpu_contexts()) {
    const Results found = run(*context, problem);
    CHECK(found.y[0] != found.y[0]);
    CHECK(found.y[8] == found.y[8] + 0.0f);
    CHECK(found.dx[8] != found.dx[8]);
  }
  require_equal_everywhere(problem);
}

TEST_CASE("a convolution of no images writes no output and a filter gradient of zero") {
  Problem problem = make(shape_of(0, 3, 3, 2, 4, 3, 3, 1, 1, 1), tests::random_floats);
  problem.w = tests::random_floats(w_size(problem.shape), 2);
  for (kernels::Context* context : cpu_contexts()) {
    const Results found = run(*context, problem);
    CHECK(found.y.empty());
    CHECK(first_difference(found.dw, Floats(w_size(problem.shape), 0.0f)) == "");
  }
}

TEST_CASE("the gradients of a convolution are its derivatives in double") {
  for (const int stride : {1, 2}) {
    const Problem problem = make(shape_of(2, 5, 6, 3, 4, 3, 2, stride, 1, 1), tests::random_floats);
    const auto& [s, x, w, dy] = problem;
    const Results found = run(*cpu_contexts().back(), problem);
    // L = Σ dy·y is linear in x and in w, so that any step gives the derivative.
    const auto loss = [&, &s = s, &dy = dy](const Floats& at_x, const Floats& at_w) {
      double sum = 0;
      for (int n = 0; n < s.batch; ++n) {
        for (int oh = 0; oh < s.out_height; ++oh) {
          for (int ow = 0; ow < s.out_width; ++ow) {
            for (int o = 0; o < s.filters; ++o) {
              double y = 0;
              for (int kh = 0; kh < s.kernel_height; ++kh) {
                for (int kw = 0; kw < s.kernel_width; ++kw) {
                  const int row = oh * s.stride - s.pad_top + kh, column = ow * s.stride - s.pad_left + kw;
                  if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
                  for (int c = 0; c < s.channels; ++c) {
                    y += static_cast<double>(at_x[elements(1, (n * s.height + row) * s.width + column, s.channels, 1) +
                                                  elements(c, 1, 1, 1)]) *
                         static_cast<double>(
                             at_w[elements(1, (o * s.kernel_height + kh) * s.kernel_width + kw, s.channels, 1) +
                                  elements(c, 1, 1, 1)]);
                  }
                }
              }
              sum +=
                  y *
                  static_cast<double>(
                      dy[elements(1, (n * s.out_height + oh) * s.out_width + ow, s.filters, 1) + elements(o, 1, 1, 1)]);
            }
          }
        }
      }
      return sum;
    };
    Floats moved_x = x, moved_w = w;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double wanted = tests::slope(moved_x, i, 1.0f, [&, &w = w] { return loss(moved_x, w); });
      CHECK(std::fabs(static_cast<double>(found.dx[i]) - wanted) < 1e-5);
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double wanted = tests::slope(moved_w, i, 1.0f, [&, &x = x] { return loss(x, moved_w); });
      CHECK(std::fabs(static_cast<double>(found.dw[i]) - wanted) < 2e-5);
    }
  }
}
