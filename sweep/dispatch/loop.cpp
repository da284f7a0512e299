// See loop.h.
#include "sweep/dispatch/loop.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "sweep/dispatch/reused.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

constexpr std::uint64_t kPlanAtOnce = 256;
constexpr std::size_t kMostGone = 2;
constexpr int kMostUncommitted = 8;
constexpr int kMostReused = 256;                        // in one commit, during which others may not write
constexpr auto kGather = std::chrono::milliseconds(1);  // what trials say in between is made durable together
constexpr auto kLetBegin = std::chrono::microseconds(100);
constexpr double kLookAtStoreS = 1;
constexpr auto kLookAgain = std::chrono::milliseconds(500);  // whether what another controller held is free

}  // namespace

Loop::Loop(asio::any_io_executor executor, Store& store, Launcher& launcher, const Clock& clock, const Prepared& sweep,
           DispatchOptions options, Study study, Observer& observer)
    : executor_(executor),
      store_(store),
      launcher_(launcher),
      clock_(clock),
      sweep_(sweep),
      options_(std::move(options)),
      study_(std::move(study)),
      observer_(observer),
      retention_(sweep.spec().keep, store, sweep.record.id, options_.runs),
      locks_(options_.runs),
      change_(executor, asio::steady_timer::time_point::max()) {}

