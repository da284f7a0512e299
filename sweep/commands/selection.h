// What the words TRIAL and SWEEP on the command line mean. TRIAL: a unique prefix of an id, `#12` (index in the last
// sweep), `best`. SWEEP: a unique prefix of an id, a name, `last`. The last sweep is the one in which
// something happened last. Called by every verb that takes one.
#pragma once

#include <string>

#include "sweep/commands/command.h"
#include "sweep/report/report.h"
#include "sweep/store/store.h"

namespace sweep {

/// Opens the store under globals.runs for reading. Errors: UserError where there is none, saying how to make one.
Store open_store(const Globals& globals);

/// Errors: UserError for an unknown or ambiguous word, with the candidates.
SweepRecord select_sweep(const Store& store, const std::string& word);

/// A trial, and the sweep in which it was found.
struct SelectedTrial {
  SweepRecord sweep;
  TrialPlace place;
};
/// `sweep` as select_sweep() has it: the trial as that sweep knows it; empty: of an id the newest sweep that ran it, of
/// an index or `best` the last sweep.
/// An index that the sweep has, but whose trial is not planned yet, is an error unless `unplanned` allows it.
enum class Unplanned { kError, kAllowed };
SelectedTrial select_trial(const Store& store, const std::string& word, const std::string& sweep = {},
                           Unplanned unplanned = Unplanned::kError);

/// Declares --sweep of a verb that takes a TRIAL.
void declare_sweep_of_trial(CLI::App& subcommand, std::string& sweep);

/// What a report says of the sweep. `study`: of it, under the sweep's own terms.
SweepHead sweep_head(const SweepRecord& sweep, const Study& study);

/// "" for the default folder or one that SWEEP_RUNS names, else " --runs DIR", quoted for a shell.
std::string runs_flag(const Globals& globals);

}  // namespace sweep
