// The part of the loop that knows slots: which are open, who has a GPU alone, which GPU takes no more; see loop.h.
#include <algorithm>

#include "sweep/dispatch/loop.h"

namespace sweep {

// Trials that wait for a GPU of their own.
std::set<std::uint64_t> Loop::waiting_alone() const {
  std::set<std::uint64_t> found;
  if (launcher_.slots().empty() || launcher_.slots().front().gpu.empty()) return found;  // nothing is shared
  for (const std::uint64_t index : once_alone_)
    if (study_.waiting().contains(index) && must_be_alone(*study_.find(index))) found.insert(index);
  return found;
}

SlotChoice Loop::slot_choice() const {
  std::vector<Occupied> occupied;
  for (const auto& [index, running] : running_) occupied.push_back({running.slot, running.alone});
  for (const auto& [number, spare] : spare_) occupied.push_back({spare.slot, false});
  std::set<std::string> closed = held_elsewhere_;
  for (const Slot& slot : launcher_.slots())
    if (has_quarantine(slot)) closed.insert(slot.name);
  return {launcher_.slots(), std::move(occupied), std::move(closed), !waiting_alone().empty()};
}

std::optional<Slot> Loop::take_slot(bool alone) {
  const SlotChoice choice = slot_choice();
  if (!alone) {
    for (const Slot& slot : choice.open()) {
      if (launcher_.acquire(slot)) return slot;
      held_elsewhere_.insert(slot.name);
    }
    return std::nullopt;
  }
  // All are asked before one is given back: one look at the GPU answers for all that wait for it.
  const std::vector<Slot>& whole = choice.whole_gpu();
  std::vector<Slot> taken;
  for (const Slot& slot : whole) {
    if (launcher_.acquire(slot))
      taken.push_back(slot);
    else
      held_elsewhere_.insert(slot.name);
  }
  if (!whole.empty() && taken.size() == whole.size()) return whole.front();
  for (const Slot& slot : taken) launcher_.release(slot);
  return std::nullopt;
}

void Loop::release_slots(const Running& running) {
  for (const Slot& slot : launcher_.slots())
    if (slot == running.slot || (running.alone && slot.gpu == running.slot.gpu)) launcher_.release(slot);
}

// Whoever runs beside the new trial has shared its GPU, and so has the new one.
void Loop::note_sharing(std::uint64_t index) {
  Running& one = running_.at(index);
  for (auto& [other, running] : running_) {
    if (other == index || one.slot.gpu.empty() || running.slot.gpu != one.slot.gpu) continue;
    one.shared_gpu = running.shared_gpu = true;
  }
  for (const auto& [number, spare] : spare_)
    if (!one.slot.gpu.empty() && spare.slot.gpu == one.slot.gpu) one.shared_gpu = true;
}

// What the end of an attempt says of its GPU.
void Loop::look_after(std::uint64_t index) {
  if (must_be_alone(*study_.find(index))) once_alone_.insert(index);
  try {
    quarantine();
  } catch (...) {
    fail(std::current_exception());
  }
}

// A GPU on which trials end alike and badly that end well elsewhere takes no more of them.
void Loop::quarantine() {
  const std::optional<Quarantine> found = gpu_health_.find();
  if (!found) return;
  const std::string reason = "the GPU " + found->gpu + " is in quarantine: " + std::to_string(found->trials.size()) +
                             " trials in a row ended alike on it, and others well elsewhere";
  observer_.on_note(reason + " (the last: " + found->detail + "); they run again on other GPUs");
  for (const std::uint64_t index : found->trials)
    if (study_.find(index)->phase == Phase::kEnded) record(TrialReopened{index, reason});
}

// Slots of one GPU wait for the same.
void Loop::tell_waits() {
  std::vector<SlotWait> waits;
  for (const Slot& slot : launcher_.slots()) {
    if (!held_elsewhere_.contains(slot.name)) continue;
    SlotWait wait = launcher_.why_not(slot);
    const bool is_news = std::none_of(waits.begin(), waits.end(), [&](const auto& w) { return w.who == wait.who; });
    if (!wait.text.empty() && is_news) waits.push_back(std::move(wait));
  }
  if (waits == waits_) return;
  waits_ = std::move(waits);
  observer_.on_wait(study_, waits_);
}

}  // namespace sweep
