// See running.h.
#include "sweep/commands/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <sstream>

#include "core/error.h"
#include "protocol/outcome.h"
#include "sweep/commands/output.h"
#include "sweep/commands/progress.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/whole_number.h"
#include "sweep/rank/rank.h"
#include "sweep/report/display.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

void print_leaderboard(const SweepRecord& record, const Study& study, const Globals& globals) {
  const std::vector<Row> rows = rank(study);
  ReportOptions options;
  options.runs_flag = runs_flag(globals);
  if (globals.json)
    print_json(report_json(sweep_head(record, study), rows, options));
  else
    print(report_table(sweep_head(record, study), rows, options));
  if (const std::string missing = coverage_note(rows, options); !missing.empty()) note(globals, missing);
}

bool is_paused(const Study& study, std::uint64_t trials) { return study.guard() && !study.finished(trials); }

bool has_failed_too_often(const Study& study) {
  return study.ended_at() && study.bound_cause() == BoundCause::kFailures;
}

// By what the trials that count came to; an interrupt is asked about first.
int exit_code(const Study& study, std::uint64_t trials) {
  if (is_paused(study, trials) || has_failed_too_often(study)) return protocol::kExitGuard;
  const bool all_completed = std::all_of(study.trials().begin(), study.trials().end(), [&](const TrialState& trial) {
    return study.is_surplus(trial.index) || (trial.phase == Phase::kEnded && protocol::info(*trial.outcome).ranked);
  });
  return all_completed ? protocol::kExitOk : protocol::kExitSomeFailed;
}

// What ended a sweep before its last trial, and how it goes on.
void say_what_stopped_it(const SweepRecord& record, const Study& study, const Globals& globals) {
  const std::string retry = fmt::format("`sweep retry {}{}`", record.id, runs_flag(globals));
  if (is_paused(study, record.trials)) {
    const GuardFinding& guard = *study.guard();
    note(globals, fmt::format("guard: the first {} trials all ended {} in the same way, so no other was started: {}",
                              guard.trials, protocol::name(guard.outcome),
                              guard.detail.empty() ? "nothing was said of it" : printable(guard.detail, 300)));
    note(globals, fmt::format("mend that and go on with {}; with --no-guard the sweep goes on as it is", retry));
    if (record.program.is_object())
      note(globals, "a program whose sources change makes a new sweep: then `sweep run` its file");
  } else if (has_failed_too_often(study)) {
    note(globals, fmt::format("max_failures: trial #{} is number {} without a result, which ends the sweep; mend that "
                              "and go on with {}",
                              *study.ended_at(), *study.terms().max_failures, retry));
  }
}

void say_how_to_go_on(const SweepRecord& record, const Ending& ending, const Globals& globals) {
  note(globals, fmt::format("interrupted: {} of {} trials have ended; go on with `sweep resume {}{}`",
                            ending.study.ended(), ending.study.wanted(ending.trials), record.id, runs_flag(globals)));
}

}  // namespace

void declare_running(CLI::App& subcommand, RunningFlags& flags) {
  subcommand.add_option("--slots", flags.slots, "N trials at once (on GPUs: at most)")
      ->check(whole_number(1, 65536))
      ->type_name("N");
  subcommand.add_option("--gpus", flags.gpus, "use these GPUs only: 0,1 (numbers or UUIDs), or none")
      ->type_name("A,B,…");
  subcommand
      .add_option("--device", flags.device, "auto, cpu or cuda; of the built-in trainer the results are the same")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->type_name("DEVICE");
  subcommand
      .add_option("--threads", flags.threads,
                  "threads of each trial on the CPU; of the built-in trainer the results are the same")
      ->check(whole_number(1, 1024))
      ->type_name("N");
  subcommand.add_flag("--fresh", flags.fresh, "reuse no result of another sweep");
  subcommand.add_flag("--no-guard", flags.no_guard, "go on although the first trials all failed in the same way");
}

void apply(const RunningFlags& flags, Overrides& overrides) {
  for (const Device device : {Device::kAuto, Device::kCpu, Device::kCuda})
    if (flags.device == name(device)) overrides.device = device;
  overrides.threads = flags.threads;
  if (flags.gpus.empty()) return;
  overrides.gpus.emplace();
  if (flags.gpus == "none") return;
  std::istringstream words(flags.gpus);
  for (std::string word; std::getline(words, word, ',');) overrides.gpus->push_back(word);
}

int run_prepared(Prepared prepared, const RunningFlags& flags, const Globals& globals,
                 std::vector<TrialReopened> reopen) {
  for (const core::Problem& warning : prepared.warnings) note(globals, warning.text());
  Store store(globals.runs, Store::Mode::kReadWrite);
  if (const auto known = store.find_sweep(prepared.record.id)) {
    const Study study = load_study(store, known->id);
    if (study.finished(known->trials) && study.running().empty() && reopen.empty()) {
      note(globals, fmt::format("sweep {} is finished, nothing to run", known->id));
      const int code = exit_code(study, known->trials);
      if (code == protocol::kExitSomeFailed)
        note(globals, fmt::format("trials that did not complete keep their outcome; `sweep retry {}{}` runs those that "
                                  "failed again",
                                  known->id, runs_flag(globals)));
      print_leaderboard(*known, study, globals);
      say_what_stopped_it(*known, study, globals);
      return code;
    }
    // Not the one of today, even where both give the same.
    if (prepared.trainer.builtin) prepared.trainer.builtin = frozen_trainer(*known, globals.runs);
    note(globals, fmt::format("going on with sweep {}: {} of {} trials have ended", known->id, study.ended(),
                              study.wanted(known->trials)));
  }
  DispatchOptions options;
  options.runs = globals.runs;
  options.slots = flags.slots;
  options.fresh = flags.fresh;
  options.no_guard = flags.no_guard;
  options.reopen = std::move(reopen);
  std::unique_ptr<Observer> progress = make_progress(globals);
  const Ending ending = run_sweep(store, prepared, options, *progress);
  progress.reset();

  const SweepRecord record = *store.find_sweep(prepared.record.id);
  print_leaderboard(record, ending.study, globals);
  if (ending.signal != 0 && !ending.finished()) {
    say_how_to_go_on(record, ending, globals);
    return ending.signal == SIGINT ? protocol::kExitInterrupted : protocol::kExitTerminated;
  }
  say_what_stopped_it(record, ending.study, globals);
  return exit_code(ending.study, ending.trials);
}

}  // namespace sweep
