// Every op of the table at chosen shapes, as calls that any back end can run: whoever has a back end to test runs them
// there and on the CPU and compares the bits of everything that was written. Used with the block emulator and on GPUs.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backends.h"

namespace tests {

/// A back end and a context of it.
struct Machine {
  const kernels::Backend& backend;
  kernels::Context& context;
};

/// What an op wrote: arrays by name, as 32-bit words. A NaN is 0x7fc00000.
using Written = std::vector<std::pair<std::string, std::vector<std::uint32_t>>>;

struct OpCase {
  std::string name;
  std::function<Written(const Machine&)> run;
};

/// kOdd: shapes that meet every guard, small enough for the emulator. kReal: those of training, for a GPU.
enum class Sizes { kOdd, kReal };

std::vector<OpCase> gemm_cases(Sizes sizes);
std::vector<OpCase> elementwise_cases(Sizes sizes);  ///< bias_activation, activation_backward, dropout, initialise
std::vector<OpCase> column_sum_cases(Sizes sizes);
std::vector<OpCase> conv2d_cases(Sizes sizes);      ///< with both gradients
std::vector<OpCase> pool2d_cases(Sizes sizes);      ///< of both kinds, with their gradients
std::vector<OpCase> batch_norm_cases(Sizes sizes);  ///< training, evaluation, backward
std::vector<OpCase> loss_cases(Sizes sizes);
std::vector<OpCase> optimizer_cases(Sizes sizes);  ///< with both fingerprints
std::vector<OpCase> batch_cases(Sizes sizes);
OpCase steps_case(
    bool recorded);  ///< the ops of batches in one training; what they write does not depend on `recorded`
std::vector<OpCase> text_cases(Sizes sizes);  ///< add, embed, layer_norm, attention and their gradients

/// The first word in which `found` differs from `expected`, in words; empty where there is none.
std::string difference(const Written& found, const Written& expected);

}  // namespace tests
