// The largest error of each portable function over all 2^32 floats, against double libm (whose own error is below
// 2^-28 of the unit). Run by hand: `math_accuracy [function] [threads]`; half a minute to two minutes a function and
// core. The figures in docs/reproducibility.md come from here.
#include <fmt/core.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/core/math_reference.h"

namespace {

struct Worst {
  double error = 0;
  float at = 0;
  std::uint64_t beyond_half = 0;  ///< inputs whose result is not the nearest float
};

/// Bits first, first + step, first + 2·step, … of the 2^32.
Worst scan(const reference::Function<double>& function, std::uint64_t first, std::uint64_t step) {
  Worst worst;
  for (std::uint64_t bits = first; bits < std::uint64_t{1} << 32; bits += step) {
    const float x = core::portable::float_of(static_cast<std::uint32_t>(bits));
    const double error =
        reference::ulp_error<double>(function.portable(x), function.wide(static_cast<double>(x)), function.min_unit);
    if (error > 0.5) ++worst.beyond_half;
    if (!(error <= worst.error)) {
      worst.error = error;
      worst.at = x;
    }
  }
  return worst;
}

Worst scan_all(const reference::Function<double>& function, unsigned threads) {
  std::vector<Worst> parts(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] { parts[i] = scan(function, i, threads); });
  }
  for (std::thread& worker : workers) worker.join();
  Worst worst;
  for (const Worst& part : parts) {
    const std::uint64_t beyond = worst.beyond_half + part.beyond_half;
    if (!(part.error <= worst.error)) worst = part;
    worst.beyond_half = beyond;
  }
  return worst;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view only = argc > 1 ? argv[1] : "all";
  unsigned threads = 1;
  if (argc > 2) std::from_chars(argv[2], argv[2] + std::string_view(argv[2]).size(), threads);
  if (threads == 0) threads = 1;
  bool kept = true;
  for (const auto& function : reference::kFunctions<double>) {
    if (only != "all" && only != function.name) continue;
    const Worst worst = scan_all(function, threads);
    fmt::print("{:<16} {:.4f} ulp at {:a} ({}); promised {}; {:.3f} % not the nearest float\n", function.name,
               worst.error, worst.at, worst.at, function.max_ulp,
               100.0 * static_cast<double>(worst.beyond_half) / 0x1p32);
    std::fflush(stdout);
    kept = kept && worst.error <= function.max_ulp;
  }
  return kept ? 0 : 1;
}
