// See selftest_verb.h.
#include "trainer/selftest_verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "core/error.h"
#include "kernels/selftest.h"
#include "protocol/outcome.h"

namespace trainer {
namespace {

// Prints one line for a device, and one for each digest that differs. Returns how many differ.
int check_device(const kernels::Backend& ops, kernels::Context& context) {
  int differing = 0;
  std::string details;
  const std::vector<kernels::SelftestResult> results = kernels::run_selftest(ops, context);
  for (const kernels::SelftestResult& result : results)
    if (!result.passed()) {
      ++differing;
      details += fmt::format("  {}: expected {:016x}, found {:016x}\n", result.name, result.expected, result.found);
    }
  const std::string verdict = differing == 0 ? "all equal" : fmt::format("{} differ", differing);
  std::fputs(fmt::format("{}: {} digests, {}\n{}", kernels::describe_device(context), results.size(), verdict, details)
                 .c_str(),
             stdout);
  return differing;
}

}  // namespace

int run_selftest_verb() {
  int differing = 0;
  for (const kernels::CpuIsa isa : {kernels::CpuIsa::kPlain, kernels::CpuIsa::kAvx2, kernels::CpuIsa::kAvx512}) {
    std::unique_ptr<kernels::Context> context;
    try {
      context = kernels::make_cpu_context(1, isa);
    } catch (const core::EnvironmentError& absent) {
      std::fprintf(stdout, "%s\n", absent.what());
      continue;
    }
    differing += check_device(kernels::cpu_backend(), *context);
  }
  if (const kernels::Backend* cuda = kernels::cuda_backend()) {
    std::unique_ptr<kernels::Context> context;
    try {
      context = kernels::make_cuda_context();
    } catch (const core::EnvironmentError& absent) {
      std::fprintf(stdout, "%s\n", absent.what());
    }
    if (context) differing += check_device(*cuda, *context);
  }
  return differing == 0 ? protocol::kTrainerCompleted : protocol::kTrainerUnsuitable;
}

}  // namespace trainer
