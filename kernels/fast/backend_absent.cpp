// Stands in for the table of fast-1 in a build without nvcc, or without the headers of cuDNN and cuBLASLt.
#include "core/error.h"
#include "kernels/fast/backend.h"

namespace kernels::fast {
namespace {

[[noreturn]] void refuse() {
  throw core::EnvironmentError("numerics fast", "this build has no CUDA, cuDNN or cuBLASLt",
                               "build where nvcc and their headers are, or use numerics portable");
}

}  // namespace

const Backend* backend() { return nullptr; }
std::unique_ptr<Context> make_context() { refuse(); }
void begin_trial(Context&, Precision, std::vector<Choice>) { refuse(); }
core::Json device_class(Context&) { refuse(); }

}  // namespace kernels::fast
