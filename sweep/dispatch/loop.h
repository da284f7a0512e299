// The only loop: decide → record → act; wait → record → apply. Its heart is run() in loop.cpp. Everything outside comes
// in as an argument, so tests drive it without a process and with a clock of their own. Used by dispatcher.cpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "sweep/dispatch/clock.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/gpu_health.h"
#include "sweep/dispatch/life.h"
#include "sweep/dispatch/lock.h"
#include "sweep/dispatch/retention.h"
#include "sweep/dispatch/slot_choice.h"
#include "sweep/dispatch/spare.h"
#include "sweep/launch/launcher.h"
#include "sweep/launch/start.h"
#include "sweep/study/decide.h"

namespace sweep {

class Loop {
 public:
  /// Takes the study as the store has it. Requires: the sweep is recorded and locked, `options.runs` is absolute.
  Loop(boost::asio::any_io_executor executor, Store& store, Launcher& launcher, const Clock& clock,
       const Prepared& sweep, DispatchOptions options, Study study, Observer& observer);

  /// Runs until every trial has ended or an interrupt has emptied the slots. Errors: what the store throws, and
  /// EnvironmentError where the machine cannot run a trial; what runs is then stopped in order first.
  boost::asio::awaitable<void> run();

  /// Nothing new starts, and what runs goes on, is asked to stop, or is killed. A request that asks for no more than an
  /// earlier one changes nothing.
  void halt(const HaltRequest& request);
  /// As a signal asks that says nothing else: what runs is asked to stop, the second time killed.
  void interrupt(int signal) { halt({std::nullopt, signal, {}}); }

  /// A slot that was not free may be now.
  void look_again() { changed(); }

  const Study& study() const { return study_; }
  Ending take_ending();

 private:
  struct Running {
    Slot slot;
    AttemptRequest request;
    AttemptControl control;
    std::string stop_reason;            ///< why the sweep wants no more of it; empty while it does
    std::unique_ptr<Process> prepared;  ///< until it begins
    bool alone = false;                 ///< it has all slots of its GPU
    bool shared_gpu = false;            ///< another trial ran on its GPU at some time
  };

  /// Work in a slot that no trial wants.
  struct Spare {
    Slot slot;
    SpareJob job;
    AttemptControl control;
    bool taken_back = false;
  };

  /// What a start needs, put together ahead of it.
  struct Next {
    AttemptRequest request;
    std::unique_ptr<Process> prepared;  ///< null: nothing is prepared
  };

  /// What a commit has made durable, by trial index.
  struct Durable {
    std::vector<std::uint64_t> ended;      ///< of which an attempt ended
    std::vector<std::uint64_t> forgotten;  ///< of which nothing more is needed
  };

  boost::asio::awaitable<void> go_on();
  boost::asio::awaitable<void> go_on_with_spare_work();
  boost::asio::awaitable<void> end_running();
  void end_lost_attempts();
  boost::asio::awaitable<void> remove_left_checkpoints();
  Situation situation() const;
  void plan_from(std::uint64_t index, std::uint64_t most);
  bool plan_ahead();
  void start(const Decision& decision);
  void stop(const Decision& decision);
  void watch_trainer();
  bool may_reuse() const;
  bool reuse(const TrialState& trial);
  boost::asio::awaitable<void> run_trial(std::uint64_t index);
  AttemptEnded failed_attempt(std::uint64_t index, const std::exception_ptr& failure) const;
  void finish_trial(std::uint64_t index, const AttemptResult& result);
  void look_after(std::uint64_t index);
  boost::asio::awaitable<void> let_others();
  boost::asio::awaitable<void> change();
  void changed();
  void tell_busy_trials();

  bool trial_wants_slot() const;
  bool use_spare_slots();
  bool lend_slots(bool last);
  void lend(const Slot& slot, SpareJob job);
  boost::asio::awaitable<void> run_spare(std::uint64_t number);
  void take_slot_back();
  void stop_spares(double grace_s);

  void tell_waits();
  std::set<std::uint64_t> waiting_alone() const;
  SlotChoice slot_choice() const;
  bool has_quarantine(const Slot& slot) const { return !slot.gpu.empty() && gpu_health_.in_quarantine(slot.gpu); }
  void release_slots(const Running& running);
  std::uint32_t retries() const { return sweep_.spec().resources.retries; }
  void note_sharing(std::uint64_t index);
  void quarantine();
  std::optional<Slot> take_slot(bool alone);
  std::string usable_checkpoint(const TrialState& trial, std::string& reason) const;
  std::string marker_of(const TrialState& trial, std::size_t attempt) const;
  bool do_odd_jobs();
  bool wants_next() const;
  void prepare_next();
  Next take_next(const TrialState& trial, const Decision& decision, const Slot& slot);
  AttemptRequest make_request(const TrialState& trial, const Decision& decision, const Slot& slot) const;
  void record(const std::vector<StudyEvent>& events);
  void record_output(std::uint64_t index, std::uint32_t attempt, const Output& output);
  void record(const StudyEvent& event) { record(std::vector<StudyEvent>(1, event)); }
  void commit() { settle(make_durable()); }
  Durable make_durable();
  void settle(const Durable& durable);
  void look_at_store(double after_s);
  void fail(std::exception_ptr failure);

  boost::asio::any_io_executor executor_;
  Store& store_;
  Launcher& launcher_;
  const Clock& clock_;
  const Prepared& sweep_;
  DispatchOptions options_;
  Study study_;
  Observer& observer_;
  Retention retention_;
  TrialLocks locks_;
  std::filesystem::path trainer_folder_;
  std::optional<SourcesWatch> trainer_watch_;  ///< over what the trainer is made of

  std::map<std::uint64_t, Running> running_;  ///< by trial index
  std::map<std::uint64_t, Spare> spare_;      ///< by a number of its own
  std::uint64_t spares_ = 0;                  ///< so many were started
  std::set<std::string> held_elsewhere_;      ///< slots that others hold or use, asked for again after a while
  std::set<std::uint64_t> busy_elsewhere_;    ///< trials that another sweep runs now; looked at again after a while
  std::set<std::uint64_t> told_busy_;         ///< of them, what the observer knows
  std::vector<SlotWait> waits_;               ///< as the observer was told last
  std::set<std::uint64_t> once_alone_;        ///< trials that may have to be alone on a GPU: a few of all
  GpuHealth gpu_health_;
  boost::asio::steady_timer change_;
  std::optional<Next> next_;                    ///< of the trial that comes next, it seems
  std::vector<std::shared_ptr<Process>> gone_;  ///< that have ended, and are let go when there is time
  std::vector<std::uint64_t> ended_;            ///< trials of which an attempt has ended since the last commit
  std::exception_ptr failure_;                  ///< ends the sweep
  int uncommitted_ = 0;                         ///< how often something was recorded since the last commit
  bool is_disturbed_ = false;                   ///< something happened during the wait
  double store_seen_s_ = 0;
  bool cannot_record_ = false;  ///< the store failed: study_ is ahead of it
  Halt halted_ = Halt::kNone;
  int signal_ = 0;
};

}  // namespace sweep
