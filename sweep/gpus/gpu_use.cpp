// See gpu_use.h.
#include "sweep/gpus/gpu_use.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace sweep {
namespace {

bool is_of_a_sweep(const GpuProcess& process, const GpuTenants& tenants) {
  return std::any_of(process.lineage.begin(), process.lineage.end(),
                     [&](int pid) { return tenants.controllers.contains(pid); });
}

std::string process_text(const GpuProcess& process) {
  const std::string name = process.name.empty() ? "a process" : process.name;
  return fmt::format("{} (pid {}) holds {}", name, process.pid,
                     process.mib ? memory_text(*process.mib) : "an unknown amount of memory");
}

GpuObjection object_to_processes(const std::vector<GpuProcess>& strangers) {
  const auto largest = std::max_element(strangers.begin(), strangers.end(), [](const auto& a, const auto& b) {
    return a.mib.value_or(0) < b.mib.value_or(0);
  });
  GpuObjection objection{"pid " + std::to_string(largest->pid), process_text(*largest)};
  if (strangers.size() > 1) objection.text += fmt::format(", and {} more", strangers.size() - 1);
  return objection;
}

GpuObjection object_to_memory(double used, const GpuTenants& tenants) {
  const double left = used - tenants.mib_before_it.value_or(used);
  if (tenants.trial_just_ended && left > kSlackMib)
    return {"memory", fmt::format("{} of the trial that ended are not free yet", memory_text(left)), true};
  if (used > kIdleMib)
    return {"memory", fmt::format("{} are in use, by no process that nvidia-smi names", memory_text(used))};
  return {};
}

}  // namespace

GpuObjection judge_use(const std::string& uuid, const GpuAnswer& look, const GpuTenants& tenants) {
  const auto gpu = std::find_if(look.gpus.begin(), look.gpus.end(), [&](const Gpu& g) { return g.uuid == uuid; });
  if (gpu == look.gpus.end()) return {};
  if (!gpu->problem.empty()) return {"problem", "nvidia-smi says " + gpu->problem};
  std::vector<GpuProcess> strangers;
  for (const GpuProcess& process : look.processes) {
    if (process.gpu != uuid || is_of_a_sweep(process, tenants)) continue;
    if (tenants.trial_just_ended && !process.lives)
      return {"memory", fmt::format("the trial that ended (pid {}) is not gone from it yet", process.pid), true};
    strangers.push_back(process);
  }
  if (!strangers.empty()) return object_to_processes(strangers);
  if (tenants.controllers.empty() && gpu->used_mib) return object_to_memory(*gpu->used_mib, tenants);
  return {};
}

}  // namespace sweep
