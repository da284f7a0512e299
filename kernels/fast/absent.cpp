// Stands in for cuDNN and cuBLASLt in a build without their headers.
#include "core/error.h"
#include "kernels/fast/cublaslt.h"
#include "kernels/fast/cudnn.h"

namespace kernels::fast {
namespace {

constexpr char kProblem[] = "this build is without cuDNN and cuBLASLt";

[[noreturn]] void refuse() {
  throw core::EnvironmentError("numerics fast", kProblem, "build where their headers are, or use numerics portable");
}

}  // namespace

std::unique_ptr<Cudnn> Cudnn::described(std::string) { refuse(); }
std::unique_ptr<Cudnn> Cudnn::on_device(void*) { refuse(); }
std::unique_ptr<ProductLibrary> open_cublaslt(void*) { refuse(); }
AlgorithmFacts decode(const Algorithm&) { refuse(); }

std::string cudnn_version() { refuse(); }
std::string cublaslt_version() { refuse(); }

bool cudnn_is_there(std::string& why) {
  why = kProblem;
  return false;
}

bool cublaslt_is_there(std::string& why) {
  why = kProblem;
  return false;
}

}  // namespace kernels::fast
