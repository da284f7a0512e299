// What nvidia-smi prints, read. Pure; called by gpus.cpp. It knows the form of each answer and starts nothing.
#pragma once

#include <string>
#include <vector>

#include "sweep/gpus/gpus.h"

namespace sweep {

/// The fields that read_figures() and read_processes() read, in the order of --query-gpu and --query-compute-apps. A
/// program's name stands last: it may hold commas.
inline constexpr char kFigureFields[] =
    "uuid,driver_version,compute_cap,memory.total,memory.used,utilization.gpu,mig.mode.current";
inline constexpr char kProcessFields[] = "gpu_uuid,pid,used_memory,process_name";

/// Of `nvidia-smi -L`: devices, a GPU with instances left out for them. Lines of another form are passed over: there
/// nvidia-smi complains of single GPUs.
std::vector<Gpu> read_gpu_list(const std::string& text);

/// Of `--query-gpu=… --format=csv,noheader,nounits`: fills in what it says of `gpus`. A figure that is an error
/// ("[Unknown Error]", "ERR!", "[GPU is lost]") becomes the GPU's problem. Returns how many of the GPUs it tells of.
std::size_t read_figures(const std::string& text, std::vector<Gpu>& gpus);

/// Of `--query-compute-apps=… --format=csv,noheader,nounits`; without what only /proc knows.
std::vector<GpuProcess> read_processes(const std::string& text);

/// The first line that is not empty, of printable ASCII and at most 200 characters: to be quoted.
std::string first_line(const std::string& text);

}  // namespace sweep
