// What the benchmarks of the CPU's ops share: contexts, arrays, counters. Included by ops_bench.cpp and conv_bench.cpp.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <memory>

#include "kernels/backends.h"

inline const kernels::Backend& cpu() { return kernels::cpu_backend(); }

inline kernels::Context& context(std::int64_t threads) {
  static std::map<std::int64_t, std::unique_ptr<kernels::Context>> contexts;
  std::unique_ptr<kernels::Context>& found = contexts[threads];
  if (!found) found = kernels::make_cpu_context(static_cast<int>(threads));
  return *found;
}

inline kernels::Buffer<float> random(int count) {
  kernels::Buffer<float> buffer(cpu(), context(1), static_cast<std::size_t>(count));
  cpu().initialise(context(1), kernels::Initialisation::kHe, buffer.data(), count, 2, 2, 0.5f, 1, 1);
  return buffer;
}

inline void count_rate(benchmark::State& state, const char* name, double of_one) {
  state.counters[name] =
      benchmark::Counter(of_one * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
/// Bytes that an iteration reads and writes.
inline void count_bytes(benchmark::State& state, double bytes) { count_rate(state, "B/s", bytes); }
/// Multiplications and additions, apart.
inline void count_operations(benchmark::State& state, double operations) { count_rate(state, "FLOP/s", operations); }
