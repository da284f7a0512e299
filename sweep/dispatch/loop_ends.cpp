// The part of the loop that ends what no trainer ends: attempts of a controller that died, of a machine that fails, and
// what runs when the sweep cannot go on; see loop.h.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sweep/dispatch/loop.h"

namespace sweep {

namespace asio = boost::asio;

// An attempt that the machine did not let begin, or of which nothing was heard any more: it goes on later, as one that
// was interrupted, and its detail says why.
AttemptEnded Loop::failed_attempt(std::uint64_t index, const std::exception_ptr& failure) const {
  const Running& running = running_.at(index);
  AttemptEnded ended{index, running.request.attempt, protocol::Outcome::kCancelled};
  ended.retries = retries();
  ended.shared_gpu = running.shared_gpu;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    ended.detail = error.what();
  }
  return ended;
}

// What ran when the last controller died: nothing of it may live on beside its next attempt.
void Loop::end_lost_attempts() {
  std::set<std::string> markers;
  std::vector<StudyEvent> events;
  for (const std::uint64_t index : study_.running()) {
    const TrialState& trial = *study_.find(index);
    const auto attempt = static_cast<std::uint32_t>(trial.attempts.size() - 1);
    markers.insert(marker_of(trial, attempt));
    events.push_back(AttemptEnded{index, attempt, protocol::Outcome::kLost, "the controller died while it ran", 0,
                                  false, retries()});
  }
  if (events.empty()) return;
  launcher_.end_strays(markers);
  record(events);
}

// Checkpoints of trials that ended when the last controller was killed before it removed them. Of a trial that another
// sweep runs now they stay until the next time.
asio::awaitable<void> Loop::remove_left_checkpoints() {
  retention_.remember(study_);
  for (std::uint64_t index = 0; index < study_.trials().size() && halted_ == Halt::kNone; ++index) {
    if (!retention_.may_have_left(study_, index)) continue;
    const std::string& trial = study_.find(index)->trial;
    if (locks_.take(trial)) {
      retention_.remove_left(study_, index);
      locks_.leave(trial);
    }
    co_await let_others();
  }
}

// Something went wrong that is no trial's fault. What runs is stopped as an interrupt stops it, so that it goes on
// later.
asio::awaitable<void> Loop::end_running() {
  for (auto& [index, running] : running_) running.control.stop(running.request.grace_s);
  stop_spares(0);
  while (!running_.empty() || !spare_.empty()) {
    change_.expires_at(asio::steady_timer::time_point::max());
    co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!cannot_record_) commit();
}

}  // namespace sweep
