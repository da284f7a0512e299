// The part of the loop that lends slots which no trial wants; see loop.h and spare.h.
#include <boost/asio/co_spawn.hpp>
#include <utility>

#include "sweep/dispatch/loop.h"

namespace sweep {

namespace asio = boost::asio;

// Whether a trial would start if one more slot were free.
bool Loop::trial_wants_slot() const {
  Situation with_one_more = situation();
  ++with_one_more.free_slots;
  const Decision::What what = decide(study_, with_one_more).what;
  return what == Decision::What::kStart || what == Decision::What::kPlan || !waiting_alone().empty();
}

// Returns whether spare work runs now, or is to be asked for again.
bool Loop::use_spare_slots() {
  if (options_.spare == nullptr || halted_ != Halt::kNone) return !spare_.empty();
  if (!options_.only_spare && trial_wants_slot()) {
    take_slot_back();
    return !spare_.empty();
  }
  bool lent = lend_slots(/*last=*/false);
  bool nothing_else_runs = running_.empty() && spare_.empty();
  if (nothing_else_runs && !lent) lent = lend_slots(/*last=*/true);
  nothing_else_runs = running_.empty() && spare_.empty();
  if (lent && nothing_else_runs) return use_spare_slots();  // it has ended already
  return !spare_.empty() || (nothing_else_runs && !held_elsewhere_.empty());
}

// Whether one was lent, even where that work has ended by now.
bool Loop::lend_slots(bool last) {
  const std::vector<Slot> open = slot_choice().open();
  bool lent = false;
  for (const Slot& slot : open) {
    if (situation().free_slots == 0) break;
    if (!options_.spare->wants(study_, slot, last)) continue;
    if (!launcher_.acquire(slot)) {
      held_elsewhere_.insert(slot.name);
      continue;
    }
    if (trainer_watch_) check_unchanged(*trainer_watch_, trainer_folder_);
    if (uncommitted_ > 0) commit();
    lend(slot, options_.spare->take(study_, slot, last));
    lent = true;
  }
  return lent;
}

void Loop::lend(const Slot& slot, SpareJob job) {
  const std::uint64_t number = spares_++;
  Spare& spare = spare_[number];
  spare.slot = slot;
  spare.job = std::move(job);
  spare.job.request.document.device = slot.device;
  spare.job.request.document.gpu = slot.gpu;
  for (auto& [index, running] : running_)
    if (!slot.gpu.empty() && running.slot.gpu == slot.gpu) running.shared_gpu = true;
  asio::co_spawn(executor_, run_spare(number), [this, number](std::exception_ptr failure) {
    if (!failure) return;
    spare_.erase(number);
    fail(failure);
  });
}

asio::awaitable<void> Loop::run_spare(std::uint64_t number) {
  Spare& spare = spare_.at(number);
  std::exception_ptr failure;
  try {
    AttemptResult result = co_await live(launcher_, clock_, spare.job.request, spare.job.on_events, spare.control);
    gone_.push_back(std::move(result.process));
    spare.job.on_end(result, spare.taken_back);
  } catch (...) {
    failure = std::current_exception();
  }
  launcher_.release(spare.slot);
  spare_.erase(number);  // at once: its process is gone, and `control` would still stop it
  if (failure) fail(failure);
  changed();
}

// One is enough: whoever wants more asks again when it has ended.
void Loop::take_slot_back() {
  if (!waiting_alone().empty()) return stop_spares(0);
  for (auto& [number, spare] : spare_) {
    if (spare.taken_back) return;
    spare.taken_back = true;
    return spare.control.stop(0);
  }
}

void Loop::stop_spares(double grace_s) {
  for (auto& [number, spare] : spare_) {
    spare.taken_back = true;
    spare.control.stop(grace_s);
  }
}

// No trial: the spare work alone, until there is none left.
asio::awaitable<void> Loop::go_on_with_spare_work() {
  while (use_spare_slots()) {
    co_await change();
    if (failure_) std::rethrow_exception(failure_);
  }
}

}  // namespace sweep
