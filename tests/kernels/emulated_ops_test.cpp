// Each CUDA op, compiled for the block emulator, against its CPU twin: all bits, at odd shapes, in several orders of
// blocks and threads, and laid over small and large devices.
#include <fmt/format.h>

#include "kernels/selftest.h"
#include "tests/catch.h"
#include "tests/kernels/emulator/block_emulator.h"
#include "tests/kernels/emulator/emulated_backend.h"
#include "tests/kernels/op_cases.h"

namespace {

/// Multiprocessors that make the ops take their largest, middle and smallest shares of work.
const int kDevices[] = {1, 6, 132};
const std::uint64_t kOrders[] = {0, 1, 2};

void require_cpu_bits(const std::vector<tests::OpCase>& cases) {
  const auto cpu_context = kernels::make_cpu_context(1);
  const tests::Machine cpu{kernels::cpu_backend(), *cpu_context};
  for (const tests::OpCase& op : cases) {
    const tests::Written expected = op.run(cpu);
    for (std::size_t i = 0; i < std::size(kDevices); ++i) {
      const auto context = kernels::make_emulated_context(kDevices[i]);
      emulator::set_order(kOrders[i]);
      const std::string difference = tests::difference(op.run({kernels::emulated_backend(), *context}), expected);
      if (!difference.empty()) {
        FAIL(fmt::format("{}, {} multiprocessors, order {}: {}", op.name, kDevices[i], kOrders[i], difference));
      }
    }
  }
  SUCCEED();
}

}  // namespace

TEST_CASE("the CUDA gemm has the CPU's bits in every transposition, at odd shapes and however it is laid out") {
  require_cpu_bits(tests::gemm_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA bias, activation, gradient, dropout and initialisation have the CPU's bits") {
  require_cpu_bits(tests::elementwise_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA column sum has the CPU's bits on both sides of a chunk and of a group") {
  require_cpu_bits(tests::column_sum_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA convolution and its gradients have the CPU's bits at odd shapes and however they are laid out") {
  require_cpu_bits(tests::conv2d_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA pooling has the CPU's bits and winners") {
  require_cpu_bits(tests::pool2d_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA batch normalisation has the CPU's bits on both sides of a chunk and of a group") {
  require_cpu_bits(tests::batch_norm_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA softmax and loss have the CPU's bits with ties, infinities and NaN") {
  require_cpu_bits(tests::loss_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA optimizers and fingerprints have the CPU's bits") {
  require_cpu_bits(tests::optimizer_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA shuffle and gather give the CPU's batches") {
  require_cpu_bits(tests::batch_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA embedding, layer norm and attention have the CPU's bits, gradients included") {
  require_cpu_bits(tests::text_cases(tests::Sizes::kOdd));
}

TEST_CASE("the CUDA ops pass the self-test") {
  const auto context = kernels::make_emulated_context(132);
  emulator::set_order(3);
  for (const kernels::SelftestResult& result : kernels::run_selftest(kernels::emulated_backend(), *context)) {
    INFO(result.name);
    CHECK(result.found == result.expected);
  }
}
