// The CUDA back end on a real GPU: every op against the CPU, bit for bit, at odd shapes and at those of training; the
// self-test; memory and its errors. Each case is skipped, with the reason, where there is no GPU.
#include <fmt/format.h>

#include <cstring>

#include "core/error.h"
#include "kernels/selftest.h"
#include "tests/catch.h"
#include "tests/kernels/cpu_contexts.h"
#include "tests/kernels/op_cases.h"
#include "tests/skip.h"

namespace {

std::unique_ptr<kernels::Context> gpu_or_skip() {
  try {
    return kernels::make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    skip(error.what());
  }
}

void require_cpu_bits(const std::vector<tests::OpCase>& cases) {
  const auto gpu_context = gpu_or_skip();
  const auto cpu_context = kernels::make_cpu_context(4);
  const tests::Machine gpu{*kernels::cuda_backend(), *gpu_context}, cpu{kernels::cpu_backend(), *cpu_context};
  for (const tests::OpCase& op : cases) {
    const std::string difference = tests::difference(op.run(gpu), op.run(cpu));
    if (!difference.empty()) FAIL_CHECK(op.name + ": " + difference);
  }
  SUCCEED();
}

std::vector<tests::OpCase> all_cases(tests::Sizes sizes) {
  std::vector<tests::OpCase> all;
  for (const auto family :
       {tests::gemm_cases, tests::elementwise_cases, tests::column_sum_cases, tests::conv2d_cases, tests::pool2d_cases,
        tests::batch_norm_cases, tests::loss_cases, tests::optimizer_cases, tests::batch_cases, tests::text_cases}) {
    for (tests::OpCase& op : family(sizes)) all.push_back(std::move(op));
  }
  return all;
}

}  // namespace

// [odd]: small enough to run under compute-sanitizer.
TEST_CASE("every op on the GPU has the CPU's bits at odd shapes", "[odd]") {
  require_cpu_bits(all_cases(tests::Sizes::kOdd));
}

TEST_CASE("the GPU's gemm has the CPU's bits at the shapes of training") {
  require_cpu_bits(tests::gemm_cases(tests::Sizes::kReal));
}

TEST_CASE("the GPU's other ops have the CPU's bits at the shapes of training") {
  for (const auto family :
       {tests::elementwise_cases, tests::column_sum_cases, tests::conv2d_cases, tests::pool2d_cases,
        tests::batch_norm_cases, tests::loss_cases, tests::optimizer_cases, tests::batch_cases, tests::text_cases}) {
    require_cpu_bits(family(tests::Sizes::kReal));
  }
}

TEST_CASE("the GPU passes the self-test") {
  const auto context = gpu_or_skip();
  for (const kernels::SelftestResult& result : kernels::run_selftest(*kernels::cuda_backend(), *context)) {
    INFO(result.name);
    CHECK(result.found == result.expected);
  }
}

TEST_CASE("an op gives the same bits when it is run again beside other work") {
  const auto context = gpu_or_skip(), other = gpu_or_skip();
  const tests::Machine gpu{*kernels::cuda_backend(), *context}, beside{*kernels::cuda_backend(), *other};
  for (const tests::OpCase& op : tests::gemm_cases(tests::Sizes::kReal)) {
    const tests::Written first = op.run(gpu);
    (void)op.run(beside);
    CHECK(tests::difference(op.run(gpu), first).empty());
  }
}

TEST_CASE("what is copied to the GPU comes back, and set_zero clears it") {
  const auto context = gpu_or_skip();
  const kernels::Backend& backend = *kernels::cuda_backend();
  for (const std::size_t count : {std::size_t{1}, std::size_t{1000}, std::size_t{1} << 22}) {
    std::vector<float> values = tests::special_floats(count, 1), back(count);
    kernels::Buffer<float> buffer(backend, *context, count);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64 == 0);
    backend.copy_to_device(*context, buffer.data(), values.data(), count * sizeof(float));
    backend.copy_to_host(*context, back.data(), buffer.data(), count * sizeof(float));
    CHECK(std::memcmp(back.data(), values.data(), count * sizeof(float)) == 0);
    backend.set_zero(*context, buffer.data(), count * sizeof(float));
    backend.copy_to_host(*context, back.data(), buffer.data(), count * sizeof(float));
    CHECK(back == std::vector<float>(count, 0.0f));
  }
  const kernels::Buffer<float> nothing(backend, *context, 0);
  CHECK(nothing.data() != nullptr);
}

TEST_CASE("more memory than the GPU has is OutOfMemory with the bytes, and the context lives on") {
  const auto context = gpu_or_skip();
  const kernels::Backend& backend = *kernels::cuda_backend();
  const std::size_t bytes = std::size_t{1} << 50;
  std::string message;
  try {
    (void)backend.allocate(*context, bytes);
  } catch (const kernels::OutOfMemory& error) {
    message = error.what();
  }
  INFO(message);
  CHECK(message.find("allocate: cudaMalloc of 1125899906842624 bytes") != std::string::npos);
  void* const memory = backend.allocate(*context, 1024);
  backend.set_zero(*context, memory, 1024);
  backend.synchronize(*context);
  backend.release(*context, memory);
}

TEST_CASE("the GPU says what it is") {
  const auto context = gpu_or_skip();
  CHECK(kernels::describe_device(*context).find("compute capability") != std::string::npos);
}

TEST_CASE("a machine without driver or GPU, or a build without CUDA, is told in words") {
  try {
    (void)kernels::make_cuda_context();
  } catch (const core::EnvironmentError& error) {
    const std::string text = error.what();
    INFO(text);
    const bool known = text.find("no NVIDIA driver is installed") != std::string::npos ||
                       text.find("no NVIDIA GPU is visible") != std::string::npos ||
                       text.find("this build has no CUDA back end") != std::string::npos ||
                       text.find("the NVIDIA driver is for CUDA") != std::string::npos ||
                       text.find("compute capability") != std::string::npos;
    CHECK(known);
  }
}
