// See selection.h.
#include "sweep/commands/selection.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <set>

#include "core/error.h"
#include "core/shell.h"
#include "core/suggest.h"
#include "sweep/commands/output.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr std::size_t kCandidatesShown = 8;

std::string join(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < std::min(items.size(), kCandidatesShown); ++i) text += (i == 0 ? "" : ", ") + items[i];
  if (items.size() > kCandidatesShown) text += ", …";
  return text;
}

SweepRecord last_sweep(const Store& store) {
  std::optional<SweepRecord> sweep = store.last_active_sweep();
  if (!sweep) throw core::UserError("", "the store holds no sweep", "start one with `sweep run FILE`");
  return *std::move(sweep);
}

std::string describe(const SweepRecord& sweep) {
  const std::string name = sweep.name.empty() ? "" : " '" + printable(sweep.name, 40) + "'";
  return sweep.id + name + " of " + utc_text(sweep.created_ms);
}

SelectedTrial by_index(const Store& store, const std::string& word, SweepRecord sweep, Unplanned unplanned) {
  std::uint64_t index = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data() + 1, end, index);
  if (error != std::errc() || stop != end)
    throw core::UserError(word, "not an index", "write #12 for the trial with index 12");
  if (index >= sweep.trials)
    throw core::UserError(word, "sweep " + sweep.id + " has trials #0 to #" + std::to_string(sweep.trials - 1));
  if (unplanned == Unplanned::kError && index >= store.count_rows(sweep.id))
    throw core::UserError(word, "was not planned yet in sweep " + sweep.id, "go on with `sweep resume`");
  TrialPlace place{sweep.id, index};
  return {std::move(sweep), std::move(place)};
}

SelectedTrial best(const Store& store, SweepRecord sweep) {
  const Study study = load_study(store, sweep.id, Load::kToRank);
  if (study.best() == nullptr)
    throw core::UserError("best", "no trial of sweep " + sweep.id + " has a rank yet", "see `sweep report`");
  TrialPlace place{sweep.id, study.best()->index};
  return {std::move(sweep), std::move(place)};
}

}  // namespace

Store open_store(const Globals& globals) { return Store(globals.runs, Store::Mode::kReadOnly); }

SweepRecord select_sweep(const Store& store, const std::string& word) {
  if (word == "last") return last_sweep(store);
  std::vector<SweepRecord> sweeps = store.sweeps();
  std::vector<SweepRecord*> named, prefixed;
  std::vector<std::string> names;
  for (SweepRecord& sweep : sweeps) {
    if (sweep.id == word) return sweep;
    if (!sweep.name.empty()) names.push_back(sweep.name);
    if (sweep.name == word) named.push_back(&sweep);
    if (!word.empty() && sweep.id.starts_with(word)) prefixed.push_back(&sweep);
  }
  const std::vector<SweepRecord*>& found = named.empty() ? prefixed : named;
  if (found.size() == 1) return *found.front();
  if (found.empty()) {
    const auto near = core::nearest_word(word, names);
    throw core::UserError(word, "no such sweep", near ? "did you mean '" + *near + "'?" : "`sweep list` shows them");
  }
  std::vector<std::string> candidates;
  for (const SweepRecord* sweep : found) candidates.push_back(describe(*sweep));
  throw core::UserError(word, std::to_string(found.size()) + " sweeps are meant by this",
                        "name one by more of its id: " + join(candidates));
}

void declare_sweep_of_trial(CLI::App& subcommand, std::string& sweep) {
  subcommand.add_option("--sweep", sweep, "the trial as this sweep has it: prefix of an id, a name, or last")
      ->type_name("SWEEP");
}

SelectedTrial select_trial(const Store& store, const std::string& word, const std::string& of_sweep,
                           Unplanned unplanned) {
  const auto sweep = [&] { return of_sweep.empty() ? last_sweep(store) : select_sweep(store, of_sweep); };
  if (word == "best") return best(store, sweep());
  if (word.starts_with("#")) return by_index(store, word, sweep(), unplanned);
  const bool hex = !word.empty() && word.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex)
    throw core::UserError(word, "not a trial", "write a prefix of its id, #12 for an index in the last sweep, or best");
  auto found = store.find_trials(word);
  if (!of_sweep.empty()) {
    const std::string id = sweep().id;
    std::erase_if(found, [&](const auto& trial) { return trial.second.sweep != id; });
  }
  std::set<std::string> ids;
  for (const auto& [id, place] : found) ids.insert(id);
  if (ids.empty()) throw core::UserError(word, "no trial has an id that begins with this", "`sweep report` shows them");
  if (ids.size() > 1)
    throw core::UserError(word, std::to_string(ids.size()) + " trials have an id that begins with this",
                          "write more of it: " + join({ids.begin(), ids.end()}));
  // Of the last sweep that has it; the first of its rows is the one that ran, where a draw came again.
  TrialPlace place = found.back().second;
  for (const auto& [id, other] : found)
    if (other.sweep == place.sweep) place.index = std::min(place.index, other.index);
  return {*store.find_sweep(place.sweep), place};
}

SweepHead sweep_head(const SweepRecord& sweep, const Study& study) {
  SweepHead head;
  head.id = sweep.id;
  head.name = sweep.name;
  head.method = sweep.method;
  head.seed = sweep.seed;
  head.trials = sweep.trials;
  head.metric = sweep.metric;
  head.repeats = sweep.repeats;
  const auto ended_by = [&](BoundCause cause) { return study.bound() && study.bound_cause() == cause; };
  const bool ended = study.ended_at().has_value();
  if (sweep.metric && sweep.target) {
    const bool reached = ended_by(BoundCause::kTarget);
    head.target =
        TargetHead{sweep.metric->name, *sweep.target, reached ? study.bound() : std::nullopt, reached && ended};
  }
  if (const auto& max_failures = study.terms().max_failures) {
    const bool reached = ended_by(BoundCause::kFailures);
    head.failures = FailuresHead{*max_failures, reached ? study.bound() : std::nullopt, reached && ended};
  }
  if (sweep.provenance.is_object() && sweep.provenance.contains("host") && sweep.provenance["host"].is_string())
    head.host = sweep.provenance["host"].get<std::string>();
  return head;
}

std::string runs_flag(const Globals& globals) {
  const char* variable = std::getenv("SWEEP_RUNS");
  const bool is_set = variable != nullptr && *variable != '\0';
  if (globals.runs == (is_set ? variable : "runs") || (!is_set && globals.runs == "./runs")) return {};
  return " --runs " + core::shell_quoted(globals.runs.string());
}

}  // namespace sweep
