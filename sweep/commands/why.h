// Why a trial is as it is, in words: why this point, why it waits, ended or was tried again, where it ranks and by
// which rule, where else in the store it is. Called by show.cpp, which gathers the facts. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/commands/state.h"
#include "sweep/search/origin.h"
#include "sweep/study/study.h"

namespace sweep {

/// The same trial in another sweep of the store.
struct Elsewhere {
  std::string sweep;
  std::uint64_t index = 0;
  bool runs_now = false;     ///< and a controller runs that sweep
  bool reused_ours = false;  ///< it took its result from the sweep that is asked about
};

/// What is known of the trial and of its sweep.
struct WhyFacts {
  const Study& study;
  const TrialState& trial;   ///< of the study, or one that is not planned yet
  std::uint64_t trials = 0;  ///< how many the sweep has
  SweepState state = SweepState::kFinished;
  std::string resume;  ///< the command that goes on with the sweep
  std::vector<Elsewhere> elsewhere;
};

/// "random search under seed 0: draw 5 of 20, each parameter at a quantile of its own", then a line a parameter that
/// has more than one value.
struct PointWhy {
  std::string text;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< name, how
};
PointWhy why_this_point(const TrialPlan& plan, std::uint64_t index);
core::Json point_json(const TrialPlan& plan, std::uint64_t index);

/// Where the training seed comes from.
std::string why_this_seed(const TrialPlan& plan, std::uint64_t index);

/// What ended the sweep before its last trial: "the target was reached at trial #7". Requires: study.bound().
std::string why_it_ended_early(const Study& study);

/// Why it has not run yet, runs, or is over.
std::string why_this_state(const WhyFacts& facts);

/// "rank 2 of 8: …", or why it has none.
std::string why_this_rank(const Study& study, const TrialState& trial);

/// Where else it is, and what was or will be reused; empty where nothing is.
std::string why_reused(const WhyFacts& facts);

}  // namespace sweep
