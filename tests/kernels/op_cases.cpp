// The cases of op_cases.h. Inputs are functions of the case, never of the back end.
#include "tests/kernels/op_cases.h"

#include <fmt/format.h>

#include "tests/kernels/op_arrays.h"

namespace tests {
namespace {

using kernels::Activation;
using kernels::Buffer;
using kernels::Initialisation;
using kernels::StepState;
using kernels::Transpose;

OpCase gemm_case(Transpose transpose, int m, int n, int k, Values values, std::size_t offset = 0) {
  const char* const letters[] = {"NN", "NT", "TN"};
  const std::string name = fmt::format("gemm {} {}×{}×{}{}{}", letters[static_cast<int>(transpose)], m, n, k,
                                       in_words(values), in_words(offset));
  return {name, [=](const Machine& machine) -> Written {
            const auto seed = static_cast<std::uint32_t>(m * 31 + n * 7 + k);
            const Buffer<float> a = put(machine, filled(size(m, k), seed, values), offset);
            const Buffer<float> b = put(machine, filled(size(k, n), seed + 1, values), offset);
            Buffer<float> c = unwritten<float>(machine, size(m, n));
            machine.backend.gemm(machine.context, transpose, m, n, k, a.data() + offset, b.data() + offset, c.data());
            return {{"c", get(machine, c)}};
          }};
}

const char* name_of(Activation activation) {
  const char* const names[] = {"none", "relu", "tanh", "gelu", "sigmoid"};
  return names[static_cast<int>(activation)];
}

OpCase bias_activation_case(Activation activation, int rows, int columns, bool keeps_z, bool in_place) {
  const std::string name = fmt::format("bias_activation {} {}×{}{}{}", name_of(activation), rows, columns,
                                       keeps_z ? " with z" : "", in_place ? " in place" : "");
  return {name, [=](const Machine& machine) -> Written {
            Buffer<float> x = put(machine, special_floats(size(rows, columns), 5));
            const Buffer<float> bias = put(machine, random_floats(size(columns), 6));
            Buffer<float> z = unwritten<float>(machine, size(rows, columns));
            Buffer<float> out = unwritten<float>(machine, size(rows, columns));
            float* const to = in_place ? x.data() : out.data();
            machine.backend.bias_activation(machine.context, activation, to, keeps_z ? z.data() : nullptr, x.data(),
                                            bias.data(), rows, columns);
            return {{"out", get(machine, out)}, {"z", get(machine, z)}, {"x", get(machine, x)}};
          }};
}

OpCase activation_backward_case(Activation activation, int rows, int columns, bool in_place) {
  const std::string name =
      fmt::format("activation_backward {} {}×{}{}", name_of(activation), rows, columns, in_place ? " in place" : "");
  return {name, [=](const Machine& machine) -> Written {
            const std::size_t count = size(rows, columns);
            const Values values = columns > 1 ? Values::kWild : Values::kSpecial;  // dbias is a sum
            Buffer<float> dout = put(machine, filled(count, 7, values));
            const Buffer<float> given = put(machine, filled(count, 8, values));
            Buffer<float> dz = unwritten<float>(machine, count), dbias = unwritten<float>(machine, size(columns));
            const bool from_z = activation == Activation::kGelu;
            const bool from_out = !from_z && activation != Activation::kNone;
            machine.backend.activation_backward(
                machine.context, activation, in_place ? dout.data() : dz.data(), columns > 1 ? dbias.data() : nullptr,
                dout.data(), from_out ? given.data() : nullptr, from_z ? given.data() : nullptr, rows, columns);
            return {{"dz", get(machine, dz)}, {"dout", get(machine, dout)}, {"dbias", get(machine, dbias)}};
          }};
}

OpCase dropout_case(int count, float rate, bool in_place, std::size_t offset = 0) {
  return {fmt::format("dropout {} rate {}{}{}", count, rate, in_place ? " in place" : "", in_words(offset)),
          [=](const Machine& machine) -> Written {
            Buffer<float> in = put(machine, special_floats(size(count), 9), offset);
            Buffer<float> out = unwritten<float>(machine, size(count) + offset);
            const Buffer<StepState> state = put(machine, std::vector<StepState>{kStep});
            machine.backend.dropout(machine.context, (in_place ? in.data() : out.data()) + offset, in.data() + offset,
                                    count, rate, 0x123456789abcdefu, 3, state.data());
            return {{"out", get(machine, out)}, {"in", get(machine, in)}};
          }};
}

OpCase initialise_case(Initialisation kind, int count, std::size_t offset = 0) {
  const std::string name = fmt::format("initialise {} {}{}", static_cast<int>(kind), count, in_words(offset));
  return {name, [=](const Machine& machine) -> Written {
            Buffer<float> w = unwritten<float>(machine, size(count) + offset);
            machine.backend.initialise(machine.context, kind, w.data() + offset, count, 784, 512, 1.0f, 99, 4);
            return {{"w", get(machine, w)}};
          }};
}

OpCase column_sum_case(int rows, int columns) {
  return {fmt::format("column_sum {}×{}", rows, columns), [=](const Machine& machine) -> Written {
            const Buffer<float> x =
                put(machine, filled(size(rows, columns), 11, rows % 2 == 1 ? Values::kWild : Values::kSmall));
            Buffer<float> out = unwritten<float>(machine, size(columns));
            machine.backend.column_sum(machine.context, out.data(), x.data(), rows, columns);
            return {{"out", get(machine, out)}};
          }};
}

OpCase loss_case(int rows, int classes, Values values, bool with_gradient, float smoothing) {
  const std::string name = fmt::format("softmax_cross_entropy and rank_labels {}×{}{}{}, smoothing {}", rows, classes,
                                       in_words(values), with_gradient ? "" : ", no gradient", smoothing);
  return {name, [=](const Machine& machine) -> Written {
            Floats z = filled(size(rows, classes), 13, values);
            for (std::size_t i = 0; i < z.size(); ++i) {
              if (i % 3 == 0) z[i] = z[i] * 8.0f;
              if (i % 5 == 0 && i > 0) z[i] = z[i - 1];
            }
            // Two classes tie for the maximum of every second row; the label is one of them.
            const std::size_t width = static_cast<std::size_t>(classes);
            for (std::size_t row = 0; row < size(rows); row += 2) {
              z[row * width + row * 7 % width] = 9.0f;
              z[row * width + row * 5 % width] = 9.0f;
            }
            std::vector<std::int32_t> chosen(size(rows));
            for (std::size_t i = 0; i < chosen.size(); ++i) {
              chosen[i] = static_cast<std::int32_t>(i * 7 % static_cast<std::size_t>(classes));
            }
            const Buffer<float> logits = put(machine, z);
            const Buffer<std::int32_t> labels = put(machine, chosen);
            Buffer<float> loss = unwritten<float>(machine, size(rows));
            Buffer<std::int32_t> correct = unwritten<std::int32_t>(machine, size(rows));
            Buffer<float> dlogits = unwritten<float>(machine, size(rows, classes));
            machine.backend.softmax_cross_entropy(machine.context, loss.data(), correct.data(),
                                                  with_gradient ? dlogits.data() : nullptr, logits.data(),
                                                  labels.data(), rows, classes, smoothing);
            Buffer<std::int32_t> rank = unwritten<std::int32_t>(machine, size(rows));
            Buffer<std::int32_t> predicted = unwritten<std::int32_t>(machine, size(rows));
            machine.backend.rank_labels(machine.context, rank.data(), predicted.data(), logits.data(), labels.data(),
                                        rows, classes);
            return {{"loss", get(machine, loss)},
                    {"correct", get(machine, correct)},
                    {"dlogits", get(machine, dlogits)},
                    {"rank", get(machine, rank)},
                    {"predicted", get(machine, predicted)}};
          }};
}

OpCase regression_case(kernels::Regression kind, int rows, bool with_gradient) {
  return {fmt::format("regression_loss {} {}{}", static_cast<int>(kind), rows, with_gradient ? "" : ", no gradient"),
          [=](const Machine& machine) -> Written {
            Floats wanted = special_floats(size(rows), 47);
            const Floats found = special_floats(size(rows), 48);
            for (std::size_t i = 0; i < wanted.size(); i += 3) wanted[i] = found[i];
            const Buffer<float> out = put(machine, found), target = put(machine, wanted);
            Buffer<float> loss = unwritten<float>(machine, size(rows)), dout = unwritten<float>(machine, size(rows));
            machine.backend.regression_loss(machine.context, kind, loss.data(), with_gradient ? dout.data() : nullptr,
                                            out.data(), target.data(), rows);
            return {{"loss", get(machine, loss)}, {"dout", get(machine, dout)}};
          }};
}

OpCase shuffle_case(std::uint32_t n, std::uint32_t first, std::uint32_t count) {
  return {fmt::format("shuffle_indices {}+{} of {}", first, count, n), [=](const Machine& machine) -> Written {
            Buffer<std::uint32_t> out = unwritten<std::uint32_t>(machine, count);
            StepState step = kStep;
            step.epoch = 3;
            step.first = first;
            const Buffer<StepState> state = put(machine, std::vector<StepState>{step});
            machine.backend.shuffle_indices(machine.context, out.data(), n, 0xfeedu, state.data(), count);
            return {{"indices", get(machine, out)}};
          }};
}

OpCase gather_case(int samples, int count, int columns) {
  return {fmt::format("gather {} of {} rows of {}", count, samples, columns), [=](const Machine& machine) -> Written {
            const Buffer<float> source = put(machine, special_floats(size(samples, columns), 29));
            const int width = columns % 4;  // labels of a sample
            std::vector<std::int32_t> all(size(samples, width));
            for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int32_t>(i * 3);
            const Buffer<std::int32_t> source_labels = put(machine, all);
            std::vector<std::uint32_t> chosen(size(count));
            for (std::size_t i = 0; i < chosen.size(); ++i) {
              chosen[i] = static_cast<std::uint32_t>((i * 37 + 11) % static_cast<std::size_t>(samples));
            }
            const Buffer<std::uint32_t> indices = put(machine, chosen);
            Buffer<float> rows = unwritten<float>(machine, size(count, columns));
            Buffer<std::int32_t> labels = unwritten<std::int32_t>(machine, size(count, width));
            machine.backend.gather_rows(machine.context, rows.data(), source.data(), indices.data(), count, columns);
            machine.backend.gather_labels(machine.context, labels.data(), source_labels.data(), indices.data(), count,
                                          width);
            return {{"rows", get(machine, rows)}, {"labels", get(machine, labels)}};
          }};
}

OpCase pixels_case(int samples, int count, int columns, int channels) {
  return {fmt::format("gather {} of {} rows of {} bytes in {} channels", count, samples, columns, channels),
          [=](const Machine& machine) -> Written {
            std::vector<std::uint8_t> bytes(size(samples, columns));
            for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 89 + i / 251);
            std::vector<std::uint32_t> all(size(samples)), chosen(size(count));
            for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(all.size() - 1 - i);
            for (std::size_t i = 0; i < chosen.size(); ++i)
              chosen[i] = static_cast<std::uint32_t>((i * 37 + 11) % static_cast<std::size_t>(samples));
            const Buffer<std::uint8_t> source = put(machine, bytes);
            const Buffer<std::uint32_t> rows = put(machine, all), indices = put(machine, chosen);
            const Buffer<float> values = put(machine, special_floats(size(channels, kernels::kBytes), 57));
            Buffer<float> by_index = unwritten<float>(machine, size(count, columns));
            Buffer<float> in_order = unwritten<float>(machine, size(samples, columns));
            machine.backend.gather_pixels(machine.context, by_index.data(), source.data(), rows.data(), indices.data(),
                                          count, columns, values.data(), channels);
            machine.backend.gather_pixels(machine.context, in_order.data(), source.data(), rows.data(), nullptr,
                                          samples, columns, values.data(), channels);
            return {{"by index", get(machine, by_index)}, {"in order", get(machine, in_order)}};
          }};
}

OpCase augment_case(kernels::ImageShape shape, kernels::Augmentation how, int samples, int count) {
  const std::string name =
      fmt::format("augment {} of {} images of {}×{}×{}: flip {}, shift {}, cutout {}, noise {}", count, samples,
                  shape.height, shape.width, shape.channels, how.flip, how.shift, how.cutout, how.noise);
  return {name, [=](const Machine& machine) -> Written {
            const int features = shape.height * shape.width * shape.channels;
            const Buffer<float> x = put(machine, special_floats(size(count, features), 53));
            const Buffer<float> fill = put(machine, random_floats(size(shape.channels), 54));
            std::vector<std::uint32_t> chosen(size(count));
            for (std::size_t i = 0; i < chosen.size(); ++i) {
              chosen[i] = static_cast<std::uint32_t>((i * 37 + 11) % static_cast<std::size_t>(samples));
            }
            const Buffer<std::uint32_t> indices = put(machine, chosen);
            const Buffer<StepState> state = put(machine, std::vector<StepState>{kStep});
            Buffer<float> out = unwritten<float>(machine, size(count, features));
            machine.backend.augment_rows(machine.context, out.data(), x.data(), indices.data(), count, shape, how,
                                         fill.data(), 0x123456789abcdefu, state.data());
            return {{"out", get(machine, out)}};
          }};
}

const Transpose kTransposes[] = {Transpose::kNN, Transpose::kNT, Transpose::kTN};
const Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kGelu,
                                   Activation::kSigmoid};

