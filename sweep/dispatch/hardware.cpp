// See hardware.h.
#include "sweep/dispatch/hardware.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "sweep/provenance/provenance.h"

namespace sweep {
namespace {

using core::Json;

std::vector<std::string> gpu_uuids() {
  std::vector<std::string> uuids;
  const Json gpus = gpu_provenance();
  if (gpus.is_array())
    for (const Json& gpu : gpus) uuids.push_back(gpu.at("uuid").get<std::string>());
  return uuids;
}

// `word`: a number, or the beginning of a UUID.
std::optional<std::string> find_gpu(const std::vector<std::string>& present, const std::string& word) {
  const bool is_number = !word.empty() && word.size() < 4 && word.find_first_not_of("0123456789") == std::string::npos;
  if (is_number && std::stoul(word) < present.size()) return present[std::stoul(word)];
  for (const std::string& uuid : present)
    if (!is_number && !word.empty() && uuid.starts_with(word)) return uuid;
  return std::nullopt;
}

std::vector<std::string> choose_gpus(const std::vector<std::string>& present, const std::vector<std::string>& wanted) {
  std::vector<std::string> chosen;
  for (const std::string& word : wanted) {
    const auto uuid = find_gpu(present, word);
    if (!uuid)
      throw core::EnvironmentError("--gpus", fmt::format("there is no GPU '{}'", word),
                                   fmt::format("this machine has {}", present.size()));
    if (std::find(chosen.begin(), chosen.end(), *uuid) == chosen.end()) chosen.push_back(*uuid);
  }
  return chosen;
}

}  // namespace

TrainerCan trainer_can(const Json& description) {
  const Json devices = description.value("devices", Json::array());
  const bool gpus = std::find(devices.begin(), devices.end(), Json("cuda")) != devices.end();
  return gpus ? TrainerCan::kUseGpus : TrainerCan::kUseOnlyTheCpu;
}

Hardware choose_hardware(Device wanted, TrainerCan can, const std::optional<std::vector<std::string>>& gpus) {
  const bool none = gpus && gpus->empty();
  if (wanted == Device::kCuda && none)
    throw core::UserError("--gpus", "none, but the device is cuda", "use --device cpu");
  if (wanted == Device::kCpu || none) return {};
  std::vector<std::string> present = can == TrainerCan::kUseOnlyTheCpu ? std::vector<std::string>() : gpu_uuids();
  if (!present.empty() && gpus) present = choose_gpus(present, *gpus);
  if (!present.empty()) return {"cuda", present};
  if (wanted == Device::kAuto && !gpus) return {};
  throw core::EnvironmentError(
      gpus ? "--gpus" : "device cuda",
      can == TrainerCan::kUseOnlyTheCpu ? "the trainer was built without CUDA" : "nvidia-smi finds no GPU",
      can == TrainerCan::kUnknown ? "use --device cpu" : "use --device cpu: the results are the same, bit for bit");
}

std::string device_class(const Hardware& hardware) {
  if (hardware.device != "cuda") {
    const Json model = machine_provenance().at("cpu").at("model");
    return model.is_string() ? model.get<std::string>() : "unknown CPU";
  }
  std::set<std::string> models;
  for (const Json& gpu : gpu_provenance())
    if (std::count(hardware.gpus.begin(), hardware.gpus.end(), gpu.at("uuid")) > 0)
      models.insert(gpu.at("name").get<std::string>());
  if (models.size() != 1)
    throw core::UserError("device cuda",
                          fmt::format("the GPUs are of {} models, and results depend on the model", models.size()),
                          "choose GPUs of one model with --gpus");
  return *models.begin();
}

}  // namespace sweep
