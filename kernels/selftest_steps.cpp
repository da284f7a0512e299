// The self-test's digests of the ops that a training step calls in place of others: several ops as one, all tensors of
// a network at once, samples that are stored as bytes; and of activations inside batch normalisation. They came after
// the constants that the trainer's identity is a digest of.
#include <initializer_list>

#include "kernels/optimizer_formula.h"
#include "kernels/selftest_run.h"

namespace kernels::selftest {
namespace {

constexpr std::pair<Activation, const char*> kActivations[] = {{Activation::kNone, "none"},
                                                               {Activation::kRelu, "relu"},
                                                               {Activation::kTanh, "tanh"},
                                                               {Activation::kGelu, "gelu"},
                                                               {Activation::kSigmoid, "sigmoid"}};

void add_pixels(Run& run) {
  constexpr std::uint32_t kSamples = 60, kCount = 45;
  constexpr int kColumns = 75, kChannels = 3;
  std::vector<std::uint8_t> bytes(kSamples * kColumns);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(random_word(150, i));
  std::vector<std::uint32_t> all(kSamples), chosen(kCount);
  for (std::uint32_t i = 0; i < kSamples; ++i) all[i] = kSamples - 1 - i;
  for (std::uint32_t i = 0; i < kCount; ++i) chosen[i] = i * 7 % kSamples;
  const Buffer<std::uint8_t> source = run.upload(bytes);
  const Buffer<std::uint32_t> rows = run.upload(all), indices = run.upload(chosen);
  const Buffer<float> values = run.upload(special(151, std::size_t{kChannels} * kBytes, true));
  Buffer<float> by_index = run.make<float>(kCount * kColumns), in_order = run.make<float>(kSamples * kColumns);
  run.backend.gather_pixels(run.context, by_index.data(), source.data(), rows.data(), indices.data(), kCount, kColumns,
                            values.data(), kChannels);
  run.backend.gather_pixels(run.context, in_order.data(), source.data(), rows.data(), nullptr, kSamples, kColumns,
                            values.data(), kChannels);
  Digest digest;
  digest.add(run.download(by_index));
  digest.add(run.download(in_order));
  run.record("gather_pixels", digest);
}

void add_bias_gradients(Run& run) {
  constexpr int kRows = 4700, kColumns = 9, kCount = kRows * kColumns;
  const Buffer<float> x = run.upload(special(152, kCount, false)), bias = run.upload(ordinary(153, kColumns));
  const Buffer<float> dout = run.upload(special(154, kCount, false));
  Buffer<float> out = run.make<float>(kCount), z = run.make<float>(kCount), dz = run.make<float>(kCount);
  Buffer<float> dbias = run.make<float>(kColumns);
  for (const auto& [kind, name] : kActivations) {
    run.backend.bias_activation(run.context, kind, out.data(), z.data(), x.data(), bias.data(), kRows, kColumns);
    run.backend.activation_backward(run.context, kind, dz.data(), dbias.data(), dout.data(), out.data(), z.data(),
                                    kRows, kColumns);
    Digest digest;
    digest.add(run.download(dz));
    digest.add(run.download(dbias));
    run.record(std::string("activation_backward.bias.") + name, digest);
  }
}

/// Arrays of a batch normalisation, there and back.
struct Norm {
  Norm(Run& run, int rows, int columns)
      : width(static_cast<std::size_t>(columns)),
        count(static_cast<std::size_t>(rows) * width),
        x(run.upload(special(155, count, false))),
        gamma(run.upload(ordinary(156, width))),
        beta(run.upload(ordinary(157, width))),
        running_mean(run.upload(Floats(width, 0.0f))),
        running_variance(run.upload(Floats(width, 1.0f))),
        mean(run.make<float>(width)),
        inverse(run.make<float>(width)),
        out(run.make<float>(count)),
        dx(run.make<float>(count)),
        dgamma(run.make<float>(width)),
        dbeta(run.make<float>(width)) {}

