// What a network makes of a part of the data, in numbers. Callers: loop.cpp, tests. It changes nothing that training
// reads.
//
// Determinism: sums in double, in the order of the samples; counts are integers.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "trainer/nn/network.h"
#include "trainer/training/prepared_data.h"

namespace trainer {

struct Evaluation {
  double loss = 0;                 ///< mean, without label smoothing
  std::optional<double> accuracy;  ///< share of hits; none for a regression
  std::optional<double> top5;      ///< share whose class is among the five largest; where it was asked for
  std::optional<double> r2;        ///< regression: 1 − Σ(out − target)² / Σ(target − mean)²; none where all
                                   ///< targets are the same
  std::vector<std::uint64_t> confusion{};  ///< classes × classes, a row for each true class; where it was asked for
};

struct Wanted {
  bool top5 = false;
  bool confusion = false;
};

Evaluation evaluate(const kernels::Backend&, kernels::Context&, Network&, const PreparedData&, const DevicePart&,
                    Wanted);

}  // namespace trainer
