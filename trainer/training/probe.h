// What chance does to a network's outputs: a batch goes through it many times, each time with other random numbers.
// Callers: trial.cpp, for `sweep-trainer probe`. It trains nothing.
#pragma once

#include <string>
#include <vector>

#include "trainer/nn/network.h"

namespace trainer {

/// One output (a class, or a number to predict), over all targets of the batch.
struct ProbedOutput {
  double evaluated = 0;  ///< mean without chance, as evaluation computes it
  double mean = 0;       ///< over targets and passes
  double spread = 0;     ///< standard deviation over passes: root of its mean square over targets
};

/// Passes 1 … `passes` use the random numbers of the steps 1 … `passes`. Changes nothing of the network. Requires:
/// passes ≥ 1. Determinism: double, in order.
std::vector<ProbedOutput> probe(Network&, const Input&, int passes, std::uint64_t seed, const kernels::Backend&,
                                kernels::Context&);

/// A table of them for people.
std::string describe_probe(const std::vector<ProbedOutput>& outputs, int samples, int passes);

}  // namespace trainer
