// Digests of the generator, the functions and the ops, over inputs that Philox makes: ordinary numbers, and raw bits,
// which are denormals, zeros, infinities and NaNs as well.
#include "kernels/selftest.h"

#include <array>
#include <iterator>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/math_angle.h"
#include "core/math_double.h"
#include "core/math_float.h"
#include "core/permutation.h"
#include "kernels/optimizer_formula.h"
#include "kernels/selftest_constants.h"
#include "kernels/selftest_run.h"

namespace kernels {
namespace {

namespace portable = core::portable;
using namespace selftest;

template <class Function>
Digest over_floats(Function function) {
  Digest digest;
  for (const float x : raw(1, 20000)) digest.add(function(x));
  for (const float x : ordinary(2, 5000)) digest.add(function(8.0f * x));
  return digest;
}

template <class Function>
Digest over_doubles(Function function, double from, double to) {
  Digest digest;
  for (std::size_t i = 0; i < 5000; ++i) {
    const std::uint64_t bits = std::uint64_t{random_word(3, 2 * i)} << 21 ^ random_word(3, 2 * i + 1);
    digest.add(function(from + (to - from) * (static_cast<double>(bits) * 0x1p-53)));
  }
  return digest;
}

void add_host(Run& run) {
  Digest words;
  for (std::size_t i = 0; i < 4096; ++i) words.add(random_word(0, i));
  run.record("host.philox", words);
  Digest places;
  for (const std::uint64_t n : {1ull, 2ull, 3ull, 1000ull, 65537ull, 1ull << 40, 1ull << 63}) {
    const core::Permutation permutation(n, 42, 3, 7);
    for (std::uint64_t i = 0; i < 100; ++i) places.add(permutation(i * 0x123456789abcdefu % n));
  }
  run.record("host.permutation", places);
  run.record("host.exp", over_floats([](float x) { return portable::exp(x); }));
  run.record("host.log", over_floats([](float x) { return portable::log(x); }));
  run.record("host.tanh", over_floats([](float x) { return portable::tanh(x); }));
  run.record("host.sigmoid", over_floats([](float x) { return portable::sigmoid(x); }));
  run.record("host.gelu", over_floats([](float x) { return portable::gelu(x); }));
  run.record("host.gelu_derivative", over_floats([](float x) { return portable::gelu_derivative(x); }));
  run.record("host.sin", over_floats([](float x) { return portable::sin(x); }));
  run.record("host.cos", over_floats([](float x) { return portable::cos(x); }));
  run.record("host.double_exp", over_doubles([](double x) { return portable::exp(x); }, -750.0, 715.0));
  run.record("host.double_log", over_doubles([](double x) { return portable::log(x); }, 0.0, 1e6));
  run.record("host.double_sin", over_doubles([](double x) { return portable::sin(x); }, -100.0, 100.0));
  run.record("host.double_cos", over_doubles([](double x) { return portable::cos(x); }, -100.0, 100.0));
  run.record("host.pow_int", over_doubles([](double x) { return portable::pow_int(x, 1234); }, 0.5, 1.5));
}

void add_gemm(Run& run) {
  constexpr std::pair<Transpose, const char*> kForms[] = {
      {Transpose::kNN, "nn"}, {Transpose::kNT, "nt"}, {Transpose::kTN, "tn"}};
  constexpr std::array<int, 3> kShapes[] = {{1, 1, 1},    {3, 5, 7},     {17, 33, 257},
                                            {2, 3, 9001}, {65, 10, 300}, {31, 70, 0}};
  const auto add = [&](const std::string& name, Transpose form, std::array<int, 3> shape, const Floats& a,
                       const Floats& b) {
    const auto [m, n, k] = shape;
    const Buffer<float> left = run.upload(a), right = run.upload(b);
    Buffer<float> product = run.make<float>(static_cast<std::size_t>(m * n));
    run.backend.gemm(run.context, form, m, n, k, left.data(), right.data(), product.data());
    run.record(name, product);
  };
  for (const auto& [form, form_name] : kForms) {
    const std::string prefix = std::string("gemm.") + form_name + ".";
    for (const auto& shape : kShapes) {
      const auto [m, n, k] = shape;
      add(prefix + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k), form, shape,
          ordinary(10, static_cast<std::size_t>(m * k)), ordinary(11, static_cast<std::size_t>(k * n)));
    }
    constexpr std::array<int, 3> kSpecial = {19, 21, 600};
    add(prefix + "denormals", form, kSpecial, special(12, 19 * 600, false), special(13, 600 * 21, false));
    add(prefix + "not_finite", form, {67, 35, 5}, special(14, 67 * 5, true), special(15, 5 * 35, true));
  }
}

void add_column_sum(Run& run) {
  const auto add = [&](const std::string& name, int rows, int columns, const Floats& x) {
    const Buffer<float> source = run.upload(x);
    Buffer<float> sums = run.make<float>(static_cast<std::size_t>(columns));
    run.backend.column_sum(run.context, sums.data(), source.data(), rows, columns);
    run.record("column_sum." + name, sums);
  };
  add("1x7", 1, 7, ordinary(20, 7));
  add("300x33", 300, 33, ordinary(21, 300 * 33));
  add("9001x3", 9001, 3, ordinary(22, 9001 * 3));
  add("special", 270, 40, special(23, 270 * 40, true));
}

void add_activations(Run& run) {
  constexpr std::pair<Activation, const char*> kKinds[] = {{Activation::kNone, "none"},
                                                           {Activation::kRelu, "relu"},
                                                           {Activation::kTanh, "tanh"},
                                                           {Activation::kGelu, "gelu"},
                                                           {Activation::kSigmoid, "sigmoid"}};
  constexpr int kRows = 37, kColumns = 53, kCount = kRows * kColumns;
  Floats values = special(30, kCount, true);
  const Floats any = raw(31, kCount);
  for (int i = 0; i < kCount; ++i) values[i] = i % 2 == 0 ? 8.0f * values[i] : any[i];
  const Buffer<float> x = run.upload(values), bias = run.upload(ordinary(32, kColumns));
  const Buffer<float> dout = run.upload(special(33, kCount, true));
  Buffer<float> out = run.make<float>(kCount), z = run.make<float>(kCount), dz = run.make<float>(kCount);
  for (const auto& [kind, name] : kKinds) {
    run.backend.bias_activation(run.context, kind, out.data(), z.data(), x.data(), bias.data(), kRows, kColumns);
    run.record(std::string("activation.") + name, out);
    run.backend.activation_backward(run.context, kind, dz.data(), nullptr, dout.data(), out.data(), z.data(), kCount,
                                    1);
    run.record(std::string("activation_backward.") + name, dz);
  }
}

void add_softmax(Run& run) {
  const auto add = [&](const std::string& name, int rows, int classes, const Floats& logits) {
    std::vector<std::int32_t> labels(static_cast<std::size_t>(rows));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labels[i] = static_cast<std::int32_t>(random_word(40, i) % static_cast<std::uint32_t>(classes));
    }
    const Buffer<float> z = run.upload(logits);
    const Buffer<std::int32_t> label = run.upload(labels);
    Buffer<float> loss = run.make<float>(labels.size()), gradient = run.make<float>(logits.size());
    Buffer<std::int32_t> correct = run.make<std::int32_t>(labels.size());
    run.backend.softmax_cross_entropy(run.context, loss.data(), correct.data(), gradient.data(), z.data(), label.data(),
                                      rows, classes, 0.0f);
    Digest digest;
    digest.add(run.download(loss));
    digest.add(run.download(correct));
    digest.add(run.download(gradient));
    run.record("softmax." + name, digest);
  };
  const auto scaled = [](Floats values) {
    for (float& value : values) value *= 16.0f;
    return values;
  };
  add("5x1", 5, 1, ordinary(41, 5));
  add("128x10", 128, 10, scaled(ordinary(42, 1280)));
  add("9x33", 9, 33, scaled(ordinary(43, 9 * 33)));
  add("3x1000", 3, 1000, scaled(ordinary(44, 3000)));
  add("special", 50, 12, special(45, 600, true));
}

