// Environment variables that change what a program computes, by name: recorded with each attempt by the trainer, and
// with each sweep by the controller. Nothing of an environment but these is stored.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "core/digest.h"

namespace protocol {

inline constexpr std::array kNumericVariables = {
    // CUDA and its libraries
    "CUBLAS_WORKSPACE_CONFIG", "CUBLAS_EMULATE_SINGLE_PRECISION", "CUBLAS_EMULATE_DOUBLE_PRECISION",
    "CUBLAS_EMULATION_STRATEGY", "NVIDIA_TF32_OVERRIDE", "CUDNN_ERRATA_JSON_FILE", "CUDA_DISABLE_PTX_JIT",
    "CUDA_FORCE_PTX_JIT", "NCCL_ALGO", "NCCL_PROTO",
    // frameworks
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "ATEN_CPU_CAPABILITY", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC",
    "TF_CUDNN_USE_AUTOTUNE", "TF_ENABLE_ONEDNN_OPTS", "TF_XLA_FLAGS", "XLA_FLAGS", "JAX_ENABLE_X64",
    "JAX_DEFAULT_MATMUL_PRECISION",
    // libraries of the CPU, and how many threads share a sum
    "OMP_NUM_THREADS", "OMP_DYNAMIC", "OMP_SCHEDULE", "KMP_DETERMINISTIC_REDUCTION", "MKL_NUM_THREADS", "MKL_DYNAMIC",
    "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS", "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "BLIS_NUM_THREADS",
    "BLIS_ARCH_TYPE", "NUMEXPR_NUM_THREADS", "ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE", "DNNL_MAX_CPU_ISA",
    // another library or another function of it
    "GLIBC_TUNABLES", "LD_PRELOAD", "LD_LIBRARY_PATH"};

/// Those that are set here, with their values; of a path list only the last part of each path. Of an item of more than
/// 1,000 bytes the length and the digest: a part of it could be a part of a secret.
inline std::map<std::string, std::string> numeric_variables() {
  constexpr std::size_t kMostBytes = 400, kMostItemBytes = 1000;
  std::map<std::string, std::string> set;
  for (const char* name : kNumericVariables) {
    const char* given = std::getenv(name);
    if (given == nullptr) continue;
    std::string value;
    const std::string_view text = given;
    for (std::size_t at = 0; at <= text.size() && value.size() < kMostBytes;) {
      const std::size_t end = std::min(text.find_first_of(": ", at), text.size());
      std::string_view item = text.substr(at, end - at);
      if (item.starts_with('/')) item.remove_prefix(item.rfind('/') + 1);
      if (item.size() > kMostItemBytes)
        value += "(" + std::to_string(item.size()) + " bytes, sha256 " + core::sha256_hex(item) + ")";
      else
        for (const char c : item) value += c >= 0x20 && c < 0x7F ? c : '?';
      if (end < text.size()) value += text[end];
      at = end + 1;
    }
    set.emplace(name, std::move(value));
  }
  return set;
}

}  // namespace protocol
