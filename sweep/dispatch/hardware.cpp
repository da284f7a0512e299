// See hardware.h.
#include "sweep/dispatch/hardware.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "sweep/gpus/gpu_choice.h"
#include "sweep/gpus/gpu_use.h"
#include "sweep/launch/gpu_lock.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

using core::Json;

constexpr char kVisibleDevices[] = "CUDA_VISIBLE_DEVICES";

const char* use_the_cpu(TrainerCan can) {
  return can == TrainerCan::kUnknown ? "use --device cpu" : "use --device cpu: the results are the same, bit for bit";
}

// Those that work, a warning for each other one.
std::vector<Gpu> without_broken(const std::vector<Gpu>& gpus, std::vector<core::Problem>& warnings) {
  std::vector<Gpu> working;
  for (const Gpu& gpu : gpus) {
    if (gpu.problem.empty())
      working.push_back(gpu);
    else
      warnings.push_back({gpu_name(gpu), "is not used: " + gpu.problem, "", ""});
  }
  return working;
}

// Why there is none to use; `broken`: those that would do otherwise.
std::string why_none(const GpuAnswer& answer, const std::vector<core::Problem>& broken) {
  if (!answer.has_nvidia_smi) return "there is no nvidia-smi, which says what GPUs there are";
  if (answer.gpus.empty()) return answer.problem;
  if (!broken.empty()) return broken.front().place + " " + broken.front().problem;
  return fmt::format("{}={} names none of this machine's: {}", kVisibleDevices, std::getenv(kVisibleDevices),
                     gpu_list_text(answer.gpus));
}

}  // namespace

std::vector<std::string> Hardware::uuids() const {
  std::vector<std::string> uuids;
  for (const Gpu& gpu : gpus) uuids.push_back(gpu.uuid);
  return uuids;
}

TrainerCan trainer_can(const Json& description) {
  const Json devices = description.value("devices", Json::array());
  const bool gpus = std::find(devices.begin(), devices.end(), Json("cuda")) != devices.end();
  return gpus ? TrainerCan::kUseGpus : TrainerCan::kUseOnlyTheCpu;
}

Hardware choose_hardware(Device wanted, TrainerCan can, const std::optional<std::vector<std::string>>& words) {
  const bool none = words && words->empty();
  if (wanted == Device::kCuda && none)
    throw core::UserError("--gpus", "none, but the device is cuda", "use --device cpu");
  if (wanted == Device::kCpu || none) return {};
  const bool may_use_the_cpu = wanted == Device::kAuto && !words;
  const char* place = words ? "--gpus" : "device cuda";
  if (can == TrainerCan::kUseOnlyTheCpu) {
    if (may_use_the_cpu) return {};
    throw core::EnvironmentError(place, "the trainer was built without CUDA", use_the_cpu(can));
  }

  const GpuAnswer answer = ask_gpus();
  Hardware hardware;
  if (!answer.gpus.empty() && words) {
    hardware.gpus = choose_gpus(answer.gpus, *words);
  } else {
    const char* variable = std::getenv(kVisibleDevices);
    hardware.gpus = without_broken(variable ? visible_gpus(answer.gpus, variable) : answer.gpus, hardware.warnings);
  }
  if (hardware.gpus.empty() && !may_use_the_cpu)
    throw core::EnvironmentError(place, why_none(answer, hardware.warnings), use_the_cpu(can));
  if (!answer.problem.empty()) hardware.warnings.push_back({"GPUs", answer.problem, "", ""});
  if (!hardware.gpus.empty())
    hardware.device = "cuda";
  else
    for (core::Problem& warning : hardware.warnings) warning.remedy = "so the trials run on the CPU";
  return hardware;
}

void refuse_busy(const std::vector<Gpu>& gpus) {
  const GpuAnswer look = ask_gpus(gpus);
  const std::vector<SlotHolder> holders = slot_holders();
  std::string busy;
  for (const Gpu& gpu : gpus) {
    GpuTenants tenants;
    for (const SlotHolder& holder : holders)
      if (holder.gpu == gpu.uuid) tenants.controllers.insert(holder.pid);
    const GpuObjection objection = judge_use(gpu.uuid, look, tenants);
    if (!objection.text.empty())
      busy += fmt::format("{}{}: {}", busy.empty() ? "" : "; ", gpu_name(gpu), objection.text);
  }
  if (!busy.empty())
    throw core::EnvironmentError("--busy-gpus refuse", busy, "choose others with --gpus, or let --busy-gpus wait");
}

std::string device_class(const Hardware& hardware) {
  if (hardware.device != "cuda") {
    const Json model = machine_provenance().at("cpu").at("model");
    return model.is_string() ? model.get<std::string>() : "unknown CPU";
  }
  std::set<std::string> models;
  for (const Gpu& gpu : hardware.gpus) models.insert(gpu.model);
  if (models.size() != 1)
    throw core::UserError("device cuda",
                          fmt::format("the GPUs are of {} models, and results depend on the model", models.size()),
                          "choose GPUs of one model with --gpus");
  return *models.begin();
}

}  // namespace sweep
