// sweep show: everything the store knows of one trial.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "core/error.h"
#include "core/plural.h"
#include "protocol/files.h"
#include "sweep/commands/last_lines.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/why.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/replay/agreement.h"
#include "sweep/replay/replay_findings.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;
using Lines = std::vector<std::vector<std::string>>;

constexpr std::size_t kLinesShown = 8;  // of what it printed last

// Why the trial is as it is: why.h, and what the facts alone say.
struct Reasons {
  std::optional<TrialPlan> plan;  // nothing where this version reads the sweep's file differently
  std::string state, rank, reuse;
  LastLines printed;  // by the last attempt, where the trial did not end well
  std::vector<Disagreement> disagreements;
};

// What `show` prints, gathered.
struct Shown {
  SweepRecord sweep;
  TrialState trial;
  TrialRecord record;
  std::vector<ReplayRecord> replays;
  std::vector<std::string> files;     // under --runs
  std::optional<std::string> beyond;  // what ended the sweep before this one
  Reasons why;
};

struct Flags {
  std::string trial, sweep;
};

std::vector<std::string> files_of(const fs::path& runs, const std::string& trial) {
  std::vector<std::string> files;
  std::error_code error;
  const fs::path folder = runs / protocol::kTrialsFolder / trial;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error)) files.push_back(at->path().lexically_relative(runs).string());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<Elsewhere> elsewhere(const Store& store, const TrialState& trial, const TrialPlace& here,
                                 const fs::path& runs) {
  std::vector<Elsewhere> others;
  for (const auto& [id, place] : store.find_trials(trial.trial)) {
    if (id != trial.trial || place.sweep == here.sweep) continue;
    Elsewhere other{place.sweep, place.index};
    const std::vector<std::uint64_t> running = store.running_trials(place.sweep);
    other.runs_now = std::binary_search(running.begin(), running.end(), place.index) &&
                     Controller::of_sweep(runs, place.sweep).has_value();
    store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
      const auto* reused = std::get_if<TrialReused>(&stored.event);
      other.reused_ours |= reused != nullptr && reused->from_sweep == here.sweep;
    });
    others.push_back(std::move(other));
  }
  return others;
}

bool ended_well(const TrialState& trial) {
  return trial.attempts.empty() || !trial.attempts.back().outcome ||
         trial.attempts.back().outcome == protocol::Outcome::kCompleted;
}

Reasons reasons(const Store& store, const Study& study, const SweepRecord& sweep, const TrialState& trial,
                const Globals& globals) {
  const TrialPlace place{sweep.id, trial.index};
  const WhyFacts facts{study,
                       trial,
                       sweep.trials,
                       state_of(overview_of(study, sweep), Controller::of_sweep(globals.runs, sweep.id).has_value()),
                       resume_command(sweep.id, globals),
                       elsewhere(store, trial, place, globals.runs)};
  Reasons why{recorded_plan(sweep)};
  if (why.plan && trial.index >= why.plan->count()) why.plan.reset();
  why.state = why_this_state(facts);
  why.rank = why_this_rank(study, trial);
  why.reuse = why_reused(facts);
  if (!ended_well(trial))
    why.printed = last_lines_of(store, globals.runs, trial.trial, {sweep.id, trial.index},
                                trial.attempts.back().attempt, kLinesShown);
  why.disagreements = find_disagreements(store, sweep.id, trial.index);
  return why;
}

// A trial that the sweep has, but has not come to yet: as it will be planned.
TrialState planned_later(const SweepRecord& sweep, std::uint64_t index) {
  const auto plan = recorded_plan(sweep);
  if (!plan || index >= plan->count())
    throw core::UserError("#" + std::to_string(index), "was not planned yet in sweep " + sweep.id,
                          "go on with `sweep resume`");
  const PlannedTrial planned = plan->trial(index);
  TrialState trial;
  trial.index = index;
  trial.replicate = planned.replicate;
  trial.trial = planned.id;
  trial.config = planned.config;
  trial.seed = planned.seed;
  return trial;
}

Shown gather(const Store& store, const Flags& flags, const Globals& globals) {
  const SelectedTrial selected = select_trial(store, flags.trial, flags.sweep, Unplanned::kAllowed);
  const Study study = load_study(store, selected.place.sweep, Load::kToRank);
  const TrialState trial = study.find(selected.place.index) != nullptr
                               ? load_trial(store, selected.place.sweep, study, selected.place.index)
                               : planned_later(selected.sweep, selected.place.index);
  const TrialPlace ran{selected.place.sweep, trial.repeats_index.value_or(trial.index)};
  return {selected.sweep,
          trial,
          TrialRecord::from_attempts(store.trial_events(ran)),
          store.replays(trial.trial),
          files_of(globals.runs, trial.trial),
          study.is_surplus(trial.index) ? std::optional(why_it_ended_early(study)) : std::nullopt,
          reasons(store, study, selected.sweep, trial, globals)};
}

