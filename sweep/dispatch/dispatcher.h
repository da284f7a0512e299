// Runs a prepared sweep to its end or until it is interrupted, and tells an observer how it goes. Called by commands/.
// The loop itself is in loop.h. Prints nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "sweep/dispatch/halt.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/dispatch/spare.h"
#include "sweep/gpus/gpu_use.h"
#include "sweep/launch/launcher.h"
#include "sweep/store/store.h"
#include "sweep/study/study.h"

namespace sweep {

/// What an observer is told; called from the loop, in the order in which things were recorded.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_started(const Study&, std::uint64_t trials, std::size_t slots) { (void)trials, (void)slots; }
  /// Applied to the study. It may still be lost: on_durable() follows.
  virtual void on_event(const Study&, const StudyEvent&) {}
  virtual void on_durable() {}                                   ///< what on_event() told until now is in the store
  virtual void on_note(const std::string& text) { (void)text; }  ///< one line for people
  /// It was asked to end early, by `who` (in words; empty where nobody knows).
  virtual void on_halt(const Study&, Halt halt, const std::string& who) { (void)halt, (void)who; }
  /// Other sweeps run these trials now, told each time that this changes; empty: none any more.
  virtual void on_busy_trials(const std::set<std::uint64_t>& trials) { (void)trials; }
  /// For which slots the trials that could start wait, and why, each time that this changes; empty: for none any more.
  virtual void on_wait(const Study&, const std::vector<SlotWait>& waits) { (void)waits; }
};

class SweepLock;

struct DispatchOptions {
  std::filesystem::path runs;
  int slots = 0;       ///< so many trials at once (on GPUs: at most); 0: as many as the machine has slots
  bool fresh = false;  ///< reuse no result of another sweep
  BusyGpus busy_gpus = BusyGpus::kWait;  ///< kUse: no GPU is looked at; kRefuse: looked at before the sweep, then kWait
  bool no_guard = false;                 ///< pass over what the guard says (Study::guard)
  std::vector<TrialReopened> reopen;     ///< recorded before anything starts, as far as these trials have ended
  SpareWork* spare = nullptr;            ///< gets the slots that no trial wants; null: nobody does
  bool only_spare = false;               ///< no trial runs: the loop is for `spare` alone
  const SweepLock* lock = nullptr;       ///< set by run_sweep(): looked at from time to time
};

struct Ending {
  Study study;
  std::uint64_t trials = 0;  ///< how many the sweep has
  int signal = 0;            ///< the signal that interrupted it; 0 where it ended by itself

  bool finished() const { return study.finished(trials); }
};

/// By what the trials of a recorded sweep are judged: its own metric, target and limits.
Terms terms_of(const SweepRecord& record);

/// Records the sweep where it is new, then starts, follows and records trials until all have ended or a signal came:
/// SIGINT, SIGTERM or SIGHUP once: no new trial, the running ones are asked to stop; twice: they are killed. SIGUSR1:
/// no new trial, the running ones go on to their end. `sweep stop` and `sweep cancel` send these: halt.h. Errors:
/// EnvironmentError where another controller runs this sweep (names its pid), a GPU is in use by others and the options
/// refuse that, or the store fails.
Ending run_sweep(Store& store, const Prepared& prepared, const DispatchOptions& options, Observer& observer);

/// Does options.spare's work in the slots of a recorded sweep, whoever runs that sweep meanwhile; it is left as it is.
/// Returns the signal that ended it early, or 0. Errors: as run_sweep().
int run_spare(Store& store, const Prepared& prepared, const DispatchOptions& options, Observer& observer);

enum class Load {
  kWhole,   ///< every trial with all that its events say
  kToRank,  ///< trials that have ended are forgotten (Study::forget): what a leaderboard needs, without their events
  kToGoOn,  ///< the same, and of the others the traces too
  kToList,  ///< as kToRank, but with the configurations
};
/// The study of a sweep as the store has it. Requires: the sweep is known.
Study load_study(const Store& store, const std::string& sweep, Load load = Load::kWhole);
/// One trial with all that its events say. Requires: it is planned. `study`: of its sweep, however it was loaded.
TrialState load_trial(const Store& store, const std::string& sweep, const Study& study, std::uint64_t index);

/// One trial as its own events have it: where the sweep ended is unknown to them. Requires: it is planned.
TrialState load_alone(const Store& store, const SweepRecord& sweep, std::uint64_t index);

/// The same trials, folded anew under another metric, as if the sweep had asked for it: a trial that never gave it
/// ended as no_metric. `last`: where the sweep ended, by its own metric and target; no later trial counts.
Study load_study_under(const Store& store, const std::string& sweep, const protocol::Metric& metric,
                       std::optional<std::uint64_t> last);

}  // namespace sweep