struct Extent {
  int m, n, k;
};

}  // namespace

std::vector<OpCase> gemm_cases(Sizes sizes) {
  const std::vector<Extent> odd = {{1, 1, 1},      {3, 5, 7},    {32, 32, 16},  {33, 31, 17},
                                   {64, 64, 257},  {65, 66, 40}, {5, 130, 513}, {129, 3, 300},
                                   {130, 131, 33}, {2, 3, 4097}, {2, 3, 4700}};
  const std::vector<Extent> real = {{128, 512, 784}, {128, 256, 512},    {128, 10, 256},   {512, 784, 128},
                                    {256, 512, 128}, {10, 256, 128},     {128, 784, 512},  {1000, 512, 784},
                                    {513, 511, 509}, {1024, 1024, 1024}, {257, 129, 9001}, {2048, 2048, 4100}};
  std::vector<OpCase> cases;
  for (const Transpose transpose : kTransposes) {
    for (const Extent& at : sizes == Sizes::kOdd ? odd : real) {
      cases.push_back(gemm_case(transpose, at.m, at.n, at.k, Values::kOrdinary));
    }
    for (const Values values : kSumSpecials) cases.push_back(gemm_case(transpose, 14, 35, 600, values));
    for (const int k : {1, 7, 16, 48, 256, 600}) cases.push_back(gemm_case(transpose, 14, 36, k, Values::kTiny));
    cases.push_back(gemm_case(transpose, 36, 68, 72, Values::kOrdinary, 1));
    cases.push_back(gemm_case(transpose, 6, 5, 0, Values::kOrdinary));
  }
  return cases;
}

