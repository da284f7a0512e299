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
#include "sweep/dispatch/retention.h"
#include "sweep/dispatch/slot_choice.h"
#include "sweep/launch/launcher.h"
#include "sweep/launch/start.h"
#include "sweep/study/decide.h"

namespace sweep {

class Loop {
 public:
  /// Takes the study as the store has it. Requires: the sweep is recorded and locked, `options.runs` is absolute.
  Loop(boost::asio::any_io_executor executor, Store& store, Launcher& launcher, const Clock& clock,
       const Prepared& sweep, DispatchOptions options, Study study, Observer& observer);

  /// Runs until every trial has ended or an interrupt has emptied the slots. Errors: what the store throws.
  boost::asio::awaitable<void> run();

  /// First call: nothing new starts and what runs is asked to stop. Second: it is killed.
  void interrupt(int signal);

  const Study& study() const { return study_; }
  Ending take_ending();

 private:
  struct Running {
    Slot slot;
    AttemptRequest request;
    Descriptor lock;  ///< of the trial's folder
    AttemptControl control;
    std::string stop_reason;  ///< why the sweep wants no more of it; empty while it does
    bool alone = false;       ///< it has all slots of its GPU
    bool shared_gpu = false;  ///< another trial ran on its GPU at some time
  };

  void end_lost_attempts();
  Situation situation() const;
  void plan_from(std::uint64_t index);
  void start(const Decision& decision);
  void stop(const Decision& decision);
  void watch_trainer();
  bool may_reuse() const;
  bool reuse(const TrialState& trial);
  boost::asio::awaitable<void> run_trial(std::uint64_t index);
  void finish_trial(std::uint64_t index, const AttemptResult& result);
  boost::asio::awaitable<void> change();
  void changed();

  std::set<std::uint64_t> waiting_alone() const;
  SlotChoice slot_choice() const;
  bool has_quarantine(const Slot& slot) const { return !slot.gpu.empty() && gpu_health_.in_quarantine(slot.gpu); }
  void release_slots(const Running& running);
  std::uint32_t retries() const { return sweep_.spec().resources.retries; }
  void note_sharing(std::uint64_t index);
  void quarantine();
  std::optional<Slot> take_slot(bool alone);
  std::string usable_checkpoint(const TrialState& trial, std::string& reason) const;
  AttemptRequest make_request(const TrialState& trial, const Decision& decision, const Slot& slot) const;
  void record(const std::vector<StudyEvent>& events);
  void record(const StudyEvent& event) { record(std::vector<StudyEvent>(1, event)); }

  boost::asio::any_io_executor executor_;
  Store& store_;
  Launcher& launcher_;
  const Clock& clock_;
  const Prepared& sweep_;
  DispatchOptions options_;
  Study study_;
  Observer& observer_;
  Retention retention_;
  std::filesystem::path trainer_folder_;
  std::optional<SourcesWatch> trainer_watch_;  ///< over what the trainer is made of

  std::map<std::uint64_t, Running> running_;  ///< by trial index
  std::set<std::uint64_t> once_alone_;        ///< trials that may have to be alone on a GPU: a few of all
  GpuHealth gpu_health_;
  std::set<std::string> held_elsewhere_;    ///< slots of other controllers, asked for again after a while
  std::set<std::uint64_t> busy_elsewhere_;  ///< trials that another sweep runs now; looked at again after a while
  boost::asio::steady_timer change_;
  std::exception_ptr failure_;
  int signal_ = 0;
};

/// The result of a trial that ended in another sweep of the store, folded anew under `metric`; nothing where that trial
/// did not end with a result that may be reused.
std::optional<TrialReused> result_of(const Store& store, const TrialPlace& place, std::uint64_t index,
                                     const std::optional<protocol::Metric>& metric);

}  // namespace sweep
