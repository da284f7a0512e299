// What a CUDA context knows of its GPU, for the record of a trial. Callers: trainer/training/environment.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "kernels/backends.h"

namespace kernels {

struct GpuFacts {
  std::string name;                ///< "NVIDIA A100-SXM4-40GB"
  std::string uuid;                ///< "GPU-…", as nvidia-smi writes it
  std::string compute_capability;  ///< "8.0"
  int multiprocessors = 0;         ///< as the process sees them
  std::uint64_t memory_bytes = 0;
  std::string driver, runtime;  ///< versions of CUDA: "12.4"
};

/// Nothing for a context of another back end.
std::optional<GpuFacts> gpu_facts(Context& context);

}  // namespace kernels