std::vector<OpCase> elementwise_cases(Sizes sizes) {
  const bool odd = sizes == Sizes::kOdd;
  std::vector<OpCase> cases;
  for (const Activation activation : kActivations) {
    for (const auto& [rows, columns] :
         odd ? std::vector<std::pair<int, int>>{{1, 1}, {3, 33}, {17, 10}, {70, 65}}
             : std::vector<std::pair<int, int>>{{128, 512}, {1000, 10}, {70000, 3}, {530000, 1}}) {
      cases.push_back(bias_activation_case(activation, rows, columns, true, false));
      cases.push_back(bias_activation_case(activation, rows, columns, false, true));
    }
    for (const auto& [rows, columns] : odd ? std::vector<std::pair<int, int>>{{1003, 1}, {1, 3}, {257, 5}, {9, 85}}
                                           : std::vector<std::pair<int, int>>{{1000003, 1}, {128, 512}, {100352, 16}}) {
      cases.push_back(activation_backward_case(activation, rows, columns, false));
      cases.push_back(activation_backward_case(activation, rows, columns, true));
    }
  }
  for (const int count : odd ? std::vector<int>{1, 2, 3, 4, 1023, 1025} : std::vector<int>{128 * 512, 1000003}) {
    for (const float rate : {0.0f, 0.2f, 0.999f}) cases.push_back(dropout_case(count, rate, count % 2 == 1));
    for (const auto kind : {Initialisation::kZero, Initialisation::kHe, Initialisation::kXavier}) {
      cases.push_back(initialise_case(kind, count));
    }
  }
  cases.push_back(dropout_case(1024, 0.2f, false, 1));
  cases.push_back(initialise_case(Initialisation::kHe, 1024, 3));
  return cases;
}

