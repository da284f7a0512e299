// The cases of op_cases.h for images: convolution, pooling, batch normalisation.
#include <fmt/format.h>

#include "tests/kernels/op_arrays.h"
#include "tests/kernels/slopes.h"

namespace tests {
namespace {

using kernels::Activation;
using kernels::Buffer;
using kernels::Conv2dShape;
using kernels::Pool2dShape;

OpCase conv2d_case(const Conv2dShape& shape, Values values, std::size_t offset = 0) {
  const std::string name =
      fmt::format("conv2d {}×{}×{}×{} to {}×{}×{}, kernel {}×{}, stride {}, pads {} {}{}{}", shape.batch, shape.height,
                  shape.width, shape.channels, shape.out_height, shape.out_width, shape.filters, shape.kernel_height,
                  shape.kernel_width, shape.stride, shape.pad_top, shape.pad_left, in_words(values), in_words(offset));
  return {name, [=](const Machine& machine) -> Written {
            const std::size_t x_size = elements(shape.batch, shape.height, shape.width, shape.channels);
            const std::size_t w_size = elements(shape.filters, shape.kernel_height, shape.kernel_width, shape.channels);
            const std::size_t y_size = elements(shape.batch, shape.out_height, shape.out_width, shape.filters);
            const Buffer<float> x = put(machine, filled(x_size, 31, values), offset);
            const Buffer<float> w = put(machine, filled(w_size, 32, values), offset);
            const Buffer<float> dy = put(machine, filled(y_size, 33, values), offset);
            const float *const from_x = x.data() + offset, *const from_w = w.data() + offset,
                               *const from_dy = dy.data() + offset;
            Buffer<float> y = unwritten<float>(machine, y_size), dx = unwritten<float>(machine, x_size);
            Buffer<float> dw = unwritten<float>(machine, w_size);
            machine.backend.conv2d(machine.context, shape, y.data(), from_x, from_w);
            machine.backend.conv2d_data(machine.context, shape, dx.data(), from_dy, from_w);
            machine.backend.conv2d_filter(machine.context, shape, dw.data(), from_dy, from_x);
            return {{"y", get(machine, y)}, {"dx", get(machine, dx)}, {"dw", get(machine, dw)}};
          }};
}

Conv2dShape conv2d_shape(int batch, int height, int width, int channels, int filters, int kernel, int stride, int pad) {
  return {batch,
          height,
          width,
          channels,
          filters,
          kernel,
          kernel,
          stride,
          pad,
          pad,
          (height + 2 * pad - kernel) / stride + 1,
          (width + 2 * pad - kernel) / stride + 1};
}

OpCase pool2d_case(const Pool2dShape& shape, Values values) {
  const std::string name =
      fmt::format("pool2d {}×{}×{}×{}, window {}×{}, stride {}{}", shape.batch, shape.height, shape.width,
                  shape.channels, shape.window_height, shape.window_width, shape.stride, in_words(values));
  return {name, [=](const Machine& machine) -> Written {
            const std::size_t x_size = elements(shape.batch, shape.height, shape.width, shape.channels);
            const std::size_t y_size = elements(shape.batch, shape.out_height, shape.out_width, shape.channels);
            const Buffer<float> x = put(machine, filled(x_size, 41, values));
            const Buffer<float> dy = put(machine, filled(y_size, 42, values));
            Buffer<float> y = unwritten<float>(machine, y_size), alone = unwritten<float>(machine, y_size);
            Buffer<float> dx = unwritten<float>(machine, x_size), average = unwritten<float>(machine, y_size);
            Buffer<float> average_dx = unwritten<float>(machine, x_size);
            Buffer<std::int32_t> winner = unwritten<std::int32_t>(machine, y_size);
            const kernels::Backend& ops = machine.backend;
            ops.max_pool2d(machine.context, shape, y.data(), winner.data(), x.data());
            ops.max_pool2d(machine.context, shape, alone.data(), nullptr, x.data());
            ops.max_pool2d_backward(machine.context, shape, dx.data(), dy.data(), winner.data());
            ops.average_pool2d(machine.context, shape, average.data(), x.data());
            ops.average_pool2d_backward(machine.context, shape, average_dx.data(), dy.data());
            return {
                {"y", get(machine, y)},   {"winner", get(machine, winner)},   {"y without winner", get(machine, alone)},
                {"dx", get(machine, dx)}, {"average", get(machine, average)}, {"average dx", get(machine, average_dx)}};
          }};
}

OpCase batch_norm_case(Activation activation, int rows, int columns, Values values, bool in_place) {
  const std::string name = fmt::format("batch_norm {} {}×{}{}{}", static_cast<int>(activation), rows, columns,
                                       in_words(values), in_place ? ", in place" : "");
  return {name, [=](const Machine& machine) -> Written {
            const std::size_t count = size(rows, columns), width = size(columns);
            Floats squares = random_floats(width, 54);
            for (float& value : squares) value = value * value;
            const Buffer<float> x = put(machine, filled(count, 51, values));
            const Buffer<float> gamma = put(machine, random_floats(width, 52)), beta = put(machine, squares);
            Buffer<float> running_mean = put(machine, random_floats(width, 53)),
                          running_variance = put(machine, squares);
            Buffer<float> mean = unwritten<float>(machine, width), inverse = unwritten<float>(machine, width);
            Buffer<float> out = unwritten<float>(machine, count);
            Buffer<float> evaluated = put(machine, filled(count, 55, values));
            Buffer<float> dout = put(machine, filled(count, 56, values)), dx = unwritten<float>(machine, count);
            Buffer<float> dgamma = unwritten<float>(machine, width), dbeta = unwritten<float>(machine, width);
            const kernels::Backend& ops = machine.backend;
            ops.batch_norm(machine.context, activation, out.data(), mean.data(), inverse.data(), running_mean.data(),
                           running_variance.data(), x.data(), gamma.data(), beta.data(), rows, columns, 1e-5f, 0.1f);
            ops.batch_norm_evaluate(machine.context, activation, evaluated.data(),
                                    in_place ? evaluated.data() : x.data(), gamma.data(), beta.data(),
                                    running_mean.data(), running_variance.data(), rows, columns, 1e-5f);
            const bool reads_out = activation == Activation::kTanh || activation == Activation::kSigmoid;
            ops.batch_norm_backward(machine.context, activation, in_place ? dout.data() : dx.data(), dgamma.data(),
                                    dbeta.data(), dout.data(), reads_out ? out.data() : nullptr, x.data(), gamma.data(),
                                    beta.data(), mean.data(), inverse.data(), rows, columns);
            return {{"out", get(machine, out)},
                    {"mean", get(machine, mean)},
                    {"inverse deviation", get(machine, inverse)},
                    {"running mean", get(machine, running_mean)},
                    {"running variance", get(machine, running_variance)},
                    {"evaluated", get(machine, evaluated)},
                    {"dout", get(machine, dout)},
                    {"dx", get(machine, dx)},
                    {"dgamma", get(machine, dgamma)},
                    {"dbeta", get(machine, dbeta)}};
          }};
}

}  // namespace

std::vector<OpCase> conv2d_cases(Sizes sizes) {
  std::vector<OpCase> cases;
  if (sizes == Sizes::kReal) {
    for (const auto& [side, channels, filters] :
         {std::array{28, 1, 16}, {28, 1, 32}, {14, 16, 32}, {28, 32, 64}, {32, 64, 64}, {7, 256, 512}, {32, 3, 64}}) {
      cases.push_back(conv2d_case(conv2d_shape(128, side, side, channels, filters, 3, 1, 1), Values::kOrdinary));
    }
    cases.push_back(conv2d_case(conv2d_shape(32, 28, 28, 32, 64, 5, 2, 2), Values::kOrdinary));
    cases.push_back(conv2d_case(conv2d_shape(64, 16, 16, 64, 128, 1, 1, 0), Values::kOrdinary));
    return cases;
  }
  for (const Conv2dShape& shape : {conv2d_shape(2, 5, 6, 1, 3, 3, 1, 1), conv2d_shape(2, 9, 7, 4, 16, 3, 1, 1),
                                   conv2d_shape(1, 8, 8, 3, 33, 3, 2, 1), conv2d_shape(3, 7, 7, 8, 12, 5, 3, 2),
                                   conv2d_shape(2, 6, 5, 12, 65, 1, 1, 0), conv2d_shape(1, 9, 9, 2, 5, 2, 4, 0),
                                   conv2d_shape(1, 17, 18, 4, 4, 3, 1, 1), conv2d_shape(1, 3, 3, 32, 20, 3, 1, 1),
                                   conv2d_shape(1, 2, 2, 520, 2, 3, 1, 1), conv2d_shape(1, 2, 2, 2, 520, 3, 1, 1),
                                   conv2d_shape(3, 14, 14, 2, 70, 3, 1, 1), conv2d_shape(1, 12, 12, 3, 130, 1, 1, 0),
                                   conv2d_shape(2, 65, 36, 1, 4, 1, 1, 0), conv2d_shape(1, 9, 9, 40, 70, 1, 1, 0),
                                   conv2d_shape(1, 9, 9, 70, 36, 1, 1, 0), conv2d_shape(1, 9, 9, 8, 40, 3, 1, 1),
                                   conv2d_shape(0, 4, 4, 2, 3, 3, 1, 1)}) {
    cases.push_back(conv2d_case(shape, Values::kOrdinary));
  }
  Conv2dShape far = conv2d_shape(2, 5, 6, 3, 9, 3, 2, 0);
  far.pad_left = 1;
  far.out_height = 6;
  far.out_width = 7;
  cases.push_back(conv2d_case(far, Values::kOrdinary));
  for (const Values values : kSumSpecials) {
    cases.push_back(conv2d_case(conv2d_shape(2, 20, 21, 3, 8, 3, 1, 1), values));
    cases.push_back(conv2d_case(conv2d_shape(1, 8, 6, 32, 8, 3, 2, 1), values));
  }
  // No sum ends with a zero that a kernel put behind its terms: a −0 stays one.
  cases.push_back(conv2d_case(conv2d_shape(1, 4, 4, 16, 16, 1, 1, 0), Values::kTiny));
  cases.push_back(conv2d_case(conv2d_shape(2, 4, 4, 16, 32, 3, 1, 1), Values::kTiny));
  cases.push_back(conv2d_case(conv2d_shape(1, 6, 6, 8, 12, 3, 1, 1), Values::kOrdinary, 1));
  return cases;
}

std::vector<OpCase> pool2d_cases(Sizes sizes) {
  if (sizes == Sizes::kReal) {
    return {pool2d_case(pool2d_shape(128, 28, 28, 32, 2, 2, 2), Values::kOrdinary),
            pool2d_case(pool2d_shape(128, 14, 14, 64, 3, 3, 2), Values::kSpecial),
            pool2d_case(pool2d_shape(128, 7, 7, 512, 7, 7, 1), Values::kOrdinary)};
  }
  return {pool2d_case(pool2d_shape(2, 6, 7, 3, 2, 2, 2), Values::kOrdinary),
          pool2d_case(pool2d_shape(1, 5, 5, 1, 3, 2, 1), Values::kSpecial),
          pool2d_case(pool2d_shape(3, 9, 4, 5, 2, 3, 3), Values::kSpecial),
          pool2d_case(pool2d_shape(1, 17, 16, 2, 17, 16, 1), Values::kOrdinary),
          pool2d_case(pool2d_shape(1, 33, 35, 1, 17, 17, 1), Values::kOrdinary),
          pool2d_case(pool2d_shape(0, 4, 4, 2, 2, 2, 2), Values::kOrdinary)};
}

std::vector<OpCase> batch_norm_cases(Sizes sizes) {
  std::vector<OpCase> cases;
  const std::vector<std::pair<int, int>> shapes =
      sizes == Sizes::kOdd
          ? std::vector<std::pair<int, int>>{{1, 3}, {2, 1}, {37, 33}, {256, 5}, {257, 34}, {1300, 3}, {4900, 2}}
          : std::vector<std::pair<int, int>>{{128 * 28 * 28, 32}, {128 * 49, 256}, {1000, 10}, {530000, 1}};
  for (const auto& [rows, columns] : shapes) {
    cases.push_back(batch_norm_case(Activation::kRelu, rows, columns, Values::kOrdinary, false));
    cases.push_back(batch_norm_case(Activation::kNone, rows, columns, Values::kSmall, true));
  }
  for (const Activation activation : {Activation::kGelu, Activation::kTanh, Activation::kSigmoid, Activation::kRelu})
    cases.push_back(batch_norm_case(activation, 300, 20, Values::kWild, false));
  return cases;
}

}  // namespace tests
