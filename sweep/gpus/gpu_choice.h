// Which of the machine's GPUs a sweep uses: what --gpus and CUDA_VISIBLE_DEVICES mean. Pure. Called by dispatch/.
#pragma once

#include <string>
#include <vector>

#include "sweep/gpus/gpus.h"

namespace sweep {

/// --gpus: each word a number ("1": of a GPU in MIG mode all instances), an instance ("0:1") or the beginning of one
/// UUID. In the order of the words, each once. Errors: EnvironmentError where there is no such GPU, or nvidia-smi says
/// that it is broken; UserError where a beginning is that of several.
std::vector<Gpu> choose_gpus(const std::vector<Gpu>& present, const std::vector<std::string>& words);

/// CUDA_VISIBLE_DEVICES as CUDA reads it, numbers in the order of the PCI bus: it counts up to the first entry that
/// names none; the number of a GPU in MIG mode is its first instance.
std::vector<Gpu> visible_gpus(const std::vector<Gpu>& present, const std::string& variable);

/// "0 (NVIDIA A100-SXM4-40GB, GPU-5f3c…), 1:0 (…)": what there is, for messages.
std::string gpu_list_text(const std::vector<Gpu>& gpus);

}  // namespace sweep
