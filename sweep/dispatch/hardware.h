// Where the trials of a sweep run: the CPU or which GPUs of this machine. Called by prepare.cpp and dispatcher.cpp.
// What there is says gpus/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "sweep/gpus/gpus.h"
#include "sweep/spec/spec.h"

namespace sweep {

struct Hardware {
  std::string device = "cpu";           ///< "cpu" or "cuda"
  std::vector<Gpu> gpus;                ///< to use; empty on the CPU
  std::vector<core::Problem> warnings;  ///< to be shown: why the CPU, or what GPUs are passed over

  std::vector<std::string> uuids() const;
};

/// What the built-in trainer says of itself that matters here; a user's program says nothing, and may use a GPU.
enum class TrainerCan { kUseGpus, kUseOnlyTheCpu, kUnknown };
TrainerCan trainer_can(const core::Json& description);

/// `auto` is a GPU where there is one and the trainer can use it. `gpus`: the words of --gpus, empty for none; without
/// them CUDA_VISIBLE_DEVICES limits what is used. Asks nvidia-smi. Errors: EnvironmentError where there is no such GPU,
/// or nvidia-smi fails and a GPU was asked for; UserError where the flags disagree.
Hardware choose_hardware(Device wanted, TrainerCan can, const std::optional<std::vector<std::string>>& gpus);

/// Errors: EnvironmentError naming who uses one of `gpus` that is no trial of a sweep. Asks nvidia-smi.
void refuse_busy(const std::vector<Gpu>& gpus);

/// The kind of device on which the results of a program depend whose arithmetic is not ours: the model of the CPU or of
/// the GPUs. Errors: UserError where the GPUs are of more than one model.
std::string device_class(const Hardware& hardware);

}  // namespace sweep