void add_random(Run& run) {
  constexpr std::pair<Initialisation, const char*> kKinds[] = {
      {Initialisation::kZero, "zero"}, {Initialisation::kHe, "he"}, {Initialisation::kXavier, "xavier"}};
  Buffer<float> weights = run.make<float>(4099);
  for (const auto& [kind, name] : kKinds) {
    run.backend.initialise(run.context, kind, weights.data(), 4099, 784, 512, 1.0f, 0x123456789u, 5);
    run.record(std::string("initialise.") + name, weights);
  }
  const Buffer<float> in = run.upload(special(50, 4099, true));
  const Buffer<StepState> state = run.upload(std::vector<StepState>{{77, 2, 0.1f, 1.0f, 1.0f}});
  for (const auto& [rate, name] : {std::pair{0.0f, "0"}, {0.2f, "0.2"}, {0.5f, "0.5"}}) {
    run.backend.dropout(run.context, weights.data(), in.data(), 4099, rate, 0x123456789u, 6, state.data());
    run.record(std::string("dropout.") + name, weights);
  }
}

void add_optimizers(Run& run) {
  constexpr std::pair<Optimizer, const char*> kKinds[] = {
      {Optimizer::kSgd, "sgd"}, {Optimizer::kAdam, "adam"}, {Optimizer::kAdamW, "adamw"}};
  constexpr int kCount = 2500;
  for (const auto& [kind, name] : kKinds) {
    OptimizerSettings settings;
    settings.kind = kind;
    settings.weight_decay = 0.01f;
    Buffer<float> w = run.upload(special(60, kCount, false));
    Buffer<float> m = run.upload(Floats(kCount, 0.0f)), v = run.upload(Floats(kCount, 0.0f));
    Buffer<std::uint64_t> fingerprint = run.make<std::uint64_t>(1);
    Digest digest;
    for (std::uint32_t step = 1; step <= 3; ++step) {
      const Buffer<float> gradient = run.upload(special(60 + step, kCount, step == 3));
      const Buffer<StepState> state = run.upload(std::vector<StepState>{step_state(settings, step, 0, 0.001)});
      run.backend.optimizer_update(run.context, settings, state.data(), w.data(), m.data(),
                                   kind == Optimizer::kSgd ? nullptr : v.data(), gradient.data(), kCount, 3,
                                   fingerprint.data());
      digest.add(run.download(fingerprint));
    }
    digest.add(run.download(w));
    digest.add(run.download(m));
    digest.add(run.download(v));
    run.record(std::string("optimizer.") + name, digest);
  }
}

