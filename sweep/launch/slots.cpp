// See slots.h.
#include "sweep/launch/slots.h"

#include <algorithm>
#include <thread>

namespace sweep {

std::vector<Slot> cpu_slots(int threads, int cores) {
  std::vector<Slot> slots;
  const int count = std::max(1, cores / std::max(1, threads));
  for (int i = 0; i < count; ++i) slots.push_back({"cpu:" + std::to_string(i), "cpu", ""});
  return slots;
}

std::vector<Slot> gpu_slots(const std::vector<std::string>& uuids, int slots_per_gpu) {
  std::vector<Slot> slots;
  for (int i = 0; i < slots_per_gpu; ++i)
    for (const std::string& uuid : uuids) slots.push_back({uuid + "/" + std::to_string(i), "cuda", uuid});
  return slots;
}

int usable_cores() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace sweep
