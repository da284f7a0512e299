// sweep plan: every trial that a sweep file would run, with its id, configuration and seed, and what is known of it
// already. Starts nothing, writes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/plural.h"
#include "protocol/files.h"
#include "sweep/commands/output.h"
#include "sweep/commands/shown_command.h"
#include "sweep/commands/sweep_flags.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/whole_number.h"
#include "sweep/program/command_line.h"
#include "sweep/report/columns.h"
#include "sweep/report/csv_text.h"
#include "sweep/report/display.h"
#include "sweep/store/store.h"

namespace sweep {
namespace {

constexpr std::uint64_t kBlock = 1000;  // lines that are aligned together: a plan of millions is printed as it is made
constexpr std::size_t kWidestCell = 40;
constexpr std::uint64_t kMostBefore = 1'000'000;  // trials before those asked for that are drawn to know repeats

struct Flags : SweepFlags {
  std::string format = "text";
  std::uint64_t first = 0;
  std::optional<std::uint64_t> trials;
  bool fresh = false;
};

// What the store knows of the trials of one plan, and what a run would make of it.
class Known {
 public:
  /// `reuses`: whether a run takes results of other sweeps.
  Known(const Globals& globals, const std::string& sweep, bool reuses) : sweep_(sweep), reuses_(reuses) {
    if (!std::filesystem::exists(globals.runs / protocol::kStoreFile)) return;
    store_.emplace(globals.runs, Store::Mode::kReadOnly);
    if (store_->find_sweep(sweep)) summaries_ = store_->summaries(sweep);
  }

  // "new", "repeats #3", "completed" and the other outcomes, "waiting", "running", "known from SWEEP". Of what is asked
  // the counts are kept.
  std::string state(const PlannedTrial& trial) {
    ++counts_.asked;
    const auto [first, fresh] = first_of_.try_emplace(trial.id, trial.index);
    if (!fresh) {
      ++counts_.repeated;
      return fmt::format("repeats #{}", first->second);
    }
    const TrialSummary* row = trial.index < summaries_.size() ? &summaries_[trial.index] : nullptr;
    if (row != nullptr && !row->outcome.empty()) {
      ++counts_.ended;
      return row->outcome;
    }
    const bool begun = row != nullptr && row->attempts > 0;  // goes on here, whatever is known elsewhere
    const auto elsewhere = store_ && !begun ? store_->find_result(trial.id, sweep_) : std::nullopt;
    if (elsewhere) ++(reuses_ ? counts_.known : counts_.ran_elsewhere);
    if (elsewhere && reuses_) return "known from " + elsewhere->sweep;
    return row != nullptr ? row->phase : "new";
  }

  // A trial before those that are asked for, of which one may be the repeat.
  void came_before(const PlannedTrial& trial) { first_of_.try_emplace(trial.id, trial.index); }

  // "5 of 12 trials would run: 4 are known from other sweeps, 3 have ended here"; what does not apply is left out.
  std::string summary(bool of_program) const {
    const std::uint64_t left = counts_.asked - counts_.ended - counts_.known - counts_.repeated;
    std::string text = fmt::format("{} of {} would run", left, core::counted(counts_.asked, "trial"));
    const char* before = ": ";
    const auto add = [&](std::uint64_t n, const char* one, const char* many) {
      if (n > 0) text += fmt::format("{}{} {}", std::exchange(before, ", "), n, n == 1 ? one : many);
    };
    add(counts_.ended, "has ended in this sweep", "have ended in this sweep");
    add(counts_.known, "is known from another sweep", "are known from other sweeps");
    add(counts_.repeated, "repeats an earlier one", "repeat earlier ones");
    if (counts_.ran_elsewhere == 0) return text;
    return text + fmt::format("\n{} of them ran in another sweep before: {}", counts_.ran_elsewhere,
                              of_program ? "results of a program of one's own are taken from there with `reuse: true`"
                                         : "--fresh runs them again");
  }

  core::Json counts_json() const {
    return {{"ended", counts_.ended},
            {"known", counts_.known},
            {"repeated", counts_.repeated},
            {"run", counts_.asked - counts_.ended - counts_.known - counts_.repeated},
            {"ran_elsewhere", counts_.ran_elsewhere}};
  }

 private:
  struct Counts {
    std::uint64_t asked = 0, ended = 0, known = 0, repeated = 0;
    std::uint64_t ran_elsewhere = 0;  // and would run here again
  };

