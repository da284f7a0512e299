// Stands in for the CUDA back end in a build without it.
#include "core/error.h"
#include "kernels/gpu_facts.h"

namespace kernels {

const Backend* cuda_backend() { return nullptr; }

std::optional<GpuFacts> gpu_facts(Context&) { return std::nullopt; }

std::unique_ptr<Context> make_cuda_context() {
  throw core::EnvironmentError("cuda", "this build has no CUDA back end",
                               "build with nvcc on the PATH, or use the cpu");
}

}  // namespace kernels
