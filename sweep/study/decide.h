// What happens next, and why: a pure function of the study. Called by dispatch/, which records the answer and acts.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "sweep/study/study.h"

namespace sweep {

/// What decide() needs to know of the world.
struct Situation {
  std::uint64_t trials = 0;  ///< how many the sweep has, planned or not
  std::size_t free_slots = 0;
  bool stopping = false;                    ///< interrupted: nothing new starts
  std::set<std::uint64_t> busy_elsewhere;   ///< waiting trials that another sweep runs at this moment
  std::set<std::uint64_t> asked_to_stop;    ///< running trials that end as soon as they can
  std::optional<std::uint64_t> first = {};  ///< a waiting trial that is to start now, whatever else waits
  bool ignores_guard = false;               ///< what the guard says is passed over
};

struct Decision {
  enum class What {
    kPlan,       ///< plan the next trials, from `index` on
    kStart,      ///< start attempt `attempt` of trial `index`
    kStop,       ///< stop trial `index`: it lies beyond the end of the sweep, and never goes on
    kPassGuard,  ///< record that the guard, which looked at the trials up to `index`, is passed over
    kWait,       ///< for an event
    kDone,       ///< nothing runs, and nothing will
  };
  What what = What::kWait;
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  std::string resume_file;  ///< name of the checkpoint's file; empty for the beginning
  std::string reason;       ///< in words; recorded with the order
};

/// Unfinished trials go first, then new ones, both in index order: since trials are started in index order, that is one
/// order. The bound ends the sweep: nothing starts beyond it, what runs there is stopped, and the sweep is done when
/// all trials before it have ended. When the guard has spoken nothing new starts, and what runs goes on to its end.
Decision decide(const Study& study, const Situation& situation);

/// From which trial on a few more are to be planned by whoever has time for it, before a slot waits for a plan: while
/// fewer wait than are kept planned. Nothing where decide() would plan none either.
std::optional<std::uint64_t> plan_in_time(const Study& study, const Situation& situation);

/// Whether a trial whose last attempt ended like this is to be tried again; `trial.attempts` holds that attempt.
/// `lost`, `cancelled` and exit code 75 with a newer checkpoint count no try and always go on; a crash by signal, a
/// stall, and exit code 75 without a newer checkpoint go on while the counted tries, since it was reopened last, are no
/// more than the retries that the attempt's end names. Out of memory goes on where the trial shared its GPU.
bool goes_on(const TrialState& trial);

/// Whether its next attempt is to have a GPU for itself: it ran out of memory where it shared one.
bool must_be_alone(const TrialState& trial);

}  // namespace sweep
