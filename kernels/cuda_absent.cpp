// Stands in for the CUDA back end in a build without it.
#include "core/error.h"
#include "kernels/backends.h"

namespace kernels {

const Backend* cuda_backend() { return nullptr; }

std::unique_ptr<Context> make_cuda_context() {
  throw core::EnvironmentError("cuda", "this build has no CUDA back end",
                               "build with nvcc on the PATH, or use the cpu");
}

}  // namespace kernels
