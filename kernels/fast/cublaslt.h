// cuBLASLt, opened when it is first used and hidden. Callers: cuda_fast.cpp, tests. No header of NVIDIA is needed to
// include this one. Errors: EnvironmentError that names the product, the call and cuBLASLt's status.
#pragma once

#include <memory>
#include <string>

#include "kernels/fast/product.h"

namespace kernels::fast {

/// On the current CUDA device, whose context exists. `stream` is a cudaStream_t. Errors: EnvironmentError where there
/// is no GPU.
std::unique_ptr<ProductLibrary> open_cublaslt(void* stream);

/// What the bytes of an algorithm say, as far as cuBLASLt tells it without a GPU.
AlgorithmFacts decode(const Algorithm& algorithm);

/// "cublaslt 13.1.0". Opens cuBLASLt, and no device. Errors: EnvironmentError.
std::string cublaslt_version();
/// Whether cuBLASLt can be opened here; else why not, in `why`.
bool cublaslt_is_there(std::string& why);

}  // namespace kernels::fast