  std::size_t width, count;
  Buffer<float> x, gamma, beta, running_mean, running_variance, mean, inverse, out, dx, dgamma, dbeta;
};

void record_all(Run& run, const std::string& name, std::initializer_list<const Buffer<float>*> parts) {
  Digest digest;
  for (const Buffer<float>* part : parts) digest.add(run.download(*part));
  run.record(name, digest);
}

void add_batch_norm(Run& run, Activation kind, const std::string& name) {
  constexpr int kRows = 600, kColumns = 35;
  Norm n(run, kRows, kColumns);
  const Buffer<float> dout = run.upload(special(158, n.count, false));
  run.backend.batch_norm(run.context, kind, n.out.data(), n.mean.data(), n.inverse.data(), n.running_mean.data(),
                         n.running_variance.data(), n.x.data(), n.gamma.data(), n.beta.data(), kRows, kColumns, 1e-5f,
                         0.1f);
  record_all(run, "batch_norm." + name, {&n.out, &n.mean, &n.inverse, &n.running_mean, &n.running_variance});
  const bool reads_out = kind == Activation::kTanh || kind == Activation::kSigmoid;
  run.backend.batch_norm_backward(run.context, kind, n.dx.data(), n.dgamma.data(), n.dbeta.data(), dout.data(),
                                  reads_out ? n.out.data() : nullptr, n.x.data(), n.gamma.data(), n.beta.data(),
                                  n.mean.data(), n.inverse.data(), kRows, kColumns);
  record_all(run, "batch_norm_backward." + name, {&n.dx, &n.dgamma, &n.dbeta});
  run.backend.batch_norm_evaluate(run.context, kind, n.out.data(), n.x.data(), n.gamma.data(), n.beta.data(),
                                  n.running_mean.data(), n.running_variance.data(), kRows, kColumns, 1e-5f);
  run.record("batch_norm_evaluate." + name, n.out);
}

/// A back end without these ops makes them of two, with the same bits.
void add_pooled_norm(Run& run, Activation kind, const std::string& name) {
  constexpr Pool2dShape kPool{5, 13, 12, 17, 2, 2, 2, 6, 6};
  constexpr int kRows = 5 * 13 * 12;
  constexpr std::size_t kPooled = std::size_t{5} * 6 * 6 * 17;
  const Backend& ops = run.backend;
  const bool is_one = ops.batch_norm_max_pool != nullptr;
  Norm n(run, kRows, kPool.channels);
  const Buffer<float> dy = run.upload(special(159, kPooled, false));
  Buffer<float> y = run.make<float>(kPooled);
  Buffer<std::int32_t> winner = run.make<std::int32_t>(kPooled);
  if (is_one) {
    ops.batch_norm_max_pool(run.context, kind, kPool, y.data(), winner.data(), n.mean.data(), n.inverse.data(),
                            n.running_mean.data(), n.running_variance.data(), n.x.data(), n.gamma.data(), n.beta.data(),
                            1e-5f, 0.1f);
  } else {
    ops.batch_norm(run.context, kind, n.out.data(), n.mean.data(), n.inverse.data(), n.running_mean.data(),
                   n.running_variance.data(), n.x.data(), n.gamma.data(), n.beta.data(), kRows, kPool.channels, 1e-5f,
                   0.1f);
    ops.max_pool2d(run.context, kPool, y.data(), winner.data(), n.out.data());
  }
  Digest forward;
  forward.add(run.download(winner));
  for (const Buffer<float>* part : {&y, &n.mean, &n.inverse, &n.running_mean, &n.running_variance})
    forward.add(run.download(*part));
  run.record("batch_norm_max_pool." + name, forward);
  if (is_one) {
    ops.batch_norm_max_pool_backward(run.context, kind, kPool, n.dx.data(), n.dgamma.data(), n.dbeta.data(), dy.data(),
                                     winner.data(), n.x.data(), n.gamma.data(), n.beta.data(), n.mean.data(),
                                     n.inverse.data());
  } else {
    ops.max_pool2d_backward(run.context, kPool, n.dx.data(), dy.data(), winner.data());
    ops.batch_norm_backward(run.context, kind, n.dx.data(), n.dgamma.data(), n.dbeta.data(), n.dx.data(), nullptr,
                            n.x.data(), n.gamma.data(), n.beta.data(), n.mean.data(), n.inverse.data(), kRows,
                            kPool.channels);
  }
  record_all(run, "batch_norm_max_pool_backward." + name, {&n.dx, &n.dgamma, &n.dbeta});
  if (is_one) {
    ops.batch_norm_max_pool_evaluate(run.context, kind, kPool, y.data(), n.x.data(), n.gamma.data(), n.beta.data(),
                                     n.running_mean.data(), n.running_variance.data(), 1e-5f);
  } else {
    ops.batch_norm_evaluate(run.context, kind, n.out.data(), n.x.data(), n.gamma.data(), n.beta.data(),
                            n.running_mean.data(), n.running_variance.data(), kRows, kPool.channels, 1e-5f);
    ops.max_pool2d(run.context, kPool, y.data(), nullptr, n.out.data());
  }
  run.record("batch_norm_max_pool_evaluate." + name, y);
}

/// sum_of_squares_all and optimizer_update_all where the back end has them; the second tensor is not trained.
void add_whole_network(Run& run) {
  constexpr int kCounts[] = {2500, 300, 1, 5000};
  OptimizerSettings settings;
  settings.kind = Optimizer::kAdamW;
  settings.weight_decay = 0.01f;
  std::vector<Buffer<float>> arrays;
  std::vector<OptimizedTensor> tensors;
  for (std::uint32_t i = 0; i < std::size(kCounts); ++i) {
    const auto count = static_cast<std::size_t>(kCounts[i]);
    for (std::uint32_t part = 0; part < 4; ++part)
      arrays.push_back(run.upload(part % 3 == 0 ? special(160 + 4 * i + part, count, false) : Floats(count, 0.0f)));
    Buffer<float>* const of = arrays.data() + 4 * i;
    const bool is_trained = i != 1;
    tensors.push_back({of[0].data(), is_trained ? of[1].data() : nullptr, is_trained ? of[2].data() : nullptr,
                       is_trained ? of[3].data() : nullptr, kCounts[i], 2 * i});
  }
  Buffer<StepState> state = run.upload(std::vector<StepState>{step_state(settings, 1, 0, 0.001)});
  Buffer<float> squares = run.make<float>(std::size(kCounts) - 1);
  Buffer<std::uint64_t> prints = run.make<std::uint64_t>(std::size(kCounts));
  update_all(run.backend, run.context, settings, state.data(), tensors, 2.5f, squares.data(), prints.data());
  run.record("sum_of_squares_all", squares);
  Digest digest;
  digest.add(run.download(prints));
  for (const Buffer<float>& array : arrays) digest.add(run.download(array));
  run.record("optimizer_update_all", digest);
}

}  // namespace

void add_steps(Run& run) {
  run.in_identity = false;
  add_pixels(run);
  add_bias_gradients(run);
  for (const auto& [kind, name] : kActivations) add_batch_norm(run, kind, name);
  for (const auto& [kind, name] : kActivations)
    if (kind == Activation::kNone || kind == Activation::kRelu || kind == Activation::kGelu)
      add_pooled_norm(run, kind, name);
  add_whole_network(run);
}

}  // namespace kernels::selftest