std::vector<OpCase> column_sum_cases(Sizes sizes) {
  std::vector<OpCase> cases;
  for (const auto& [rows, columns] :
       sizes == Sizes::kOdd
           ? std::vector<
                 std::pair<int, int>>{{0, 3}, {1, 1}, {5, 33}, {256, 10}, {257, 31}, {1281, 2}, {4097, 3}, {8200, 1}}
           : std::vector<std::pair<int, int>>{{128, 512}, {10000, 1}, {54001, 10}, {300001, 7}}) {
    cases.push_back(column_sum_case(rows, columns));
  }
  return cases;
}

std::vector<OpCase> loss_cases(Sizes sizes) {
  std::vector<OpCase> cases;
  for (const auto& [rows, classes] :
       sizes == Sizes::kOdd
           ? std::vector<std::pair<int, int>>{{1, 1}, {1, 2}, {5, 10}, {9, 31}, {3, 32}, {6, 33}, {2, 100}}
           : std::vector<std::pair<int, int>>{{128, 10}, {6000, 10}, {10000, 10}, {33, 65536}}) {
    cases.push_back(loss_case(rows, classes, Values::kOrdinary, true, 0.0f));
    cases.push_back(loss_case(rows, classes, Values::kWild, true, 0.0f));
    cases.push_back(loss_case(rows, classes, Values::kOrdinary, false, 0.0f));
    cases.push_back(loss_case(rows, classes, Values::kOrdinary, true, 0.1f));
    cases.push_back(loss_case(rows, classes, Values::kWild, false, 0.3f));
    for (const auto kind : {kernels::Regression::kSquared, kernels::Regression::kAbsolute})
      cases.push_back(regression_case(kind, rows * 37, classes % 2 == 0));
  }
  return cases;
}

