// sweep diff: two trials, or two sweeps, side by side. What is compared with what is difference.h.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/error.h"
#include "protocol/outcome.h"
#include "sweep/commands/difference.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/overview.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;

struct Flags {
  std::string left, right;
  std::string sweep, other_sweep;  // of the trials
  bool of_sweeps = false;          // --sweeps
};

template <class T>
void add_known(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

std::string name_of(const SweepRecord& sweep) {
  return "sweep " + sweep.id + (sweep.name.empty() ? "" : " '" + printable(sweep.name, 60) + "'");
}

// A trial, and its sweep, as far as they are compared.
struct Trial {
  SweepRecord sweep;
  TrialState state;
  TrialRecord record;
};

Trial gather_trial(const Store& store, const std::string& word, const std::string& of_sweep) {
  const SelectedTrial selected = select_trial(store, word, of_sweep);
  const Study study = load_study(store, selected.sweep.id, Load::kToRank);
  TrialState state = load_trial(store, selected.sweep.id, study, selected.place.index);
  const TrialPlace ran{selected.sweep.id, state.repeats_index.value_or(state.index)};
  return {selected.sweep, std::move(state), TrialRecord::from_attempts(store.trial_events(ran))};
}

std::string headline(const Trial& trial) {
  return fmt::format("trial {}, #{} of {}", trial.state.trial, trial.state.index, name_of(trial.sweep));
}

Json result_of(const Trial& trial) {
  const TrialState& state = trial.state;
  Json json = {{"outcome", outcome_word(state)}, {"last_step", state.last_step}, {"attempts", state.attempts.size()}};
  const std::string metric = trial.sweep.metric ? trial.sweep.metric->name : "value";
  add_known(json, metric.c_str(), state.value);
  add_known(json, "epoch", state.epoch);
  add_known(json, "step", state.step);
  if (!state.detail.empty()) json["detail"] = state.detail;
  if (!state.weights_sha256.empty()) json["weights_sha256"] = state.weights_sha256;
  return json;
}

// What a trial is besides its configuration.
Json identity_of(const Trial& trial) {
  return {{"seed", trial.state.seed}, {"replicate", trial.state.replicate}, {"of_sweep", trial.sweep.identity}};
}

Json machine_of(const Trial& trial) {
  Json json = {{"of_attempt", trial.record.environment}, {"of_sweep", trial.sweep.provenance}};
  if (!trial.state.attempts.empty()) json["device"] = trial.state.attempts.back().device;
  return json;
}

SideBySide compare_trials(const Trial& left, const Trial& right) {
  return {headline(left),
          headline(right),
          {fields_section("configuration", left.state.config, right.state.config),
           fields_section("identity", identity_of(left), identity_of(right), "seed, trainer, data and numerics"),
           fields_section("environment", machine_of(left), machine_of(right)),
           fields_section("result", result_of(left), result_of(right)), metrics_section(left.record, right.record),
           fingerprints_section(left.record, right.record)}};
}

Json result_of(const Store& store, const SweepRecord& sweep) {
  const SweepOverview overview = read_overview(store, sweep);
  Json json = {{"trials", overview.trials}, {"ended", overview.ended}, {"outcomes", overview.outcomes}};
  if (overview.best)
    json["best"] = {{"trial", overview.best->trial}, {"index", overview.best->index}, {"value", overview.best->value}};
  return json;
}

// Trials that both have, by id: they must have given the same.
Section shared_section(const Store& store, const SweepRecord& left, const SweepRecord& right) {
  const std::vector<TrialSummary> theirs = store.summaries(right.id);
  std::map<std::string, const TrialSummary*> by_id;
  for (const TrialSummary& row : theirs) by_id.try_emplace(row.trial, &row);
  std::uint64_t shared = 0, differing = 0;
  Section section{"shared trials", {}, {}, Json::object(), {}};
  for (const TrialSummary& row : store.summaries(left.id)) {
    if (row.repeats) continue;
    const auto found = by_id.find(row.trial);
    if (found == by_id.end()) continue;
    ++shared;
    const TrialSummary& other = *found->second;
    const bool ended = row.phase == name(Phase::kEnded) && other.phase == name(Phase::kEnded);
    if (!ended || (row.value == other.value && row.outcome == other.outcome)) continue;
    if (differing++ == 0)
      section.fields.push_back({row.trial, row.value ? Json(*row.value) : Json(row.outcome),
                                other.value ? Json(*other.value) : Json(other.outcome)});
  }
  section.facts = {{"shared", shared}, {"different", differing}};
  section.sentences.push_back(
      fmt::format("{} trial{} in both, {} with another result", shared, shared == 1 ? "" : "s", differing));
  return section;
}

SideBySide compare_sweeps(const Store& store, const SweepRecord& left, const SweepRecord& right) {
  return {
      name_of(left),
      name_of(right),
      {fields_section("file", recorded_spec(left).determining(), recorded_spec(right).determining(),
                      "all of the file that determines results"),
       fields_section("identity", left.identity, right.identity, "trainer, data and numerics"),
       fields_section("environment", left.provenance, right.provenance),
       fields_section("result", result_of(store, left), result_of(store, right)), shared_section(store, left, right)}};
}

// A word that may be a trial is one; hexadecimal digits may begin ids of both.
bool may_be_trial(const Store& store, const std::string& word) {
  return word == "best" || word.starts_with("#") || !store.find_trials(word).empty();
}

bool may_be_sweep(const Store& store, const std::string& word) {
  const std::vector<SweepRecord> sweeps = store.sweeps();
  return word == "last" || std::any_of(sweeps.begin(), sweeps.end(), [&](const SweepRecord& sweep) {
           return sweep.name == word || (!word.empty() && sweep.id.starts_with(word));
         });
}

bool are_sweeps(const Store& store, const Flags& flags) {
  if (flags.of_sweeps) return true;
  const auto only_sweep = [&](const std::string& word) {
    return may_be_sweep(store, word) && !may_be_trial(store, word);
  };
  const bool left = only_sweep(flags.left), right = only_sweep(flags.right);
  if (left != right)
    throw core::UserError("diff",
                          "'" + (left ? flags.left : flags.right) + "' is a sweep and '" +
                              (left ? flags.right : flags.left) + "' is none",
                          "name two trials or two sweeps");
  return left;
}

int diff(const Flags& flags, const Globals& globals) {
  const Store store = open_store(globals);
  SideBySide sides;
  if (are_sweeps(store, flags)) {
    sides = compare_sweeps(store, select_sweep(store, flags.left), select_sweep(store, flags.right));
  } else {
    sides =
        compare_trials(gather_trial(store, flags.left, flags.sweep),
                       gather_trial(store, flags.right, flags.other_sweep.empty() ? flags.sweep : flags.other_sweep));
  }
  if (globals.json)
    print_json(to_json(sides));
  else
    print(to_text(sides));
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_diff(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("TRIAL", flags->left, "prefix of an id, #12 (index in the last sweep), or best; or a sweep")
      ->required()
      ->type_name("");
  subcommand.add_option("OTHER", flags->right, "another one, or the same trial of another sweep")
      ->required()
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_option("--other-sweep", flags->other_sweep, "the second trial as this sweep has it")
      ->type_name("SWEEP");
  subcommand.add_flag("--sweeps", flags->of_sweeps, "the two words are sweeps, whatever trials begin so");
  return [flags, &globals] { return diff(*flags, globals); };
}

}  // namespace sweep
