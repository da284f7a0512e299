// The self-test's digests of the ops that train: later optimizers, clipping, smoothed labels, ranks, errors of
// predicted numbers, augmentation.
#include "kernels/optimizer_formula.h"
#include "kernels/selftest_run.h"

namespace kernels::selftest {
namespace {

void add_optimizer(Run& run, const std::string& name, OptimizerSettings settings) {
  constexpr int kCount = 2500;
  settings.weight_decay = 0.01f;
  Buffer<float> w = run.upload(special(130, kCount, false));
  Buffer<float> m = run.upload(Floats(kCount, 0.0f)), v = run.upload(Floats(kCount, 0.0f));
  Buffer<float> squares = run.make<float>(2);
  Digest digest;
  for (std::uint32_t step = 1; step <= 3; ++step) {
    const Buffer<float> gradient = run.upload(special(130 + step, kCount, step == 3));
    Buffer<StepState> state = run.upload(std::vector<StepState>{step_state(settings, step, 0, 0.001)});
    run.backend.sum_of_squares(run.context, squares.data(), gradient.data(), kCount);
    run.backend.sum_of_squares(run.context, squares.data() + 1, w.data(), 700);
    run.backend.clip_gradients(run.context, state.data(), squares.data(), 2, 2.5f);
    run.backend.optimizer_update(run.context, settings, state.data(), w.data(), m.data(),
                                 has_second_moment(settings.kind) ? v.data() : nullptr, gradient.data(), kCount, 3,
                                 nullptr);
    digest.add(run.download(squares));
  }
  digest.add(run.download(w));
  digest.add(run.download(m));
  digest.add(run.download(v));
  run.record("clipped." + name, digest);
}

void add_norm(Run& run) {
  Digest digest;
  Buffer<float> sum = run.make<float>(1);
  for (const int count : {1, 257, 4097, 20000}) {
    const Buffer<float> x = run.upload(ordinary(140, static_cast<std::size_t>(count)));
    run.backend.sum_of_squares(run.context, sum.data(), x.data(), count);
    digest.add(run.download(sum));
  }
  run.record("sum_of_squares", digest);
}

void add_losses(Run& run) {
  constexpr int kRows = 60, kClasses = 37, kCount = kRows * kClasses;
  const Buffer<float> logits = run.upload(special(141, kCount, true));
  std::vector<std::int32_t> numbers(kRows);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::int32_t>(random_word(142, i) % kClasses);
  const Buffer<std::int32_t> labels = run.upload(numbers);
  Buffer<float> loss = run.make<float>(kRows), gradient = run.make<float>(kCount);
  Buffer<std::int32_t> correct = run.make<std::int32_t>(kRows), predicted = run.make<std::int32_t>(kRows);
  run.backend.softmax_cross_entropy(run.context, loss.data(), correct.data(), gradient.data(), logits.data(),
                                    labels.data(), kRows, kClasses, 0.1f);
  Digest smoothed, ranks;
  smoothed.add(run.download(loss));
  smoothed.add(run.download(gradient));
  run.record("softmax.smoothed", smoothed);
  run.backend.rank_labels(run.context, correct.data(), predicted.data(), logits.data(), labels.data(), kRows, kClasses);
  ranks.add(run.download(correct));
  ranks.add(run.download(predicted));
  run.record("rank_labels", ranks);

  const Buffer<float> out = run.upload(special(143, kRows, true)), target = run.upload(special(144, kRows, false));
  for (const auto& [kind, name] : {std::pair{Regression::kSquared, "squared"}, {Regression::kAbsolute, "absolute"}}) {
    Buffer<float> slope = run.make<float>(kRows);
    run.backend.regression_loss(run.context, kind, loss.data(), slope.data(), out.data(), target.data(), kRows);
    Digest digest;
    digest.add(run.download(loss));
    digest.add(run.download(slope));
    run.record(std::string("regression.") + name, digest);
  }
}

void add_augmentation(Run& run) {
  constexpr int kSamples = 20;
  const ImageShape shape{9, 7, 3};
  constexpr int kSize = 9 * 7 * 3;
  const Buffer<float> source = run.upload(ordinary(145, std::size_t{kSamples} * kSize)),
                      fill = run.upload(ordinary(146, 3));
  std::vector<std::uint32_t> numbers(kSamples);
  for (std::uint32_t i = 0; i < kSamples; ++i) numbers[i] = i * 7 % kSamples;
  const Buffer<std::uint32_t> indices = run.upload(numbers);
  const Buffer<StepState> state = run.upload(std::vector<StepState>{{77, 2, 0.1f, 1.0f, 1.0f}});
  Buffer<float> x = run.make<float>(std::size_t{kSamples} * kSize), out = run.make<float>(x.size());
  run.backend.gather_rows(run.context, x.data(), source.data(), indices.data(), kSamples, kSize);
  run.backend.augment_rows(run.context, out.data(), x.data(), indices.data(), kSamples, shape, {true, 2, 3, 0.1f},
                           fill.data(), 0x123456789u, state.data());
  run.record("augment", out);
}

}  // namespace

void add_training(Run& run) {
  OptimizerSettings settings;
  settings.kind = Optimizer::kRmsprop;
  add_optimizer(run, "rmsprop", settings);
  settings.kind = Optimizer::kLion;
  add_optimizer(run, "lion", settings);
  settings.kind = Optimizer::kSgd;
  settings.nesterov = true;
  add_optimizer(run, "nesterov", settings);
  add_norm(run);
  add_losses(run);
  add_augmentation(run);
}

}  // namespace kernels::selftest