std::string_view phase_text(const TrialState& trial) {
  if (trial.phase == Phase::kEnded && trial.outcome) return protocol::name(*trial.outcome);
  return trial.phase == Phase::kRunning ? "running" : "waiting";
}

Json attempt_json(const AttemptState& attempt) {
  return {{"attempt", attempt.attempt},
          {"slot", attempt.slot},
          {"device", attempt.device},
          {"outcome", attempt.outcome ? Json(protocol::name(*attempt.outcome)) : Json()},
          {"detail", attempt.detail},
          {"reason", attempt.reason},
          {"resumed_from", attempt.resumed_from},
          {"seconds", attempt.seconds},
          {"environment", attempt.environment}};
}

Json why_json(const Shown& shown) {
  const Reasons& why = shown.why;
  const std::uint64_t index = shown.trial.index;
  Json json = {{"point", why.plan ? point_json(*why.plan, index) : Json()},
               {"seed", why.plan ? Json(why_this_seed(*why.plan, index)) : Json()},
               {"state", why.state},
               {"rank", why.rank},
               {"reuse", why.reuse.empty() ? Json() : Json(why.reuse)},
               {"printed", {{"stdout", why.printed.out}, {"stderr", why.printed.err}}},
               {"disagreements", Json::array()}};
  for (const Disagreement& found : why.disagreements) json["disagreements"].push_back(found.to_json());
  return json;
}

Json to_json(const Shown& shown) {
  const TrialState& trial = shown.trial;
  Json json = {{"trial", trial.trial},
               {"sweep", shown.sweep.id},
               {"index", trial.index},
               {"replicate", trial.replicate},
               {"seed", trial.seed},
               {"config", trial.config},
               {"outcome", phase_text(trial)},
               {"detail", trial.detail},
               {"value", trial.value ? Json(*trial.value) : Json()},
               {"epoch", trial.epoch ? Json(*trial.epoch) : Json()},
               {"step", trial.step ? Json(*trial.step) : Json()},
               {"final", *trial.final_values},
               {"weights_sha256", trial.weights_sha256.empty() ? Json() : Json(trial.weights_sha256)},
               {"seconds", trial.seconds},
               {"repeats", trial.repeats_index ? Json(*trial.repeats_index) : Json()},
               {"reused_from", trial.reused_from->empty() ? Json() : Json(*trial.reused_from)},
               {"surplus", shown.beyond.has_value()},
               {"identity", shown.sweep.identity},
               {"provenance", shown.sweep.provenance},
               {"attempts", Json::array()},
               {"history", Json::array()},
               {"replays", Json::array()},
               {"files", shown.files}};
  json["why"] = why_json(shown);
  for (const AttemptState& attempt : trial.attempts) json["attempts"].push_back(attempt_json(attempt));
  for (const auto& [step, lines_of_step] : shown.record.metrics)
    for (const auto& values : lines_of_step) json["history"].push_back({{"step", step}, {"values", values}});
  for (const ReplayRecord& replay : shown.replays)
    json["replays"].push_back({{"time_ms", replay.time_ms}, {"verdict", replay.verdict}, {"detail", replay.detail}});
  return json;
}

std::string text_of(const Json& value) {
  return printable(value.is_string() ? value.get<std::string>() : core::canonical_json(value), 100);
}

// "name  value" lines, indented.
std::string pairs_text(const Json& object) {
  Lines lines = {{"", ""}};  // aligned() begins with a heading
  if (object.is_object())
    for (const auto& [key, value] : object.items()) lines.push_back({"  " + printable(key, 40), text_of(value)});
  if (lines.size() == 1) return "  none\n";
  const std::string text = aligned(lines, {Align::kLeft, Align::kLeft});
  return text.substr(text.find('\n') + 1);
}

std::string head_text(const Shown& shown) {
  const TrialState& trial = shown.trial;
  std::string text = fmt::format("trial {}, #{} of sweep {}", trial.trial, trial.index, shown.sweep.id);
  if (!shown.sweep.name.empty()) text += " '" + printable(shown.sweep.name, 60) + "'";
  text += fmt::format("\noutcome   {}{}{}\n", phase_text(trial), trial.detail.empty() ? "" : ": ",
                      printable(trial.detail, 400));
  if (trial.repeats_index)
    text += fmt::format("repeats   #{}: the same configuration, drawn again\n", *trial.repeats_index);
  if (!trial.reused_from->empty())
    text += fmt::format("reused    from sweep {}, #{}\n", *trial.reused_from, trial.reused_index);
  if (shown.beyond) text += fmt::format("surplus   {}: this one is not ranked\n", *shown.beyond);
  if (trial.value && shown.sweep.metric) {
    text += fmt::format("metric    {} {}", printable(shown.sweep.metric->name, 60), core::format_double(*trial.value));
    if (trial.epoch) text += fmt::format(" at epoch {}", *trial.epoch);
    text += fmt::format(", step {}\n", trial.step.value_or(0));
  }
  text += fmt::format("seed      {}\n", trial.seed);
  if (!trial.weights_sha256.empty()) text += fmt::format("weights   sha256 {}\n", trial.weights_sha256);
  if (!shown.record.traces.empty())
    text += fmt::format("trace     {}, {}\n", core::counted(shown.record.traces.rbegin()->second.to, "step"),
                        core::counted(shown.record.traces.rbegin()->second.tensors.size(), "tensor"));
  return text;
}

