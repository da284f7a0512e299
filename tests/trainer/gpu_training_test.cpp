// Whole trainings on a real GPU: the constants of the CPU, with steps as CUDA graphs and without. Each case is skipped,
// with the reason, where there is no GPU.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "kernels/fast/backend.h"
#include "protocol/algorithms.h"
#include "protocol/data_set.h"
#include "protocol/outcome.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/trainer/small_models.h"
#include "trainer/training/trial.h"

namespace {

void open_gpu_or_skip(Bench& bench) {
  try {
    (void)kernels::make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    skip(error.what());
  }
  bench.ops = kernels::cuda_backend();
  bench.open = kernels::make_cuda_context;
}

/// What a trial of built-in data says on the GPU, from a workspace that earlier ones may have left.
std::string said_on_gpu(const std::string& data, core::Json config, std::uint32_t seed, trainer::Workspace& where) {
  trainer::TrialOrder order;
  order.place = "trial.json";
  order.document.device = "cuda";
  order.document.seed = seed;
  config.update({{"epochs", 2}, {"batch_size", 48}, {"clip_norm", 0.5}});
  order.document.config = std::move(config);
  order.document.data = protocol::DataSource{data, "", protocol::data_digest(protocol::locate_data(data))};
  std::string said;
  trainer::EventSink events([&](std::string_view line) { said += line; });
  CHECK(trainer::run_trial(order, events, where) == protocol::kTrainerCompleted);
  where.trial_ended();
  return said;
}

}  // namespace

TEST_CASE("a short training of each model on the GPU ends with the weights that it has on the CPU") {
  for (const SmallModel& model : small_models()) {
    for (const bool records : {true, false}) {
      Bench bench = model.bench();
      open_gpu_or_skip(bench);
      bench.records_steps = records;
      bench.start().run();
      INFO(model.name << (records ? ", steps as graphs" : ", steps call by call"));
      CHECK(final_weights(bench) == model.weights_sha256);
    }
  }
}

TEST_CASE("every step of every model on the GPU has the CPU's fingerprints, short batches included") {
  for (const SmallModel& model : small_models()) {
    const auto started = [&](bool on_gpu) {
      Bench bench = model.bench();
      if (on_gpu) open_gpu_or_skip(bench);
      bench.config.update({{"batch_size", 7}, {"epochs", 3}, {"clip_norm", 0.5}});
      if (bench.dataset.image) bench.config.update({{"flip", true}, {"shift", 1}, {"cutout", 2}, {"noise", 0.1}});
      bench.start().run();
      return bench.told();
    };
    const Told gpu = started(true);
    INFO(model.name);
    CHECK(gpu == started(false));
  }
}

TEST_CASE("trials that take over memory and graphs of earlier ones on the GPU say what trials of their own do") {
  Bench bench;
  open_gpu_or_skip(bench);
  const core::Json mlp = {{"hidden", {32, 16}}, {"dropout", 0.2}}, wider = {{"hidden", {64, 16}}, {"dropout", 0.4}};
  const core::Json cnn = {{"model", "cnn"}, {"channels", {2, 4}}, {"dense", 8}, {"batch_norm", true}};
  trainer::Workspace kept(trainer::Workspace::For::kManyTrials);
  std::uint32_t seed = 0;
  for (const core::Json& config : {mlp, mlp, wider, cnn, mlp, cnn, cnn}) {
    trainer::Workspace own;
    INFO("trial " << ++seed << " " << config);
    CHECK((said_on_gpu("builtin:images", config, seed, kept) == said_on_gpu("builtin:images", config, seed, own)));
  }
}

TEST_CASE("a network that does not fit the GPU is told with the tensor, its bytes and what is free") {
  Bench bench;
  open_gpu_or_skip(bench);
  bench.config.update({{"hidden", {40000, 50000, 40000, 50000, 40000, 50000, 40000, 50000, 40000}}});
  try {
    bench.start();
    FAIL("it fits");
  } catch (const kernels::OutOfMemory& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find(".weight of ") != std::string::npos);
    CHECK(std::string(error.what()).find("bytes are free") != std::string::npos);
  }
}

namespace {

using kernels::fast::Choice;
using kernels::fast::Precision;

/// What was said, without the choices, and the choices.
struct FastRun {
  Told told;
  std::string weights;
  std::vector<Choice> choices;
};

/// Memory that is handed out next holds this pattern, and not the zeros of a fresh device.
void leave_pattern(const kernels::Backend& backend, kernels::Context& context, unsigned char pattern) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  const std::vector<unsigned char> bytes(kBytes, pattern);
  void* const memory = backend.allocate(context, kBytes);
  backend.copy_to_device(context, memory, bytes.data(), kBytes);
  backend.synchronize(context);
  backend.release(context, memory);
}

