// See slot_choice.h.
#include "sweep/dispatch/slot_choice.h"

#include <algorithm>
#include <map>

namespace sweep {
namespace {

struct Gpu {
  std::vector<Slot> slots;
  std::size_t running = 0;
  bool alone = false;   // with a trial that does not share
  bool closed = false;  // a slot of it
};

// The GPU that is to become free for one trial: the one with the fewest trials, the first of these.
std::string gpu_to_empty(const std::map<std::string, Gpu>& gpus, const std::vector<Slot>& slots) {
  const Gpu* best = nullptr;
  std::string uuid;
  for (const Slot& slot : slots) {
    if (slot.gpu.empty()) continue;
    const Gpu& gpu = gpus.at(slot.gpu);
    if (gpu.closed || gpu.alone || (best != nullptr && gpu.running >= best->running)) continue;
    best = &gpu;
    uuid = slot.gpu;
  }
  return uuid;
}

}  // namespace

SlotChoice::SlotChoice(const std::vector<Slot>& slots, std::vector<Occupied> occupied, std::set<std::string> closed,
                       bool waits_alone) {
  std::map<std::string, Gpu> gpus;
  for (const Slot& slot : slots) {
    Gpu& gpu = gpus[slot.gpu];
    gpu.slots.push_back(slot);
    gpu.closed = gpu.closed || closed.contains(slot.name);
  }
  for (const Occupied& one : occupied) {
    Gpu& gpu = gpus[one.slot.gpu];
    ++gpu.running;
    gpu.alone = gpu.alone || (one.alone && !one.slot.gpu.empty());
  }
  const std::string reserved = waits_alone ? gpu_to_empty(gpus, slots) : "";
  if (!reserved.empty() && gpus.at(reserved).running == 0) whole_gpu_ = gpus.at(reserved).slots;
  for (const Slot& slot : slots) {
    const bool ours =
        std::any_of(occupied.begin(), occupied.end(), [&](const Occupied& one) { return one.slot == slot; });
    const bool kept = gpus.at(slot.gpu).alone || (!reserved.empty() && slot.gpu == reserved);
    if (!ours && !kept && !closed.contains(slot.name)) open_.push_back(slot);
  }
}

}  // namespace sweep
