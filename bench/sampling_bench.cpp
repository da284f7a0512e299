// Random search over eight mixed parameters (two log_uniform_values, two int_uniform, two categorical, two uniform),
// one thread: points a second in memory, as canonical JSON text, and as the JSON tree that a trial is planned with.
// Beside it: bench/sampling_numpy.py, the same columns drawn by numpy.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "sweep/search/random.h"
#include "sweep/space/space.h"

namespace {

using sweep::Family;
using sweep::Value;

const sweep::Space& space() {
  static const sweep::Space space({
      {"activation", sweep::Categorical{{"relu", "gelu", "tanh"}}},
      {"batch_size", sweep::IntUniform{16, 1024}},
      {"dropout", sweep::Continuous{"uniform", Family::kUniform, 0.0, 0.5}},
      {"learning_rate", sweep::Continuous{"log_uniform_values", Family::kLogUniformValues, 1e-5, 1e-1}},
      {"momentum", sweep::Continuous{"uniform", Family::kUniform, 0.8, 0.99}},
      {"optimizer", sweep::Categorical{{"sgd", "adam", "adamw", "rmsprop"}}},
      {"weight_decay", sweep::Continuous{"log_uniform_values", Family::kLogUniformValues, 1e-6, 1e-2}},
      {"width", sweep::IntUniform{32, 4096}},
  });
  return space;
}

void draw_in_memory(benchmark::State& state) {
  const sweep::RandomSampler sampler(space(), 42);
  std::vector<Value> point(8);
  std::uint64_t index = 0;
  for (auto _ : state) {
    sampler.point(index++, point);
    benchmark::DoNotOptimize(point.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(draw_in_memory);

void draw_as_canonical_json(benchmark::State& state) {
  const sweep::RandomSampler sampler(space(), 42);
  std::vector<Value> point(8);
  std::string text;
  std::uint64_t index = 0;
  for (auto _ : state) {
    text.clear();
    sampler.point(index++, point);
    space().append_config_json(point, text);
    benchmark::DoNotOptimize(text.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(draw_as_canonical_json);

void draw_as_tree(benchmark::State& state) {
  const sweep::RandomSampler sampler(space(), 42);
  std::vector<Value> point(8);
  std::uint64_t index = 0;
  for (auto _ : state) {
    sampler.point(index++, point);
    benchmark::DoNotOptimize(space().config(point));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(draw_as_tree);

void draw_one(benchmark::State& state, sweep::Continuous continuous) {
  const sweep::Dimension dimension({"x", continuous});
  const sweep::PathKey key = sweep::path_key("x");
  std::uint64_t index = 0;
  for (auto _ : state) benchmark::DoNotOptimize(dimension.at_quantile(sweep::quantile(42, index++, key)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(draw_one, uniform, sweep::Continuous{"uniform", Family::kUniform, 0, 1});
BENCHMARK_CAPTURE(draw_one, log_uniform_values,
                  sweep::Continuous{"log_uniform_values", Family::kLogUniformValues, 1e-5, 1e-1});
BENCHMARK_CAPTURE(draw_one, normal, sweep::Continuous{"normal", Family::kNormal, 0, 1});
BENCHMARK_CAPTURE(draw_one, beta_2_5, sweep::Continuous{"beta", Family::kBeta, 2, 5});
BENCHMARK_CAPTURE(draw_one, beta_300_700, sweep::Continuous{"beta", Family::kBeta, 300, 700});

}  // namespace

BENCHMARK_MAIN();
