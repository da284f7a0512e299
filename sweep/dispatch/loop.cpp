// See loop.h.
#include "sweep/dispatch/loop.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::uint64_t kPlanAtOnce = 256;
constexpr std::size_t kMostGone = 2;
constexpr int kMostUncommitted = 8;
constexpr auto kGather = std::chrono::milliseconds(1);       // what trials say in between is made durable together
constexpr auto kLookAgain = std::chrono::milliseconds(500);  // whether what another controller held is free

fs::path trial_folder(const fs::path& runs, const std::string& trial) { return runs / protocol::kTrialsFolder / trial; }

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
  std::rethrow_exception(failure);
}

asio::awaitable<void> Loop::go_on() {
  watch_trainer();
  retention_.remember(study_);
  for (const std::uint64_t index : study_.waiting())
    if (must_be_alone(*study_.find(index))) once_alone_.insert(index);
  end_lost_attempts();
  for (;;) {
    if (failure_) std::rethrow_exception(failure_);  // what was not recorded decides nothing
    const Decision decision = decide(study_, situation());
    switch (decision.what) {
      case Decision::What::kPlan:
        plan_from(decision.index);
        break;
      case Decision::What::kStart:
        start(decision);
        break;
      case Decision::What::kStop:
        stop(decision);
        break;
      case Decision::What::kPassGuard:
        record(GuardLifted{decision.index});
        break;
      case Decision::What::kWait:
        if (!ended_.empty() || uncommitted_ >= kMostUncommitted) commit();  // others may wait for it
        co_await change();
        break;
      case Decision::What::kDone:
        commit();
        next_.reset();
        co_return;
    }
  }
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
    return study_.find(index)->finding.empty();
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
    running_.erase(index);  // at once: its process is gone, and `control` would still stop it
    fail(failure);
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
  if (const std::string& finding = study_.find(index)->finding; !finding.empty()) {
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

// What the end of an attempt says of its GPU.
void Loop::look_after(std::uint64_t index) {
  if (must_be_alone(*study_.find(index))) once_alone_.insert(index);
  try {
    quarantine();
  } catch (...) {
    fail(std::current_exception());
  }
}

void Loop::start(const Decision& decision) {
  const TrialState& trial = *study_.find(decision.index);
  if (!locks_.take(trial.trial)) {
    busy_elsewhere_.insert(trial.index);
    return;
  }
  const bool may_take = may_reuse() && trial.attempts.empty() && trial.reopened.empty();
  if (may_take && reuse(trial)) {
    ended_.push_back(trial.index);
    return;
  }
  const bool alone = waiting_alone().contains(trial.index);
  const std::optional<Slot> slot = take_slot(alone);
  if (!slot) {
    locks_.leave(trial.trial);
    return;
  }
  if (trainer_watch_) check_unchanged(*trainer_watch_, trainer_folder_);
  if (!trial.attempts.empty() && trial.attempts.back().outcome != protocol::Outcome::kLost)
    launcher_.end_strays({marker_of(trial, trial.attempts.size() - 1)});

  Decision order = decision;
  order.resume_file = usable_checkpoint(trial, order.reason);
  Next next = take_next(trial, order, *slot);
  std::erase(ended_, trial.index);  // the lock is not left in between
  record(AttemptOrdered{trial.index, order.attempt, slot->name, slot->device, order.resume_file, order.reason});
  commit();
  Running& running = running_[order.index];  // not before: what could not be recorded does not run
  running.slot = *slot;
  running.request = std::move(next.request);
  running.prepared = std::move(next.prepared);
  running.alone = alone;
  note_sharing(order.index);
  asio::co_spawn(executor_, run_trial(order.index), [this, index = order.index](std::exception_ptr failure) {
    if (!failure) return;
    running_.erase(index);
    fail(failure);
  });
  gone_.clear();  // a successor has begun
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
  changed();
}

Ending Loop::take_ending() { return {std::move(study_), sweep_.plan.count(), signal_}; }

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

// Something went wrong that is no trial's fault. What runs is stopped as an interrupt stops it, so that it goes on
// later.
asio::awaitable<void> Loop::end_running() {
  for (auto& [index, running] : running_) running.control.stop(running.request.grace_s);
  while (!running_.empty()) {
    change_.expires_at(asio::steady_timer::time_point::max());
    co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  if (!cannot_record_) commit();
}

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
  std::set<std::string> closed = held_elsewhere_;
  for (const Slot& slot : launcher_.slots())
    if (has_quarantine(slot)) closed.insert(slot.name);
  return {launcher_.slots(), std::move(occupied), std::move(closed), !waiting_alone().empty()};
}

Situation Loop::situation() const {
  const SlotChoice choice = slot_choice();
  const std::size_t limit = options_.slots > 0 ? static_cast<std::size_t>(options_.slots) : launcher_.slots().size();
  const std::size_t allowed = limit > running_.size() ? limit - running_.size() : 0;
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

void Loop::plan_from(std::uint64_t index) {
  const std::uint64_t end = std::min(sweep_.plan.count(), index + kPlanAtOnce);
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

std::optional<Slot> Loop::take_slot(bool alone) {
  const SlotChoice choice = slot_choice();
  if (!alone) {
    for (const Slot& slot : choice.open()) {
      if (launcher_.acquire(slot)) return slot;
      held_elsewhere_.insert(slot.name);
    }
    return std::nullopt;
  }
  const std::vector<Slot>& whole = choice.whole_gpu();
  for (auto slot = whole.begin(); slot != whole.end(); ++slot) {
    if (launcher_.acquire(*slot)) continue;
    held_elsewhere_.insert(slot->name);
    std::for_each(whole.begin(), slot, [&](const Slot& taken) { launcher_.release(taken); });
    return std::nullopt;
  }
  return whole.empty() ? std::nullopt : std::optional(whole.front());
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

// The checkpoint's file name, or nothing (and a reason) where the file is not what its event said.
std::string Loop::usable_checkpoint(const TrialState& trial, std::string& reason) const {
  if (!trial.checkpoint) return {};
  const fs::path file =
      trial_folder(options_.runs, trial.trial) / protocol::kCheckpointsFolder / trial.checkpoint->file;
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(file, ignored))) {
    reason += "; but the checkpoint is not there as a file, so from the beginning";
    return {};
  }
  try {
    if (core::sha256_file(file) == trial.checkpoint->sha256) return trial.checkpoint->file;
    reason += "; but the checkpoint's digest is another, so from the beginning";
  } catch (const core::UserError&) {
    reason += "; but the checkpoint cannot be read, so from the beginning";
  }
  return {};
}

std::string Loop::marker_of(const TrialState& trial, std::size_t attempt) const {
  return attempt_marker(
      attempt_folder(options_.runs, trial.trial, sweep_.record.id, static_cast<std::uint32_t>(attempt)));
}

// While others run: what the next one needs is put together before its slot is free, up to a process that waits for the
// word. A GPU's is another for each slot.
bool Loop::wants_next() const {
  if (running_.empty() || study_.waiting().empty() || halted_ != Halt::kNone) return false;
  const TrialState& trial = *study_.find(*study_.waiting().begin());
  const bool is_there = next_ && next_->request.document.index == trial.index;
  return running_.begin()->second.slot.gpu.empty() && trial.attempts.empty() && !is_there;
}

void Loop::prepare_next() {
  const TrialState& trial = *study_.find(*study_.waiting().begin());
  const Slot& slot = running_.begin()->second.slot;
  next_.emplace();
  next_->request = make_request(trial, Decision{Decision::What::kStart, trial.index}, slot);
  put_together(next_->request);
  try {
    next_->prepared = launcher_.prepare(*next_->request.order);
  } catch (const core::EnvironmentError&) {
    next_.reset();  // the start will meet it again, and say so
  }
}

Loop::Next Loop::take_next(const TrialState& trial, const Decision& decision, const Slot& slot) {
  std::optional<Next> next = std::exchange(next_, std::nullopt);
  const bool fits = next && next->request.document.index == trial.index && decision.attempt == 0 && slot.gpu.empty();
  return fits ? std::move(*next) : Next{make_request(trial, decision, slot), nullptr};
}

AttemptRequest Loop::make_request(const TrialState& trial, const Decision& decision, const Slot& slot) const {
  const fs::path& runs = options_.runs;
  AttemptRequest request = make_attempt(sweep_, {trial.index, trial.replicate, trial.trial, trial.config, trial.seed},
                                        attempt_folder(runs, trial.trial, sweep_.record.id, decision.attempt),
                                        trial_folder(runs, trial.trial) / protocol::kCheckpointsFolder);
  request.document.device = slot.device;
  request.document.gpu = slot.gpu;
  request.attempt = decision.attempt;
  request.resume_file = decision.resume_file;
  if (study_.metric() && !decision.resume_file.empty()) {
    const auto found = trial.final_values.find(study_.metric()->name);
    if (found != trial.final_values.end()) request.metric_so_far = found->second;
  }
  return request;
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
// next. Nothing acts on it before: not a process that starts, not who waits for the trial's lock, not who cleans up.
void Loop::commit() {
  std::set<std::uint64_t> changed;
  try {
    changed = store_.commit(study_);
    uncommitted_ = 0;
  } catch (...) {
    cannot_record_ = true;
    throw;
  }
  for (const std::uint64_t index : std::exchange(ended_, {})) {
    locks_.leave(study_.find(index)->trial);
    retention_.ended(study_, index);
  }
  for (const std::uint64_t index : changed)
    if (study_.find(index)->phase == Phase::kEnded) study_.forget(index);
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
  // A trial that ended just now has its successor started first.
  if (has_odd_jobs()) co_await asio::post(executor_, asio::use_awaitable);
  if (!is_disturbed_ || gone_.size() >= kMostGone) do_odd_jobs();
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

// What has time until nothing else is ready.
bool Loop::has_odd_jobs() const { return !gone_.empty() || wants_next(); }

void Loop::do_odd_jobs() {
  gone_.clear();
  if (wants_next()) prepare_next();
}

void Loop::tell_busy_trials() {
  const std::set<std::uint64_t> busy = halted_ == Halt::kNone ? busy_elsewhere_ : std::set<std::uint64_t>();
  if (busy == told_busy_) return;
  told_busy_ = busy;
  observer_.on_busy_trials(told_busy_);
}

std::optional<TrialReused> result_of(const Store& store, const TrialPlace& place, std::uint64_t index,
                                     const std::optional<protocol::Metric>& metric) {
  Study alone(metric);
  // What was recorded as the outcome was judged by the other sweep's metric; this is what the program said itself.
  protocol::Outcome said = protocol::Outcome::kCompleted;
  store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
    StudyEvent event = stored.event;
    if (const auto* from_trainer = std::get_if<TrainerSaid>(&event))
      if (const auto* finished = std::get_if<protocol::Finished>(&from_trainer->event.body)) said = finished->outcome;
    std::visit([](auto& e) { e.index = 0; }, event);
    alone.apply(event);
  });
  const TrialState* trial = alone.find(0);
  if (trial == nullptr || trial->phase != Phase::kEnded) return std::nullopt;
  TrialReused reused;
  reused.index = index;
  reused.from_sweep = place.sweep;
  reused.from_index = place.index;
  std::optional<double> last;
  if (metric && trial->final_values.contains(metric->name)) last = trial->final_values.at(metric->name);
  const protocol::Outcome recorded = *trial->outcome;
  const bool was_judged = recorded == protocol::Outcome::kCompleted || recorded == protocol::Outcome::kNoMetric ||
                          recorded == protocol::Outcome::kDiverged;
  reused.outcome = was_judged ? judge_metric(said, metric, last) : recorded;
  if (reused.outcome == recorded) reused.detail = trial->detail;
  if (reused.outcome == protocol::Outcome::kNoMetric) reused.detail = no_metric_detail(*metric);
  if (reused.outcome == protocol::Outcome::kDiverged && said != protocol::Outcome::kDiverged)
    reused.detail = diverged_detail(*metric);
  reused.value = trial->value;
  reused.epoch = trial->epoch;
  reused.step = trial->step;
  reused.at_value = trial->at_value;
  reused.final_values = trial->final_values;
  reused.last_step = trial->last_step;
  reused.weights_sha256 = trial->weights_sha256;
  return reused;
}

}  // namespace sweep