std::string why_text(const Shown& shown) {
  const Reasons& why = shown.why;
  const std::uint64_t index = shown.trial.index;
  std::string text = "\nwhy\n";
  const auto line = [&](const char* label, const std::string& words) {
    if (!words.empty()) text += fmt::format("  {:<8}  {}\n", label, words);
  };
  if (why.plan) {
    const PointWhy point = why_this_point(*why.plan, index);
    line("point", point.text);
    for (const auto& [parameter, how] : point.parameters) line("", printable(parameter, 40) + " " + how);
    line("seed", why_this_seed(*why.plan, index));
  }
  line("outcome", why.state);
  line("rank", why.rank);
  line("reuse", why.reuse);
  for (const Disagreement& found : why.disagreements) line("finding", found.text());
  for (const auto& [name, lines] : {std::pair("stderr", &why.printed.err), std::pair("stdout", &why.printed.out)})
    for (std::size_t i = 0; i < lines->size(); ++i) line(i == 0 ? name : "", (*lines)[i]);
  return text;
}

std::string attempts_text(const TrialState& trial) {
  std::string text = "\nattempts\n";
  if (trial.attempts.empty()) return text + "  none\n";
  for (const AttemptState& attempt : trial.attempts) {
    text += fmt::format("  {}  {}  {}  {}", attempt.attempt, printable(attempt.slot, 60),
                        attempt.outcome ? protocol::name(*attempt.outcome) : "running", duration_text(attempt.seconds));
    if (attempt.resumed_from > 0) text += fmt::format(", from step {}", attempt.resumed_from);
    if (!attempt.reason.empty()) text += "; why: " + printable(attempt.reason, 200);
    text += "\n";
    if (!attempt.detail.empty()) text += "     " + printable(attempt.detail, 400) + "\n";
  }
  return text;
}

std::string history_text(const TrialRecord& record) {
  std::set<std::string> names;
  for (const auto& [step, lines_of_step] : record.metrics)
    for (const auto& values : lines_of_step)
      for (const auto& [metric, value] : values) names.insert(metric);
  if (names.empty()) return "\nmetrics\n  none\n";
  Lines lines = {{"    step"}};
  for (const std::string& metric : names) lines[0].push_back(printable(metric, 40));
  for (const auto& [step, lines_of_step] : record.metrics)
    for (const auto& values : lines_of_step) {
      std::vector<std::string> line = {std::to_string(step)};
      for (const std::string& metric : names) {
        const auto found = values.find(metric);
        line.push_back(found == values.end() ? "-" : rounded(found->second, 6));
      }
      lines.push_back(std::move(line));
    }
  return "\nmetrics\n" + aligned(lines, std::vector<Align>(names.size() + 1, Align::kPoint));
}

std::string to_text(const Shown& shown) {
  std::string text = head_text(shown) + why_text(shown) + "\nconfiguration\n";
  text += pairs_text(flat_config(shown.trial.config));
  text += attempts_text(shown.trial) + history_text(shown.record);
  if (!shown.trial.attempts.empty())
    text += "\nenvironment of the last attempt\n" + pairs_text(shown.trial.attempts.back().environment);
  text += "\nreplays\n";
  for (const ReplayRecord& replay : shown.replays) {
    text += "  " + utc_text(replay.time_ms) + "  " + printable(replay.verdict);
    if (replay.detail.is_object() && replay.detail.value("audit", Json()) == true) text += ", by an audit";
    const std::string first = first_difference(replay.detail);
    text += (first.empty() ? "" : ": " + printable(first)) + "\n";
  }
  if (shown.replays.empty()) text += "  none\n";
  text += "\nfiles\n";
  for (const std::string& file : shown.files) text += "  " + printable(file) + "\n";
  if (shown.files.empty()) text += "  none\n";
  return text;
}

int show(const Flags& flags, const Globals& globals) {
  const Store store = open_store(globals);
  const Shown shown = gather(store, flags, globals);
  if (globals.json) {
    print_json(to_json(shown));
  } else {
    print(to_text(shown));
  }
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_show(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("TRIAL", flags->trial, "prefix of an id, #12 (index in the last sweep), or best")
      ->required()
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  return [flags, &globals] { return show(*flags, globals); };
}

}  // namespace sweep
