// Runs a prepared sweep to its end or until it is interrupted, and tells an observer how it goes. Called by commands/.
// The loop itself is in loop.h. Prints nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "sweep/dispatch/prepare.h"
#include "sweep/store/store.h"
#include "sweep/study/study.h"

namespace sweep {

/// What an observer is told; called from the loop, in the order in which things were recorded.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_started(const Study&, std::uint64_t trials, std::size_t slots) { (void)trials, (void)slots; }
  virtual void on_event(const Study&, const StudyEvent&) {}
  virtual void on_note(const std::string& text) { (void)text; }  ///< one line for people
  virtual void on_interrupt(bool second) { (void)second; }
};

struct DispatchOptions {
  std::filesystem::path runs;
  int slots = 0;          ///< so many trials at once (on GPUs: at most); 0: as many as the machine has slots
  bool fresh = false;     ///< reuse no result of another sweep
  bool no_guard = false;  ///< pass over what the guard says (Study::guard)
  std::vector<TrialReopened> reopen;  ///< recorded before anything starts, as far as these trials have ended
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
/// SIGINT, SIGTERM or SIGHUP once: no new trial, the running ones are asked to stop; twice: they are killed.
/// Errors: EnvironmentError where another controller runs this sweep (names its pid), or the store fails.
Ending run_sweep(Store& store, const Prepared& prepared, const DispatchOptions& options, Observer& observer);

/// The study of a sweep as the store has it. Requires: the sweep is known. `with_trace` is needed only to go on with
/// it.
Study load_study(const Store& store, const std::string& sweep, bool with_trace = false);

/// The same trials, folded anew under another metric, as if the sweep had asked for it: a trial that never gave it
/// ended as no_metric. `last`: where the sweep ended, by its own metric and target; no later trial counts.
Study load_study_under(const Store& store, const std::string& sweep, const protocol::Metric& metric,
                       std::optional<std::uint64_t> last);

}  // namespace sweep
