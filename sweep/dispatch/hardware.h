// Where the trials of a sweep run: the CPU or which GPUs of this machine. Called by prepare.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/spec/spec.h"

namespace sweep {

struct Hardware {
  std::string device = "cpu";     ///< "cpu" or "cuda"
  std::vector<std::string> gpus;  ///< UUIDs to use; empty on the CPU
};

/// What the built-in trainer says of itself that matters here; a user's program says nothing, and may use a GPU.
enum class TrainerCan { kUseGpus, kUseOnlyTheCpu, kUnknown };
TrainerCan trainer_can(const core::Json& description);

/// `auto` is a GPU where there is one and the trainer can use it. `gpus`: numbers or the beginnings of UUIDs, empty for
/// none. Asks nvidia-smi. Errors: EnvironmentError where there is no such GPU, UserError where the flags disagree.
Hardware choose_hardware(Device wanted, TrainerCan can, const std::optional<std::vector<std::string>>& gpus);

/// The kind of device on which the results of a program depend whose arithmetic is not ours: the model of the CPU or of
/// the GPUs. Errors: UserError where the GPUs are of more than one model.
std::string device_class(const Hardware& hardware);

}  // namespace sweep
