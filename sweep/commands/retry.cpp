// sweep retry: reopens trials of a sweep that have ended and goes on with it; its file is not needed.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/error.h"
#include "core/plural.h"
#include "sweep/commands/output.h"
#include "sweep/commands/running.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/fast_class.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/spec/reading.h"

namespace sweep {
namespace {

using protocol::Outcome;

struct Flags {
  std::string sweep = "last";
  std::vector<std::string> trials, outcomes;
  bool failed = false;
  RunningFlags running;
};

// The first word names the sweep, unless it names a trial.
void sort_words(const Store& store, Flags& flags) {
  if (flags.sweep == "last") return;
  const bool is_index = flags.sweep.starts_with("#");
  const bool is_hex = flags.sweep.find_first_not_of("0123456789abcdef") == std::string::npos;
  bool is_trial = is_index;
  if (!is_index && is_hex) {
    const std::vector<SweepRecord> sweeps = store.sweeps();
    const bool is_sweep = std::any_of(sweeps.begin(), sweeps.end(), [&](const SweepRecord& sweep) {
      return sweep.id.starts_with(flags.sweep) || sweep.name == flags.sweep;
    });
    is_trial = !is_sweep && !store.find_trials(flags.sweep).empty();
  }
  if (!is_trial) return;
  flags.trials.insert(flags.trials.begin(), std::exchange(flags.sweep, "last"));
}

std::set<Outcome> wanted_outcomes(const Flags& flags) {
  std::set<Outcome> wanted;
  std::vector<std::string> words;
  for (const protocol::OutcomeInfo& info : protocol::outcomes()) words.emplace_back(info.name);
  for (const std::string& word : flags.outcomes) {
    const auto outcome = protocol::outcome_named(word);
    if (!outcome) throw core::UserError("--outcome", "'" + word + "' is no outcome", suggest(word, words));
    wanted.insert(*outcome);
  }
  if (flags.failed || (flags.outcomes.empty() && flags.trials.empty()))
    wanted.insert({Outcome::kFailed, Outcome::kKilled, Outcome::kOutOfMemory, Outcome::kTimedOut, Outcome::kStalled,
                   Outcome::kNoMetric});
  return wanted;
}

// Beyond a reached target no trial counts, whatever it comes to; beyond too many failures it will.
bool may_count(const Study& study, std::uint64_t index) {
  return !study.is_surplus(index) || study.bound_cause() == BoundCause::kFailures;
}

std::set<std::uint64_t> chosen(const Store& store, const SweepRecord& record, const Study& study, const Flags& flags) {
  std::set<std::uint64_t> indexes;
  for (const std::string& word : flags.trials) {
    const std::uint64_t index = select_trial(store, word, record.id).place.index;
    const TrialState& trial = *study.find(index);
    if (trial.phase != Phase::kEnded)
      throw core::UserError(word, "has not ended", "`sweep resume " + record.id + "` goes on with it");
    indexes.insert(trial.repeats_index.value_or(index));
  }
  const std::set<Outcome> wanted = wanted_outcomes(flags);
  for (const TrialState& trial : study.trials())
    if (trial.phase == Phase::kEnded && !trial.repeats_index && wanted.contains(*trial.outcome) &&
        may_count(study, trial.index))
      indexes.insert(trial.index);
  return indexes;
}

int retry(Flags& flags, const Globals& globals) {
  std::vector<TrialReopened> reopen;
  SweepRecord record;
  {
    const Store store = open_store(globals);
    sort_words(store, flags);
    record = select_sweep(store, flags.sweep);
    const Study study = load_study(store, record.id);
    for (const std::uint64_t index : chosen(store, record, study, flags))
      reopen.push_back(
          {index, fmt::format("was {} and is tried again on demand", protocol::name(*study.find(index)->outcome))});
  }
  note(globals, reopen.empty() ? "no such trial has ended, so none is tried again"
                               : core::counted(reopen.size(), "trial") + " will be tried again");
  Overrides overrides;
  apply(flags.running, overrides);
  Prepared prepared = prepare_recorded(record, globals.runs, overrides);
  if (prepared.trainer.builtin) check_fast_class(record, *prepared.trainer.builtin);
  return run_prepared(std::move(prepared), flags.running, globals, std::move(reopen));
}

}  // namespace

std::function<int()> declare_retry(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SWEEP", flags->sweep, "prefix of an id, a name, or last")
      ->type_name("")
      ->capture_default_str();
  subcommand.add_option("TRIAL", flags->trials, "of that sweep: prefixes of ids, or #12 for an index")->type_name("");
  subcommand.add_flag("--failed", flags->failed,
                      "every trial that ended failed, killed, out_of_memory, timed_out, stalled or no_metric: what is "
                      "meant without another word");
  subcommand.add_option("--outcome", flags->outcomes, "every trial that ended so; may be repeated")
      ->type_name("OUTCOME")
      ->allow_extra_args(false);
  declare_running(subcommand, flags->running);
  return [flags, &globals] { return retry(*flags, globals); };
}

}  // namespace sweep
