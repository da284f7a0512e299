// The CPU's ops on each element or column by itself, on every instruction set and number of threads, against plain
// loops over the functions of core/math_float.h and the draws of core/philox.h.
#include <immintrin.h>

#include "core/math_float.h"
#include "core/philox.h"
#include "kernels/column_sum_formula.h"
#include "kernels/initialise_formula.h"
#include "tests/kernels/cpu_contexts.h"

using kernels::Activation;
using kernels::cpu_backend;
using tests::Array;
using tests::cpu_contexts;
using tests::first_difference;

namespace {

const Activation kActivations[] = {Activation::kNone, Activation::kRelu, Activation::kTanh, Activation::kGelu,
                                   Activation::kSigmoid};
const std::pair<int, int> kShapes[] = {{1, 1}, {3, 10}, {7, 33}, {128, 257}, {1, 20001}, {2000, 10}};

float expected_activation(Activation activation, float z) {
  switch (activation) {
    case Activation::kNone:
      return z;
    case Activation::kRelu:
      return z <= 0.0f ? 0.0f : z;
    case Activation::kTanh:
      return core::portable::tanh(z);
    case Activation::kGelu:
      return core::portable::gelu(z);
    case Activation::kSigmoid:
      return core::portable::sigmoid(z);
  }
  return 0.0f;
}

float expected_gradient(Activation activation, float dout, float out, float z) {
  switch (activation) {
    case Activation::kNone:
      return dout;
    case Activation::kRelu:
      return out <= 0.0f ? 0.0f : dout;
    case Activation::kTanh:
      return dout * core::portable::fma(-out, out, 1.0f);
    case Activation::kGelu:
      return dout * core::portable::gelu_derivative(z);
    case Activation::kSigmoid:
      return dout * (out * (1.0f - out));
  }
  return 0.0f;
}

std::size_t product(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

/// Numbers of the size that activations see, specials among them.
std::vector<float> inputs(std::size_t count, std::uint32_t seed) {
  std::vector<float> values = tests::special_floats(count, seed);
  for (std::size_t i = 0; i < count; i += 2) values[i] *= 8.0f;
  return values;
}

std::vector<float> expected_dropout(const std::vector<float>& in, float rate, std::uint64_t seed, std::uint32_t tensor,
                                    std::uint32_t step) {
  std::vector<float> out(in.size());
  const auto threshold = static_cast<std::uint32_t>(rate * 16777216.0f);
  for (std::uint32_t i = 0; i < in.size(); ++i) {
    const core::Philox4 words = core::philox({{i / 4, step, 0, (2u << 24) + tensor}}, seed);
    out[i] = words.word[i % 4] >> 8 < threshold ? 0.0f : in[i] * (1.0f / (1.0f - rate));
  }
  return out;
}

}  // namespace

TEST_CASE("bias_activation equals the formula at every element and stores z where it is wanted") {
  for (Activation activation : kActivations) {
    for (auto [rows, columns] : kShapes) {
      const std::vector<float> x = inputs(product(rows, columns), 1),
                               bias = inputs(static_cast<std::size_t>(columns), 2);
      std::vector<float> z(x.size()), out(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) {
        z[i] = x[i] + bias[i % bias.size()];
        out[i] = expected_activation(activation, z[i]);
      }
      const Array<float> bias_array(bias);
      for (kernels::Context* context : cpu_contexts()) {
        INFO("activation " << static_cast<int>(activation) << " " << rows << "×" << columns << " on "
                           << describe_device(*context));
        Array<float> input(x), sum(x.size()), result(x.size()), alone(x.size()), in_place(x);
        cpu_backend().bias_activation(*context, activation, result.data(), sum.data(), input.data(), bias_array.data(),
                                      rows, columns);
        CHECK(first_difference(result.values(), out) == "");
        CHECK(first_difference(sum.values(), z) == "");
        cpu_backend().bias_activation(*context, activation, alone.data(), nullptr, input.data(), bias_array.data(),
                                      rows, columns);
        CHECK(first_difference(alone.values(), out) == "");
        cpu_backend().bias_activation(*context, activation, result.data(), input.data(), input.data(),
                                      bias_array.data(), rows, columns);
        CHECK(first_difference(input.values(), z) == "");
        cpu_backend().bias_activation(*context, activation, in_place.data(), nullptr, in_place.data(),
                                      bias_array.data(), rows, columns);
        CHECK(first_difference(in_place.values(), out) == "");
      }
    }
  }
}

TEST_CASE("activation_backward equals the formula at every element, in place too") {
  for (Activation activation : kActivations) {
    for (int count : {1, 5, 64, 1000, 40001}) {
      const std::vector<float> dout = inputs(static_cast<std::size_t>(count), 3), z = inputs(dout.size(), 4);
      std::vector<float> out(z.size()), dz(z.size());
      for (std::size_t i = 0; i < z.size(); ++i) {
        out[i] = expected_activation(activation, z[i]);
        dz[i] = expected_gradient(activation, dout[i], out[i], z[i]);
      }
      const Array<float> out_array(out), z_array(z);
      for (kernels::Context* context : cpu_contexts()) {
        INFO("activation " << static_cast<int>(activation) << " " << count << " on " << describe_device(*context));
        Array<float> gradient(dout), result(dout.size());
        const float* source = activation == Activation::kGelu ? z_array.data() : nullptr;
        cpu_backend().activation_backward(*context, activation, result.data(), nullptr, gradient.data(),
                                          out_array.data(), source, count, 1);
        CHECK(first_difference(result.values(), dz) == "");
        cpu_backend().activation_backward(*context, activation, gradient.data(), nullptr, gradient.data(),
                                          out_array.data(), source, count, 1);
        CHECK(first_difference(gradient.values(), dz) == "");
      }
    }
  }
}

TEST_CASE("activation_backward sums its gradient down the columns by the column rule, in the same pass") {
  for (Activation activation : kActivations) {
    for (const auto& [rows, columns] :
         std::vector<std::pair<int, int>>{{1, 1}, {3, 70}, {255, 21}, {4097, 16}, {600, 85}}) {
      const std::size_t width = static_cast<std::size_t>(columns), count = static_cast<std::size_t>(rows) * width;
      const std::vector<float> dout = inputs(count, 3), z = inputs(count, 4);
      std::vector<float> out(count), dz(count), dbias(width);
      for (std::size_t i = 0; i < count; ++i) {
        out[i] = expected_activation(activation, z[i]);
        dz[i] = expected_gradient(activation, dout[i], out[i], z[i]);
      }
      for (std::size_t j = 0; j < width; ++j) dbias[j] = kernels::column_sum_of(rows, dz.data() + j, columns);
      const Array<float> out_array(out), z_array(z);
      for (kernels::Context* context : cpu_contexts()) {
        INFO("activation " << static_cast<int>(activation) << " " << rows << "×" << columns << " on "
                           << describe_device(*context));
        Array<float> gradient(dout), result(count), sums(width), sums_in_place(width);
        cpu_backend().activation_backward(*context, activation, result.data(), sums.data(), gradient.data(),
                                          out_array.data(), z_array.data(), rows, columns);
        CHECK(first_difference(result.values(), dz) == "");
        CHECK(first_difference(sums.values(), dbias) == "");
        cpu_backend().activation_backward(*context, activation, gradient.data(), sums_in_place.data(), gradient.data(),
                                          out_array.data(), z_array.data(), rows, columns);
        CHECK(first_difference(gradient.values(), dz) == "");
        CHECK(first_difference(sums_in_place.values(), dbias) == "");
      }
    }
  }
}

TEST_CASE("dropout keeps an element by its own random number, whoever computes it") {
  for (float rate : {0.0f, 0.2f, 0.5f, 0.999f}) {
    for (int count : {1, 3, 4, 63, 257, 20003}) {
      const std::vector<float> in = inputs(static_cast<std::size_t>(count), 5);
      const kernels::StepState state{77, 0, 0.0f, 0.0f, 0.0f};
      const std::vector<float> expected = expected_dropout(in, rate, 0x123456789abcull, 6, state.step);
      for (kernels::Context* context : cpu_contexts()) {
        INFO("rate " << rate << ", " << count << " on " << describe_device(*context));
        Array<float> input(in), output(in.size());
        cpu_backend().dropout(*context, output.data(), input.data(), count, rate, 0x123456789abcull, 6, &state);
        CHECK(first_difference(output.values(), expected) == "");
        cpu_backend().dropout(*context, input.data(), input.data(), count, rate, 0x123456789abcull, 6, &state);
        CHECK(first_difference(input.values(), expected) == "");
      }
    }
  }
}

TEST_CASE("column_sum adds in chunks of 256 and groups of 16, each from plus zero") {
  const std::pair<int, int> shapes[] = {{0, 3},    {1, 1},    {255, 2},  {256, 10},  {257, 65},  {128, 512},
                                        {128, 10}, {4095, 3}, {4096, 2}, {4097, 65}, {8193, 17}, {300, 1100}};
  for (auto [rows, columns] : shapes) {
    for (bool special : {false, true}) {
      const std::vector<float> x =
          special ? inputs(product(rows, columns), 7) : tests::random_floats(product(rows, columns), 8);
      std::vector<float> expected(static_cast<std::size_t>(columns));
      for (std::size_t j = 0; j < expected.size(); ++j) {
        float total = 0.0f, group = 0.0f, chunk = 0.0f;
        for (int i = 0; i < rows; ++i) {
          chunk = chunk + x[static_cast<std::size_t>(i) * expected.size() + j];
          if (i + 1 == rows || (i + 1) % 256 == 0) group = group + chunk, chunk = 0.0f;
          if (i + 1 == rows || (i + 1) % 4096 == 0) total = total + group, group = 0.0f;
        }
        expected[j] = total;
      }
      const Array<float> input(x);
      for (kernels::Context* context : cpu_contexts()) {
        INFO(rows << "×" << columns << " on " << describe_device(*context));
        Array<float> sums(expected.size());
        cpu_backend().column_sum(*context, sums.data(), input.data(), rows, columns);
        CHECK(first_difference(sums.values(), expected) == "");
      }
    }
  }
}

TEST_CASE("initialise draws each weight by its place and fills nothing else") {
  for (auto kind : {kernels::Initialisation::kZero, kernels::Initialisation::kHe, kernels::Initialisation::kXavier}) {
    for (int count : {1, 2, 5, 64, 20002}) {
      const float gain = kernels::initialisation_gain(kind, 784, 512, 0.5f);
      std::vector<float> expected(static_cast<std::size_t>(count));
      for (std::uint32_t i = 0; i < expected.size(); ++i) {
        const core::Philox4 words = core::philox({{i / 4, 0, 0, (1u << 24) + 9}}, 42);
        expected[i] = kernels::initial_weights(kind, words, gain).weight[i % 4];
      }
      for (kernels::Context* context : cpu_contexts()) {
        INFO("kind " << static_cast<int>(kind) << ", " << count << " on " << describe_device(*context));
        Array<float> weights(expected.size());
        cpu_backend().initialise(*context, kind, weights.data(), count, 784, 512, 0.5f, 42, 9);
        CHECK(first_difference(weights.values(), expected) == "");
      }
    }
  }
}

TEST_CASE("an element's op keeps denormals on a thread that flushes them") {
  const std::vector<float> x(5000, 0x1p-130f), zeros(1, 0.0f);
  for (kernels::Context* context : cpu_contexts()) {
    INFO(describe_device(*context));
    const Array<float> input(x), bias(zeros);
    Array<float> output(x.size());
    const unsigned before = _mm_getcsr();
    _mm_setcsr(0x1f80 | 0x8040);
    cpu_backend().bias_activation(*context, Activation::kRelu, output.data(), nullptr, input.data(), bias.data(), 5000,
                                  1);
    _mm_setcsr(before);
    CHECK(first_difference(output.values(), x) == "");
  }
}