void open_fast_or_skip() {
  if (kernels::fast::backend() == nullptr) skip("this build has no CUDA, cuDNN or cuBLASLt");
  try {
    (void)kernels::fast::device_class(*kernels::fast::make_context());
  } catch (const core::EnvironmentError& error) {
    skip(error.what());
  }
}

FastRun train_fast(const SmallModel& model, Precision precision, const std::vector<Choice>& recorded,
                   unsigned char pattern, bool records_steps = true) {
  Bench bench = model.bench();
  bench.records_steps = records_steps;
  bench.ops = kernels::fast::backend();
  bench.open = [&] {
    auto context = kernels::fast::make_context();
    leave_pattern(*bench.ops, *context, pattern);
    kernels::fast::begin_trial(*context, precision, recorded);
    return context;
  };
  bench.start().run();
  FastRun run{bench.told(), final_weights(bench), {}};
  for (const protocol::Event& event : bench.events) {
    const auto* other = std::get_if<protocol::OtherEvent>(&event.body);
    if (other == nullptr || other->name != protocol::kAlgorithmsEvent) continue;
    for (const core::Json& choice : event.extra.at(protocol::kChoices))
      run.choices.push_back(Choice::from_json(choice, "test"));
  }
  return run;
}

constexpr Precision kPrecisions[] = {Precision::kFp32, Precision::kTf32, Precision::kBf16};

/// The models, and one whose convolutions are followed by bias and relu; the last batch of an epoch is a short one.
std::vector<SmallModel> fast_models() {
  std::vector<SmallModel> models = small_models();
  models.push_back(models[1]);
  models.back().name = "cnn with relu and without batch norm";
  models.back().config["batch_norm"] = false;
  for (SmallModel& model : models) model.config["batch_size"] = 7;
  return models;
}

/// A context of fast-1 with arrays on it.
class OnGpu {
 public:
  explicit OnGpu(Precision precision) { kernels::fast::begin_trial(*context, precision, {}); }

  kernels::Buffer<float> filled(int count, std::uint32_t tensor) {
    kernels::Buffer<float> made(ops, *context, static_cast<std::size_t>(count));
    ops.initialise(*context, kernels::Initialisation::kHe, made.data(), count, 2, 2, 1.0f, 1, tensor);
    return made;
  }
  std::vector<float> host(const kernels::Buffer<float>& from) {
    std::vector<float> values(from.size());
    ops.copy_to_host(*context, values.data(), from.data(), values.size() * sizeof(float));
    return values;
  }
  void put(kernels::Buffer<float>& to, std::size_t at, float value) {
    ops.copy_to_device(*context, to.data() + at, &value, sizeof value);
    ops.synchronize(*context);
  }

  const kernels::Backend& ops = *kernels::fast::backend();
  const std::unique_ptr<kernels::Context> context = kernels::fast::make_context();
};

}  // namespace

TEST_CASE("under fast-1 each model repeats its bits, whatever its memory held before, as graphs and call by call") {
  open_fast_or_skip();
  for (const SmallModel& model : fast_models()) {
    for (const Precision precision : kPrecisions) {
      INFO(model.name << ", " << name(precision));
      const FastRun first = train_fast(model, precision, {}, 0x00);
      CHECK_FALSE(first.choices.empty());
      for (const bool as_graphs : {true, false}) {
        const FastRun again = train_fast(model, precision, {}, as_graphs ? 0xff : 0x41, as_graphs);
        CHECK(again.told == first.told);
        CHECK(again.weights == first.weights);
        CHECK(again.choices == first.choices);
      }
    }
  }
}

