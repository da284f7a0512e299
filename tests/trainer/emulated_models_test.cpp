// Whole trainings on the block emulator: the GPU's code gives the CPU's weights, for every model.
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

}  // namespace

TEST_CASE("a training of two steps has the CPU's fingerprints and weights on the emulator, for every model") {
  for (const SmallModel& model : small_models()) {
    const auto told_by = [&](const kernels::Backend& ops, int processors) {
      Bench bench = model.bench();
      bench.dataset = beginning_of(model.dataset);
      bench.config.update({{"batch_size", 5}, {"validation_fraction", 0}, {"epochs", 1}});
      bench.ops = &ops;
      if (processors > 0) bench.open = [=] { return kernels::make_emulated_context(processors); };
      bench.start().run();
      return bench.told();
    };
    const Told cpu = told_by(kernels::cpu_backend(), 0);
    emulator::set_order(5);
    INFO(model.name);
    CHECK(cpu.fingerprints.size() == 2);
    CHECK(told_by(kernels::emulated_backend(), 6) == cpu);
  }
}