std::vector<OpCase> batch_cases(Sizes sizes) {
  if (sizes == Sizes::kOdd) {
    return {augment_case({7, 5, 3}, {true, 2, 3, 0.1f}, 20, 33),
            augment_case({1, 37, 1}, {false, 0, 0, 0.5f}, 9, 5),
            augment_case({28, 28, 1}, {true, 40, 0, 0}, 30, 20),
            augment_case({6, 6, 1}, {false, 0, 9, 0}, 30, 20),
            shuffle_case(1, 0, 1),
            shuffle_case(1000, 990, 10),
            shuffle_case(257, 0, 257),
            shuffle_case(70000, 5, 300),
            pixels_case(5, 3, 1, 1),
            pixels_case(20, 33, 75, 3),
            pixels_case(9, 8, 784, 1),
            gather_case(5, 3, 1),
            gather_case(20, 33, 7),
            gather_case(9, 8, 784),
            gather_case(300, 257, 2),
            steps_case(/*recorded=*/true)};
  }
  return {augment_case({28, 28, 1}, {true, 3, 8, 0}, 1000, 128),
          augment_case({32, 32, 3}, {true, 4, 8, 0.05f}, 1000, 256),
          shuffle_case(54000, 0, 54000),
          shuffle_case(60000, 59968, 32),
          pixels_case(60000, 128, 784, 1),
          pixels_case(5000, 1000, 3072, 3),
          gather_case(60000, 128, 784),
          gather_case(10000, 5003, 2),
          steps_case(/*recorded=*/true)};
}

std::string difference(const Written& found, const Written& expected) {
  for (std::size_t array = 0; array < expected.size(); ++array) {
    const auto& [name, wanted] = expected[array];
    const auto& words = found.at(array).second;
    if (words.size() != wanted.size()) return name + ": sizes differ";
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (words[i] != wanted[i]) return fmt::format("{}[{}] is {:08x}, expected {:08x}", name, i, words[i], wanted[i]);
    }
  }
  return {};
}

}  // namespace tests