TEST_CASE("under fast-1 a layer in one call gives what two give, near enough, and hands a NaN on") {
  open_fast_or_skip();
  constexpr int kRows = 64, kOutputs = 32, kInputs = 48;
  OnGpu gpu(Precision::kFp32);
  const auto& [ops, context] = gpu;
  auto in = gpu.filled(kRows * kInputs, 1);
  const auto weight = gpu.filled(kOutputs * kInputs, 2), bias = gpu.filled(kOutputs, 3);
  auto one = gpu.filled(kRows * kOutputs, 4), two = gpu.filled(kRows * kOutputs, 5);
  gpu.put(in, 0, std::numeric_limits<float>::quiet_NaN());
  for (const auto activation : {kernels::Activation::kNone, kernels::Activation::kRelu}) {
    if (!ops.fused_dense(*context, activation, one.data(), in.data(), weight.data(), bias.data(), kRows, kOutputs,
                         kInputs))
      skip("cuBLASLt offers no epilogue here");
    ops.gemm(*context, kernels::Transpose::kNT, kRows, kOutputs, kInputs, in.data(), weight.data(), two.data());
    ops.bias_activation(*context, activation, two.data(), nullptr, two.data(), bias.data(), kRows, kOutputs);
    const std::vector<float> fused = gpu.host(one), parts = gpu.host(two);
    for (std::size_t i = 0; i < fused.size(); ++i) {
      CHECK(std::isnan(fused[i]) == (i < kOutputs));
      if (i >= kOutputs) CHECK(std::abs(fused[i] - parts[i]) < 1e-4f);
    }
  }
}

TEST_CASE("under fast-1 a convolution in one call gives what the CPU does, near enough, and hands a NaN on") {
  open_fast_or_skip();
  // As the golden selections have it, smaller; a kernel of one at every other place; and odd numbers.
  const kernels::Conv2dShape shapes[] = {{8, 14, 14, 32, 64, 3, 3, 1, 1, 1, 14, 14},
                                         {4, 16, 16, 16, 32, 1, 1, 2, 0, 0, 8, 8},
                                         {5, 9, 7, 5, 6, 3, 3, 2, 0, 1, 5, 4}};
  const kernels::Backend& cpu = kernels::cpu_backend();
  const auto cpu_context = kernels::make_cpu_context(1);
  std::size_t fused = 0;
  for (const kernels::Conv2dShape& s : shapes) {
    for (const Precision precision : kPrecisions) {
      INFO(name(precision) << ", " << s.channels << " channels");
      OnGpu gpu(precision);
      const auto& [ops, context] = gpu;
      auto x = gpu.filled(s.batch * s.height * s.width * s.channels, 1);
      const auto w = gpu.filled(s.filters * s.kernel_height * s.kernel_width * s.channels, 2);
      const auto bias = gpu.filled(s.filters, 3);
      const int rows = s.batch * s.out_height * s.out_width;
      auto y = gpu.filled(rows * s.filters, 4);
      const std::size_t last_image = x.size() - x.size() / static_cast<std::size_t>(s.batch);
      gpu.put(x, last_image, std::numeric_limits<float>::quiet_NaN());
      const std::vector<float> image = gpu.host(x), filter = gpu.host(w), biases = gpu.host(bias);
      for (const auto activation : {kernels::Activation::kNone, kernels::Activation::kRelu}) {
        if (!ops.fused_conv2d(*context, activation, s, y.data(), x.data(), w.data(), bias.data())) continue;
        ++fused;
        const std::vector<float> got = gpu.host(y);
        std::vector<float> expected(got.size());
        cpu.conv2d(*cpu_context, s, expected.data(), image.data(), filter.data());
        cpu.bias_activation(*cpu_context, activation, expected.data(), nullptr, expected.data(), biases.data(), rows,
                            s.filters);
        // Of some 300 terms of about one, with 24, 11 or 8 bits of each factor, and 8 of a bf16 result of 64 and more.
        const float tolerance = precision == Precision::kFp32 ? 1e-4f : precision == Precision::kTf32 ? 0.15f : 0.6f;
        std::size_t differ = 0;
        for (std::size_t i = 0; i < got.size(); ++i)
          if (std::isnan(expected[i]) ? !std::isnan(got[i]) : !(std::abs(got[i] - expected[i]) < tolerance)) ++differ;
        CHECK(differ == 0);
        CHECK(std::any_of(expected.begin(), expected.end(), [](float value) { return std::isnan(value); }));
      }
    }
  }
  if (fused == 0) skip("cuDNN offers no engine with bias and relu here");
}

TEST_CASE("under fast-1 a training by the record has the record's bits, and says the same algorithms") {
  open_fast_or_skip();
  for (const SmallModel& model : fast_models()) {
    for (const Precision precision : kPrecisions) {
      INFO(model.name << ", " << name(precision));
      const FastRun first = train_fast(model, precision, {}, 0x00);
      const FastRun again = train_fast(model, precision, first.choices, 0xff);
      CHECK(again.weights == first.weights);
      CHECK(again.choices == first.choices);
    }
  }
}