asio::awaitable<void> Loop::run() {
  std::exception_ptr failure;
  try {
    co_await go_on();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  next_.reset();
  co_await end_running();
  gone_.clear();
  launcher_.end_waiting();
  std::rethrow_exception(failure);
}

asio::awaitable<void> Loop::go_on() {
  watch_trainer();
  if (options_.only_spare) co_return co_await go_on_with_spare_work();
  co_await remove_left_checkpoints();
  for (const std::uint64_t index : study_.waiting())
    if (must_be_alone(*study_.find(index))) once_alone_.insert(index);
  end_lost_attempts();
  for (;;) {
    if (failure_) std::rethrow_exception(failure_);  // what was not recorded decides nothing
    const Decision decision = decide(study_, situation());
    switch (decision.what) {
      case Decision::What::kPlan:
        plan_from(decision.index, kPlanAtOnce);
        commit();
        co_await let_others();
        break;
      case Decision::What::kStart:
        start(decision);
        if (study_.find(decision.index)->phase == Phase::kEnded) co_await let_others();  // its result was reused
        break;
      case Decision::What::kStop:
        stop(decision);
        break;
      case Decision::What::kPassGuard:
        record(GuardLifted{decision.index});
        break;
      case Decision::What::kWait:
        if (!ended_.empty() || uncommitted_ >= kMostUncommitted) commit();  // others may wait for it
        use_spare_slots();
        co_await change();
        break;
      case Decision::What::kDone:
        commit();
        look_at_store(0);
        next_.reset();
        launcher_.end_waiting();
        if (!use_spare_slots()) co_return;
        co_await change();
        break;
    }
  }
}

// There may be hundreds of thousands whose results are known: an interrupt is heard between two of them.
asio::awaitable<void> Loop::let_others() {
  if (uncommitted_ >= kMostReused) commit();
  co_await asio::post(executor_, asio::use_awaitable);
}

asio::awaitable<void> Loop::run_trial(std::uint64_t index) {
  Running& running = running_.at(index);
  const std::uint32_t attempt = running.request.attempt;
  const OnEvents record_events = [&](const std::vector<protocol::Event>& events) {
    std::vector<StudyEvent> said;
    for (const protocol::Event& event : events) said.push_back(TrainerSaid{index, attempt, event});
    try {
      record(said);
    } catch (...) {
      fail(std::current_exception());
    }
    return study_.find(index)->finding->empty();
  };
  AttemptResult result;
  std::exception_ptr failure;
  try {
    result =
        co_await live(launcher_, clock_, running.request, record_events, running.control, std::move(running.prepared));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    const AttemptEnded ended = failed_attempt(index, failure);
    running_.erase(index);  // at once: its process is gone, and `control` would still stop it
    fail(failure);
    try {
      record(ended);
    } catch (...) {  // the first failure is the one that is told
    }
    co_return;
  }
  gone_.push_back(std::move(result.process));
  finish_trial(index, result);
}

// What the trials are made by must stay what it was: the sources of a program, the kept executable of the built-in one.
void Loop::watch_trainer() {
  std::vector<SourceFile> files;
  if (const auto& program = sweep_.trainer.program) {
    trainer_folder_ = program->sources.folder;
    files = program->sources.files;
  } else if (const auto& builtin = sweep_.trainer.builtin; builtin && !builtin->sha256.empty()) {
    trainer_folder_ = builtin->executable.parent_path();
    files.push_back({path_text(builtin->executable.filename().string()), builtin->sha256, 0});
  }
  if (!files.empty()) trainer_watch_.emplace(std::move(files), trainer_folder_);
}

void Loop::finish_trial(std::uint64_t index, const AttemptResult& result) {
  Running& running = running_.at(index);
  AttemptEnded ended{index,          running.request.attempt, result.outcome, result.detail,
                     result.seconds, result.asked_again,      retries(),      running.shared_gpu};
  if (const std::string& finding = *study_.find(index)->finding; !finding.empty()) {
    ended.outcome = protocol::Outcome::kFailed;
    ended.detail = finding;
  } else if (!running.stop_reason.empty() && result.outcome == protocol::Outcome::kCancelled) {
    ended.detail = "stopped: " + running.stop_reason;
  }
  try {
    record_output(index, ended.attempt, result.output);
    record(ended);
  } catch (...) {
    fail(std::current_exception());
  }
  release_slots(running);
  if (!running.slot.gpu.empty()) gpu_health_.ended(running.slot.gpu, index, ended.outcome, ended.detail);
  running_.erase(index);
  ended_.push_back(index);
  if (!cannot_record_) look_after(index);
  // The next trial would meet the same. Those that run are ended with the controller and go on with it.
  if (result.unsuitable)
    fail(std::make_exception_ptr(core::EnvironmentError("trial #" + std::to_string(index), result.detail,
                                                        "mend that and go on with `sweep resume`")));
  changed();
}

void Loop::start(const Decision& decision) {
  const TrialState& trial = *study_.find(decision.index);
  if (!locks_.take(trial.trial)) {
    busy_elsewhere_.insert(trial.index);
    return;
  }
  const bool may_take = may_reuse() && trial.attempts.empty() && trial.reopened->empty();
  if (may_take && reuse(trial)) {
    ended_.push_back(trial.index);
    return;
  }
  const bool alone = waiting_alone().contains(trial.index);
  if (alone) launcher_.end_waiting();  // they hold memory of the GPU
  const std::optional<Slot> slot = take_slot(alone);
  if (!slot) {
    locks_.leave(trial.trial);
    return;
  }
  if (trainer_watch_) check_unchanged(*trainer_watch_, trainer_folder_);
  if (!trial.attempts.empty() && trial.attempts.back().outcome != protocol::Outcome::kLost)
    launcher_.end_strays({marker_of(trial, trial.attempts.size() - 1)});

  if (trial.checkpoint && uncommitted_ > 0) commit();  // to read a large one takes time, in which others may write
  Decision order = decision;
  order.resume_file = usable_checkpoint(trial, order.reason);
  Next next = take_next(trial, order, *slot);
  std::erase(ended_, trial.index);  // the lock is not left in between
  record(AttemptOrdered{trial.index, order.attempt, slot->name, slot->device, order.resume_file, order.reason});
  const Durable durable = make_durable();
  Running& running = running_[order.index];  // not before: what could not be recorded does not run
  running.slot = *slot;
  running.request = std::move(next.request);
  running.prepared = std::move(next.prepared);
  running.alone = alone;
  if (sweep_.spec().resources.reuse_process && !alone) running.request.shared_process = *slot;
  note_sharing(order.index);
  asio::co_spawn(executor_, run_trial(order.index), [this, index = order.index](std::exception_ptr failure) {
    if (!failure) return;
    running_.erase(index);
    fail(failure);
  });
  settle(durable);  // what has time until the trial has begun
  gone_.clear();
}

void Loop::stop(const Decision& decision) {
  Running& running = running_.at(decision.index);
  running.stop_reason = decision.reason;
  running.control.stop(running.request.grace_s);
}

void Loop::halt(const HaltRequest& request) {
  const Halt wanted = request.halt.value_or(halted_ < Halt::kStop ? Halt::kStop : Halt::kKill);
  if (wanted <= halted_) return;
  if (halted_ < Halt::kStop) signal_ = request.signal;
  halted_ = wanted;
  observer_.on_halt(study_, wanted, request.who);
  if (wanted >= Halt::kStop)
    for (auto& [index, running] : running_) running.control.stop(wanted == Halt::kKill ? 0 : running.request.grace_s);
  stop_spares(0);
  changed();
}

Ending Loop::take_ending() { return {std::move(study_), sweep_.plan.count(), signal_}; }

Situation Loop::situation() const {
  const SlotChoice choice = slot_choice();
  const std::size_t limit = options_.slots > 0 ? static_cast<std::size_t>(options_.slots) : launcher_.slots().size();
  const std::size_t used = running_.size() + spare_.size();
  const std::size_t allowed = limit > used ? limit - used : 0;
  Situation situation{sweep_.plan.count(), std::min(choice.open().size(), allowed), halted_ != Halt::kNone,
                      busy_elsewhere_};
  for (const auto& [index, running] : running_)
    if (running.control.stopped()) situation.asked_to_stop.insert(index);
  for (const std::uint64_t index : waiting_alone()) {
    if (!situation.first && allowed > 0 && !choice.whole_gpu().empty() && !busy_elsewhere_.contains(index))
      situation.first = index;
    situation.busy_elsewhere.insert(index);  // never in a slot that it would share
  }
  situation.ignores_guard = options_.no_guard;
  return situation;
}

void Loop::plan_from(std::uint64_t index, std::uint64_t most) {
  const std::uint64_t end = std::min(sweep_.plan.count(), index + most);
  std::vector<StudyEvent> events;
  std::map<std::string, std::uint64_t> planned_now;
  for (; index < end; ++index) {
    const PlannedTrial trial = sweep_.plan.trial(index);
    std::optional<std::uint64_t> repeats = study_.index_of(trial.id);
    if (!repeats) {
      const auto [found, is_new] = planned_now.emplace(trial.id, index);
      if (!is_new) repeats = found->second;
    }
    events.push_back(TrialPlanned{index, trial.replicate, trial.id, trial.config, trial.seed, repeats});
  }
  record(events);
}

// What a program that is not ours depends on beside its sources is invisible to us: its results are reused on demand.
bool Loop::may_reuse() const {
  const auto& program = sweep_.spec().program;
  return !options_.fresh && (!program || program->reuse);
}

bool Loop::reuse(const TrialState& trial) {
  const std::string& sweep = sweep_.record.id;
  const auto place = store_.find_result(trial.trial, sweep);
  if (!place) return false;
  const auto result = result_of(store_, *place, trial.index, study_.metric());
  if (!result) return false;
  record(*result);
  return true;
}

void Loop::record(const std::vector<StudyEvent>& events) {
  if (cannot_record_) return;
  try {
    store_.add(sweep_.record.id, clock_.unix_ms(), events, study_);
  } catch (...) {
    cannot_record_ = true;
    throw;
  }
  for (const StudyEvent& event : events) observer_.on_event(study_, event);
  ++uncommitted_;
  changed();  // run() sees to the commit
}

void Loop::record_output(std::uint64_t index, std::uint32_t attempt, const Output& output) {
  if (cannot_record_) return;
  try {
    store_.add_output(sweep_.record.id, index, attempt, output.out, output.err);
  } catch (...) {
    cannot_record_ = true;
    throw;
  }
}

// Everything that is recorded since the last call becomes durable together: the result of a trial with the order of the
// next. Nothing acts on it before: not a process that starts, not who waits for the trial's lock, not who cleans up,
// not who is told that a trial has ended. All but the process can wait for settle().
Loop::Durable Loop::make_durable() {
  Durable durable;
  try {
    const std::set<std::uint64_t> changed = store_.commit(study_);
    uncommitted_ = 0;
    look_at_store(kLookAtStoreS);
    for (const std::uint64_t index : changed)
      if (study_.find(index)->phase == Phase::kEnded) durable.forgotten.push_back(index);
  } catch (...) {
    cannot_record_ = true;
    throw;
  }
  durable.ended = std::exchange(ended_, {});
  return durable;
}

// A process that was started in between may have ended at once; of that nothing is durable.
void Loop::settle(const Durable& durable) {
  if (uncommitted_ == 0) observer_.on_durable();
  for (const std::uint64_t index : durable.ended) {
    retention_.ended(study_, index);  // before another sweep may write checkpoints of it
    locks_.leave(study_.find(index)->trial);
  }
  for (const std::uint64_t index : durable.forgotten) study_.forget(index);
}

// The store's file may be gone, with all that is recorded from then on. Looked at where the last time is so long ago.
void Loop::look_at_store(double after_s) {
  const double now = clock_.seconds();
  if (now < store_seen_s_ + after_s) return;
  store_seen_s_ = now;
  store_.require_in_place();
  if (options_.lock != nullptr) options_.lock->require_in_place();
}

void Loop::fail(std::exception_ptr failure) {
  if (!failure_) failure_ = failure;
  changed();
}

// Waits for an event. What others hold gives none: it is looked at again after a while.
asio::awaitable<void> Loop::change() {
  tell_busy_trials();
  tell_waits();
  is_disturbed_ = false;
  // A trial that ended just now has its successor started first, and one that has just been started gets the processor
  // that woke it: the system would let it wait for that one, with another idle.
  if (wants_next() || !gone_.empty()) co_await asio::post(executor_, asio::use_awaitable);
  if (!is_disturbed_ && wants_next()) {
    change_.expires_after(kLetBegin);
    co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!is_disturbed_ || gone_.size() >= kMostGone) {
    const bool has_planned = do_odd_jobs();
    if (has_planned) co_await let_others();  // that may go on for long where draws repeat
  }
  const bool looks_again = !held_elsewhere_.empty() || !busy_elsewhere_.empty();
  while (!is_disturbed_) {
    if (uncommitted_ > 0)
      change_.expires_after(kGather);
    else if (looks_again)
      change_.expires_after(kLookAgain);
    else
      change_.expires_at(asio::steady_timer::time_point::max());
    co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (is_disturbed_ || uncommitted_ == 0) break;
    commit();
  }
  held_elsewhere_.clear();
  busy_elsewhere_.clear();
}

void Loop::changed() {
  is_disturbed_ = true;  // the timer may have expired and not been heard
  change_.cancel();
}

// What has time until nothing else is ready. Whether more was planned.
bool Loop::do_odd_jobs() {
  gone_.clear();
  const bool is_idle = launcher_.has_spare_core();  // without what is prepared now
  if (wants_next()) prepare_next();
  return is_idle && plan_ahead();
}

void Loop::tell_busy_trials() {
  const std::set<std::uint64_t> busy = halted_ == Halt::kNone ? busy_elsewhere_ : std::set<std::uint64_t>();
  if (busy == told_busy_) return;
  told_busy_ = busy;
  observer_.on_busy_trials(told_busy_);
}

}  // namespace sweep
