// Whole trainings on the block emulator: the GPU's code gives the CPU's weights, for every model.
#include <algorithm>
#include <utility>

#include "tests/catch.h"
#include "tests/kernels/emulator/block_emulator.h"
#include "tests/kernels/emulator/emulated_backend.h"
#include "tests/trainer/small_models.h"

namespace {

/// Ten samples and nothing else: the emulator takes its time.
trainer::Dataset beginning_of(trainer::Dataset data) {
  constexpr std::size_t kSamples = 10;
  data.test.reset();
  const auto features = static_cast<std::size_t>(data.train.features);
  if (data.task == trainer::Task::kText) {
    data.train.tokens.resize(kSamples * features + 1);
  } else {
    data.train.values.resize(kSamples * features);
    data.train.labels.resize(kSamples);
  }
  return data;
}

/// What a short training tells on the CPU, and on the emulator with `processors` multiprocessors.
std::pair<Told, Told> told_twice(const SmallModel& model, const core::Json& change, int processors) {
  const auto told_by = [&](const kernels::Backend& ops, bool emulated) {
    Bench bench = model.bench();
    bench.dataset = beginning_of(model.dataset);
    bench.config.update({{"batch_size", 5}, {"validation_fraction", 0}, {"epochs", 1}});
    bench.config.update(change);
    bench.ops = &ops;
    if (emulated) bench.open = [=] { return kernels::make_emulated_context(processors); };
    bench.start().run();
    return bench.told();
  };
  emulator::set_order(5);
  return {told_by(kernels::cpu_backend(), false), told_by(kernels::emulated_backend(), true)};
}

}  // namespace

TEST_CASE("a training of two steps has the CPU's fingerprints and weights on the emulator, for every model") {
  for (const SmallModel& model : small_models()) {
    const auto [cpu, emulated] = told_twice(model, core::Json::object(), 6);
    INFO(model.name);
    CHECK(cpu.fingerprints.size() == 2);
    CHECK(emulated == cpu);
  }
}

TEST_CASE("a training with frozen tensors has the CPU's fingerprints and weights on the emulator") {
  const std::vector<SmallModel> models = small_models();
  for (const auto& [index, frozen] :
       {std::pair{std::size_t{1}, core::Json{"blocks.0.conv", "blocks.1.norm.weight", "dense.1.bias"}},
        {std::size_t{5}, core::Json{"embedding.weight", "blocks.0", "norm.bias"}}}) {
    const auto [cpu, emulated] = told_twice(models[index], {{"freeze", frozen}, {"clip_norm", 0.5}}, 6);
    INFO(models[index].name);
    CHECK(emulated == cpu);
  }
}

TEST_CASE("steps that the emulator replays, as a GPU does its graphs, have the CPU's weights, the short ones too") {
  for (const char* const name : {"mlp", "cnn"}) {
    const std::vector<SmallModel> models = small_models();
    const auto model = std::find_if(models.begin(), models.end(), [&](const SmallModel& m) { return m.name == name; });
    const auto [cpu, emulated] = told_twice(
        *model, {{"batch_size", 4}, {"epochs", 4}, {"clip_norm", 0.5}, {"noise", 0.1}, {"dropout", 0.25}}, 6);
    INFO(name);
    CHECK(cpu.fingerprints.size() == 12);  // batches of 4, 4 and 2
    CHECK(emulated == cpu);
  }
}
