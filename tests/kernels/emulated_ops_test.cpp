// Each CUDA op, compiled for the block emulator, against its CPU twin: all bits, at odd shapes, in several orders of
// blocks and threads, and laid over small and large devices.
#include <fmt/format.h>

#include <algorithm>

#include "kernels/fast/bf16_formula.h"
#include "kernels/selftest.h"
#include "tests/catch.h"
#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/emulator/block_emulator.h"
#include "tests/kernels/emulator/emulated_backend.h"
#include "tests/kernels/op_cases.h"

namespace kernels::emulated {
// Of kernels/fast/cast_cuda.cu; kernels/cuda_access.h declares the GPU's.
void to_bf16(Context& context, std::uint16_t* out, const float* in, std::size_t count);
void from_bf16(Context& context, float* out, const std::uint16_t* in, std::size_t count);
}  // namespace kernels::emulated

namespace {

/// Multiprocessors that make the ops take their largest, middle and smallest shares of work.
const int kDevices[] = {1, 6, 132};
const std::uint64_t kOrders[] = {0, 1, 2};

/// Where most of what an op wrote is a NaN, equal bits show little.
void require_numbers(const tests::OpCase& op, const tests::Written& written) {
  std::size_t words = 0, nans = 0;
  for (const auto& [name, array] : written) {
    words += array.size();
    nans += static_cast<std::size_t>(std::count(array.begin(), array.end(), 0x7fc00000u));
  }
  if (words >= 32 && 2 * nans > words) FAIL(fmt::format("{}: {} of {} words are NaN", op.name, nans, words));
}

void require_cpu_bits(const std::vector<tests::OpCase>& cases) {
  const auto cpu_context = kernels::make_cpu_context(1);
  const tests::Machine cpu{kernels::cpu_backend(), *cpu_context};
  for (const tests::OpCase& op : cases) {
    const tests::Written expected = op.run(cpu);
    require_numbers(op, expected);
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

TEST_CASE("steps that are recorded once and replayed write what steps write whose ops are called") {
  const auto cpu_context = kernels::make_cpu_context(2), other = kernels::make_emulated_context(6);
  const tests::Machine cpu{kernels::cpu_backend(), *cpu_context}, emulated{kernels::emulated_backend(), *other};
  const tests::Written expected = tests::steps_case(/*recorded=*/false).run(cpu);
  CHECK(tests::difference(tests::steps_case(/*recorded=*/true).run(cpu), expected).empty());
  CHECK(tests::difference(tests::steps_case(/*recorded=*/false).run(emulated), expected).empty());
  CHECK(tests::difference(tests::steps_case(/*recorded=*/true).run(emulated), expected).empty());
}

TEST_CASE("what is recorded is not run, and an error while recording ends the recording") {
  const auto cpu_context = kernels::make_cpu_context(1), other = kernels::make_emulated_context(6);
  for (const tests::Machine& machine :
       {tests::Machine{kernels::cpu_backend(), *cpu_context}, tests::Machine{kernels::emulated_backend(), *other}}) {
    const std::vector<float> one{1.5f};
    kernels::Buffer<float> x(machine.backend, machine.context, 1);
    const auto value = [&] {
      float found = 0;
      machine.backend.copy_to_host(machine.context, &found, x.data(), sizeof found);
      return found;
    };
    machine.backend.copy_to_device(machine.context, x.data(), one.data(), sizeof(float));
    const auto doubled = [&] { machine.backend.add(machine.context, x.data(), x.data(), x.data(), 1); };
    CHECK_THROWS_AS(kernels::record(machine.backend, machine.context,
                                    [&] {
                                      doubled();
                                      throw std::runtime_error("no");
                                    }),
                    std::runtime_error);
    CHECK(value() == 1.5f);
    const auto recording = kernels::record(machine.backend, machine.context, doubled);
    CHECK(value() == 1.5f);
    for (int i = 0; i < 3; ++i) machine.backend.replay(machine.context, *recording);
    CHECK(value() == 12.0f);
  }
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

TEST_CASE("the CUDA casts to bfloat16 and back have the formula's bits, and touch nothing behind their arrays") {
  const auto context = kernels::make_emulated_context(6);
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{257}, std::size_t{1000}, std::size_t{1500}}) {
    const std::vector<float> in = tests::special_floats(count + 1, 3);
    std::vector<std::uint16_t> narrow(count + 1, 0x1234);
    std::vector<float> back(count + 1, 7.0f);
    kernels::emulated::to_bf16(*context, narrow.data(), in.data(), count);
    kernels::emulated::from_bf16(*context, back.data(), narrow.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK(narrow[i] == kernels::fast::to_bf16(in[i]));
      CHECK(core::portable::bits_of(back[i]) == std::uint32_t{narrow[i]} << 16);
    }
    CHECK(narrow[count] == 0x1234);
    CHECK(back[count] == 7.0f);
  }
}
