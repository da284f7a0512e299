// Whole trainings on a real GPU: the constants of the CPU, with steps as CUDA graphs and without. Each case is skipped,
// with the reason, where there is no GPU.
#include "core/error.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/trainer/small_models.h"

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

std::string final_weights(const Bench& bench) {
  return std::get<protocol::Finished>(bench.events.back().body).weights_sha256;
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
