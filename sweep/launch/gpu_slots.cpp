// See gpu_slots.h.
#include "sweep/launch/gpu_slots.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sweep/launch/gpu_lock.h"

namespace sweep {
namespace {

constexpr double kBetweenLooksS = 3.0;  // while somebody else has the GPU
constexpr double kFreeingS = 10.0;      // for so long an ended trial may still hold memory
constexpr double kBetweenFreeingS = 0.25;
constexpr double kBlindS = 60.0;

int number_of(const Slot& slot) { return std::atoi(slot.name.c_str() + slot.name.rfind('/') + 1); }

}  // namespace

GpuSlots::GpuSlots(const std::vector<Slot>& slots) {
  for (const Slot& slot : slots)
    if (!slot.gpu.empty()) ++shares_[slot.gpu];
}

bool GpuSlots::acquire(const Slot& slot) {
  Place& place = places_[slot.name];
  if (!place.lock.is_open() && !claim(slot, place)) return false;
  if (looks_now()) {
    if (place.look == 0) place.look = looks_.ask();
    if (place.look > answered_) return false;
    if (const GpuObjection objection = judge(slot); !objection.text.empty()) {
      put_off(slot, place, objection);
      return false;
    }
  }
  place.runs = true;
  place.wait = {};
  return true;
}

void GpuSlots::release(const Slot& slot) {
  const auto place = places_.find(slot.name);
  if (place == places_.end()) return;
  if (looks_.ask && place->second.runs) ended_s_[slot.gpu] = looks_.now_s();
  places_.erase(place);
}

SlotWait GpuSlots::why_not(const Slot& slot) const {
  const auto place = places_.find(slot.name);
  return place == places_.end() ? SlotWait{} : place->second.wait;
}

void GpuSlots::looked(std::uint64_t number, GpuAnswer answer) {
  answered_ = number;
  answer_ = std::move(answer);
  if (answer_.problem.empty()) return;
  blind_until_s_ = looks_.now_s() + kBlindS;
  if (std::exchange(failure_was_told_, true)) return;
  looks_.note(answer_.problem + ": GPUs are used without seeing whether they are free");
}

void GpuSlots::drop_unclaimed() {
  for (auto& [name, place] : places_)
    if (!place.runs && place.lock.is_open() && place.look <= answered_) place.lock.reset(), place.look = 0;
}

bool GpuSlots::claim(const Slot& slot, Place& place) {
  if (looks_.ask && looks_.now_s() < place.again_s) return false;
  SlotClaim claim = claim_slot(slot.gpu, number_of(slot), shares_[slot.gpu]);
  place.lock = std::move(claim.lock);
  place.look = 0;
  if (place.lock.is_open()) return true;
  if (claim.holder != 0)
    place.wait = {fmt::format("{} sweep {}", slot.gpu, claim.holder),
                  fmt::format("{}: another sweep (pid {}) holds it", name_of(slot.gpu), claim.holder)};
  return false;
}

GpuObjection GpuSlots::judge(const Slot& slot) {
  GpuTenants now = tenants(slot.gpu);
  if (const auto ended = ended_s_.find(slot.gpu); ended != ended_s_.end()) {
    const double now_s = looks_.now_s();
    now.trial_just_ended = now_s - ended->second < kFreeingS;
    if (!now.trial_just_ended) give_up_waiting(slot, now_s);
  }
  if (const auto before = mib_before_.find(slot.gpu); before != mib_before_.end()) now.mib_before_it = before->second;
  GpuObjection objection = judge_use(slot.gpu, answer_, now);
  if (objection.is_ours) left_[slot.gpu] = objection.text;
  if (!objection.text.empty()) return objection;
  left_.erase(slot.gpu);
  ended_s_.erase(slot.gpu);
  for (const Gpu& gpu : answer_.gpus)
    if (gpu.uuid == slot.gpu && gpu.used_mib && now.controllers.empty()) mib_before_[slot.gpu] = *gpu.used_mib;
  return {};
}

// From here on what is left there is judged as if it were somebody else's.
void GpuSlots::give_up_waiting(const Slot& slot, double now_s) {
  const auto left = left_.find(slot.gpu);
  if (left != left_.end())
    looks_.note(fmt::format("{}: {}, {:.0f} s after its end; what is in use there now counts as somebody else's",
                            name_of(slot.gpu), left->second, now_s - ended_s_.at(slot.gpu)));
  left_.erase(slot.gpu);
  ended_s_.erase(slot.gpu);
}

GpuTenants GpuSlots::tenants(const std::string& gpu) const {
  GpuTenants tenants;
  for (const SlotHolder& holder : slot_holders())
    if (holder.gpu == gpu && holder.pid != ::getpid()) tenants.controllers.insert(holder.pid);
  for (const auto& [name, place] : places_)
    if (place.runs && name.substr(0, name.rfind('/')) == gpu) tenants.controllers.insert(::getpid());
  return tenants;
}

void GpuSlots::put_off(const Slot& slot, Place& place, const GpuObjection& objection) {
  place.lock.reset();
  place.look = 0;
  place.again_s = looks_.now_s() + (objection.is_ours ? kBetweenFreeingS : kBetweenLooksS);
  place.wait = {slot.gpu + " " + objection.who, name_of(slot.gpu) + ": " + objection.text};
}

std::string GpuSlots::name_of(const std::string& gpu) const {
  const auto found = std::find_if(gpus_.begin(), gpus_.end(), [&](const Gpu& known) { return known.uuid == gpu; });
  return found == gpus_.end() ? gpu : gpu_name(*found);
}

}  // namespace sweep
