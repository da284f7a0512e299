// A sweep-trainer whose GPU is the CPU back end under another name, on a card that nobody has: for tests of what is
// made of a trial that ran on a GPU. The bits are a GPU's, as portable numerics has them. trainer/training's two
// sources that ask for a GPU are compiled anew with these functions in the place of the real ones; see
// tests/end_to_end/CMakeLists.txt.
#include <cstdlib>

#include "kernels/backends.h"
#include "kernels/gpu_facts.h"

namespace kernels {

const Backend* fake_cuda_backend() {
  static const Backend table = [] {
    Backend cuda = cpu_backend();
    cuda.name = "cuda";
    return cuda;
  }();
  return &table;
}

std::unique_ptr<Context> make_fake_cuda_context() { return make_cpu_context(1); }

std::string describe_fake_device(const Context&) { return "NVIDIA A100-SXM4-40GB, compute capability 8.0"; }

std::optional<GpuFacts> fake_gpu_facts(Context&) {
  const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
  return GpuFacts{"NVIDIA A100-SXM4-40GB", visible ? visible : "", "8.0", 108, 40ull << 30, "12.2", "12.4"};
}

}  // namespace kernels
