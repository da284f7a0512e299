// The GPUs of this machine and the processes on them, as nvidia-smi tells. Called by dispatch/ before a sweep, by
// launch/ while one runs (in a thread of its own: an answer may take seconds) and by `sweep doctor`. It decides
// nothing.
//
// A GPU in MIG mode is no device that a trial could be bound to; each of its instances is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"

namespace sweep {

/// What a trial can be bound to: a GPU, or an instance of one.
struct Gpu {
  std::string uuid;                        ///< "GPU-…", "MIG-…": what CUDA_VISIBLE_DEVICES takes
  std::string number;                      ///< "1", "1:0": what --gpus takes; GPUs count in the order of the PCI bus
  std::string model;                       ///< of an instance with its profile: "NVIDIA A100-SXM4-40GB MIG 1g.5gb"
  std::string card;                        ///< UUID of the GPU; of an instance that of its GPU
  std::string driver, compute_capability;  ///< empty: unknown
  std::optional<double> memory_mib;        ///< these three of a whole GPU only
  std::optional<double> used_mib;
  std::optional<int> busy_percent;
  std::string problem;  ///< why it cannot be used, in nvidia-smi's words; empty: it can

  bool is_instance() const { return uuid != card; }
};

struct GpuProcess {
  std::string gpu;  ///< UUID
  int pid = 0;
  std::string name;           ///< without its folder
  std::optional<double> mib;  ///< that it holds
  bool lives = false;         ///< there is such a process here (nvidia-smi may count pids as another container does)
  std::vector<int> lineage;   ///< pids: itself, its parent, … up to where /proc ends
};

struct GpuAnswer {
  bool has_nvidia_smi = false;
  std::vector<Gpu> gpus;  ///< by number
  std::vector<GpuProcess> processes;
  std::string problem;  ///< what went wrong, with nvidia-smi's own words; what was found is there all the same
};

/// How long one call of nvidia-smi may take; without the persistence daemon it wakes every GPU first.
inline constexpr std::chrono::milliseconds kNvidiaSmiPatience{10'000};

/// Asks nvidia-smi, three times one after the other, or twice where `known` are the GPUs: `nvidia-smi -L` is left out.
/// `stop`: a descriptor; once it is readable the answer is of no use and comes at once; −1: none. Blocks. Any thread.
GpuAnswer ask_gpus(const std::vector<Gpu>& known = {}, std::chrono::milliseconds patience = kNvidiaSmiPatience,
                   int stop = -1);

/// [{"number", "name", "uuid", "driver", "compute_capability", "memory_mb"}]; null where there is none.
core::Json gpus_json(const std::vector<Gpu>& gpus);

/// "GPU 1", "GPU 0:1".
std::string gpu_name(const Gpu& gpu);

/// "12.3 GiB", "310 MiB".
std::string memory_text(double mib);

}  // namespace sweep