  std::string sweep_;
  bool reuses_;
  Counts counts_;
  std::optional<Store> store_;
  std::vector<TrialSummary> summaries_;  // by index, where this sweep is in the store
  std::unordered_map<std::string, std::uint64_t> first_of_;
};

// The fixed columns, then the parameters; one that has the name of a column of this table gives way as in a report.
std::vector<std::string> headings(const TrialPlan& plan, const std::vector<std::string>& fixed) {
  std::vector<std::string> names = fixed;
  for (const Parameter& parameter : plan.spec().parameters) {
    const bool is_taken = std::find(fixed.begin(), fixed.end(), parameter.name) != fixed.end();
    names.push_back(is_taken ? parameter_title(parameter.name) : parameter.name);
  }
  return names;
}

void print_csv(const TrialPlan& plan, std::uint64_t first, std::uint64_t last, Known& known) {
  std::vector<std::string> fields = headings(plan, {"index", "trial", "replicate", "seed", "state"});
  for (std::string& field : fields) field = csv_field(field);
  print(csv_line(fields));
  for (std::uint64_t i = first; i < last; ++i) {
    const PlannedTrial trial = plan.trial(i);
    fields = {std::to_string(trial.index), trial.id, std::to_string(trial.replicate), std::to_string(trial.seed),
              csv_field(known.state(trial))};
    for (const Parameter& parameter : plan.spec().parameters)
      fields.push_back(csv_cell(parameter_value(parameter, trial.config)));
    print(csv_line(fields));
  }
}

std::vector<std::string> line(const TrialPlan& plan, const PlannedTrial& trial, std::string state) {
  std::vector<std::string> cells = {"#" + std::to_string(trial.index), trial.id, std::to_string(trial.seed),
                                    std::move(state)};
  for (const Parameter& parameter : plan.spec().parameters)
    cells.push_back(printable(core::canonical_json(parameter_value(parameter, trial.config)), kWidestCell));
  return cells;
}

void print_plan(const TrialPlan& plan, std::uint64_t first, std::uint64_t last, Known& known) {
  std::vector<std::string> heading = headings(plan, {"index", "trial", "seed", "state"});
  for (std::string& name : heading) name = printable(name, kWidestCell);
  const std::vector<Align> left(heading.size(), Align::kLeft);
  for (std::uint64_t start = first; start < last; start += std::min(kBlock, last - start)) {
    std::vector<std::vector<std::string>> lines = {heading};
    for (std::uint64_t i = start; i < start + std::min(kBlock, last - start); ++i) {
      const PlannedTrial trial = plan.trial(i);
      lines.push_back(line(plan, trial, known.state(trial)));
    }
    print(aligned(lines, left));
  }
}

core::Json plan_json(const Planned& planned, std::uint64_t first, std::uint64_t last, Known& known) {
  const TrialPlan& plan = planned.plan;
  core::Json trials = core::Json::array();
  for (std::uint64_t i = first; i < last; ++i) {
    const PlannedTrial trial = plan.trial(i);
    trials.push_back({{"index", trial.index},
                      {"replicate", trial.replicate},
                      {"trial", trial.id},
                      {"seed", trial.seed},
                      {"config", trial.config},
                      {"state", known.state(trial)}});
    if (const auto& program = planned.trainer.program)
      trials.back()["command"] = shown_command(*program, trial, kAttemptFolder);
  }
  return {{"sweep", plan.sweep_id()},           {"spec", plan.spec().determining()},
          {"space", plan.space().size_text()},  {"count", plan.count()},
          {"trainer", plan.identity().trainer}, {"data", planned.data ? planned.data->to_json() : core::Json()},
          {"trials", std::move(trials)},        {"counts", known.counts_json()}};
}

bool reuses(const Planned& planned, const Flags& flags) {
  const auto& program = planned.plan.spec().program;
  return !flags.fresh && (!program || program->reuse);
}

int plan(const Flags& flags, const Globals& globals) {
  const Planned planned = plan_file(flags.file, globals.runs, flags.overrides);
  const std::uint64_t count = planned.plan.count();
  const std::uint64_t first = std::min(flags.first, count);
  const std::uint64_t last = first + std::min(flags.trials.value_or(count), count - first);
  Known known(globals, planned.plan.sweep_id(), reuses(planned, flags));
  if (first <= kMostBefore)
    for (std::uint64_t i = 0; i < first; ++i) known.came_before(planned.plan.trial(i));
  else
    note(globals, fmt::format("of the {} trials before, none is looked at: repeats of them are called new", first));
  if (globals.json || flags.format == "json") {
    print_json(plan_json(planned, first, last, known));
    return protocol::kExitOk;
  }
  for (const core::Problem& warning : planned.warnings) note(globals, "warning: " + warning.text());
  if (flags.format == "csv") {
    print_csv(planned.plan, first, last, known);
    return protocol::kExitOk;
  }
  print(fmt::format("sweep {}\n{}\n\n", planned.plan.sweep_id(), headline(planned.plan)));
  print_plan(planned.plan, first, last, known);
  print("\n" + known.summary(planned.trainer.program.has_value() && !flags.fresh) + "\n");
  if (const std::string text = caution(planned.plan); !text.empty()) note(globals, text);
  return protocol::kExitOk;
}

}  // namespace

int dry_run(const SweepFlags& flags, bool fresh, const Globals& globals) {
  Flags all{flags};
  all.fresh = fresh;
  return plan(all, globals);
}

std::function<int()> declare_plan(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  flags->declare(subcommand);
  subcommand.add_option("--format", flags->format, "text, json or csv")
      ->check(CLI::IsMember({"text", "json", "csv"}))
      ->type_name("FORMAT");
  subcommand.add_option("--from", flags->first, "begin with trial #N")
      ->check(whole_number(0, UINT64_MAX))
      ->type_name("N");
  subcommand.add_option("--trials", flags->trials, "print at most N trials")
      ->check(whole_number(0, UINT64_MAX))
      ->type_name("N");
  subcommand.add_flag("--fresh", flags->fresh, "as `sweep run --fresh` would: reuse no result of another sweep");
  return [flags, &globals] { return plan(*flags, globals); };
}

}  // namespace sweep