void add_fingerprints(Run& run) {
  for (const int count : {1, 1023, 1024, 1025, 5000}) {
    const Buffer<float> x = run.upload(raw(70, static_cast<std::size_t>(count)));
    Buffer<std::uint64_t> out = run.make<std::uint64_t>(1);
    run.backend.fingerprint(run.context, x.data(), count, 9, out.data());
    run.record("fingerprint." + std::to_string(count), out);
  }
}

void add_batches(Run& run) {
  constexpr std::uint32_t kSamples = 1000, kBatch = 100;
  Buffer<std::uint32_t> indices = run.make<std::uint32_t>(kBatch);
  StepState step{};
  step.epoch = 4;
  step.first = 300;
  const Buffer<StepState> state = run.upload(std::vector<StepState>{step});
  run.backend.shuffle_indices(run.context, indices.data(), kSamples, 0x123456789u, state.data(), kBatch);
  run.record("batch.shuffle", indices);
  Buffer<std::uint64_t> fingerprint = run.make<std::uint64_t>(1);
  run.backend.batch_fingerprint(run.context, indices.data(), kBatch, fingerprint.data());
  run.record("batch.fingerprint", fingerprint);
  const Buffer<float> source = run.upload(raw(80, kSamples * 7));
  Buffer<float> rows = run.make<float>(kBatch * 7);
  run.backend.gather_rows(run.context, rows.data(), source.data(), indices.data(), kBatch, 7);
  run.record("batch.rows", rows);
  std::vector<std::int32_t> numbers(kSamples);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int32_t>(i % 10);
  const Buffer<std::int32_t> labels = run.upload(numbers);
  Buffer<std::int32_t> gathered = run.make<std::int32_t>(kBatch);
  run.backend.gather_labels(run.context, gathered.data(), labels.data(), indices.data(), kBatch, 1);
  run.record("batch.labels", gathered);
}

}  // namespace

std::vector<SelftestDigest> selftest_digests(const Backend& backend, Context& context) {
  Run run(backend, context);
  for (const auto add : {add_host, add_gemm, add_column_sum, add_activations, add_softmax, add_random, add_optimizers,
                         add_fingerprints, add_batches, add_images, add_text, add_training, add_steps}) {
    add(run);
  }
  return std::move(run.digests);
}

std::vector<SelftestResult> run_selftest(const Backend& backend, Context& context) {
  const std::vector<SelftestDigest> found = selftest_digests(backend, context);
  constexpr std::size_t kInIdentity = std::size(kSelftestConstants);
  const char* const mismatch = "selftest_constants.h does not match selftest.cpp";
  core::check(found.size() == kInIdentity + std::size(kLaterSelftestConstants), mismatch);
  std::vector<SelftestResult> results;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool in_identity = i < kInIdentity;
    const SelftestConstant& constant = in_identity ? kSelftestConstants[i] : kLaterSelftestConstants[i - kInIdentity];
    core::check(found[i].name == constant.name && found[i].in_identity == in_identity, mismatch);
    results.push_back({found[i].name, constant.digest, found[i].digest});
  }
  return results;
}

std::string selftest_digest() {
  std::string text;
  for (const SelftestConstant& constant : kSelftestConstants) {
    text += constant.name;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[constant.digest >> shift & 15u];
    text += '\n';
  }
  return core::sha256_hex(text).substr(0, 16);
}

}  // namespace kernels
