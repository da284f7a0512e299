// See running.h.
#include "sweep/commands/running.h"

#include <fmt/format.h>

#include <csignal>
#include <sstream>

#include "core/error.h"
#include "protocol/outcome.h"
#include "sweep/commands/board.h"
#include "sweep/commands/output.h"
#include "sweep/commands/progress.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/whole_number.h"
#include "sweep/rank/rank.h"
#include "sweep/report/display.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

constexpr std::uint64_t kRowsOfLarge = 50;  // more would only hide how it ended

// What trials gave another time in another sweep is compared as well: a difference must not pass unseen.
// Returns the study of it.
Study print_leaderboard(const Store& store, const SweepRecord& record, const Globals& globals, Progress& progress) {
  ReportOptions options;
  options.runs_flag = runs_flag(globals);
  const bool is_large = !globals.json && record.trials > kLargeSweep;
  if (is_large) options.top = kRowsOfLarge;
  Board board = load_board(store, record, options, is_large);
  progress.before_output();
  if (globals.json)
    print_json(with_findings(report_json(board.head, board.rows, options), board.findings));
  else
    print(report_table(board.head, board.rows, options));
  if (const std::string missing = coverage_note(board.rows, options); !missing.empty()) progress.on_note(missing);
  if (!board.findings.empty()) progress.on_note(disagreement_note(board.findings));
  return std::move(board.study);
}

bool is_paused(const Study& study, std::uint64_t trials) { return study.guard() && !study.finished(trials); }

bool has_failed_too_often(const Study& study) {
  return study.ended_at() && study.bound_cause() == BoundCause::kFailures;
}

// By what the trials that count came to; an interrupt is asked about first.
int exit_code(const Study& study, std::uint64_t trials) {
  if (is_paused(study, trials) || has_failed_too_often(study)) return protocol::kExitGuard;
  return study.finished(trials) && study.unranked() == 0 ? protocol::kExitOk : protocol::kExitSomeFailed;
}

int exit_code(const Ending& ending) {
  if (ending.signal == 0 || ending.finished()) return exit_code(ending.study, ending.trials);
  return ending.signal == SIGINT ? protocol::kExitInterrupted : protocol::kExitTerminated;
}

// A finished sweep needs no word on how to go on, unless it failed too often.
std::string how_to_go_on(const SweepRecord& record, const Study& study, const Globals& globals) {
  const bool mends = is_paused(study, record.trials) || has_failed_too_often(study);
  if (study.finished(record.trials) && !mends) return {};
  return std::string("sweep ") + (mends ? "retry " : "resume ") + record.id + runs_flag(globals);
}

// What ended a sweep before its last trial.
void say_what_stopped_it(const SweepRecord& record, const Study& study, const Globals& globals, Progress& progress) {
  const std::string retry = "`" + how_to_go_on(record, study, globals) + "`";
  if (is_paused(study, record.trials)) {
    const GuardFinding& guard = *study.guard();
    progress.on_note(fmt::format("guard: the first {} trials all ended {} in the same way, so no other was started: {}",
                                 guard.trials, protocol::name(guard.outcome),
                                 guard.detail.empty() ? "nothing was said of it" : printable(guard.detail, 300)));
    progress.on_note(fmt::format("mend that and go on with {}; with --no-guard the sweep goes on as it is", retry));
    if (record.program.is_object())
      progress.on_note("a program whose sources change makes a new sweep: then `sweep run` its file");
  } else if (has_failed_too_often(study)) {
    progress.on_note(
        fmt::format("max_failures: trial #{} is number {} without a result, which ends the sweep; mend "
                    "that and go on with {}",
                    *study.ended_at(), *study.terms().max_failures, retry));
  }
}

}  // namespace

void declare_running(CLI::App& subcommand, RunningFlags& flags) {
  subcommand.add_option("--slots", flags.slots, "N trials at once (on GPUs: at most)")
      ->check(whole_number(1, 65536))
      ->type_name("N");
  subcommand
      .add_option("--gpus", flags.gpus,
                  "use these GPUs only: 0,1 (numbers, 0:1 for an instance, or beginnings of UUIDs), or none")
      ->type_name("A,B,…");
  subcommand
      .add_option("--busy-gpus", flags.busy_gpus,
                  "a GPU that others use: wait for it (as without this flag), use it all the same, or refuse to begin")
      ->check(CLI::IsMember({"wait", "use", "refuse"}))
      ->type_name("WHAT");
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
  const std::unique_ptr<Progress> progress = make_progress(globals);
  for (const core::Problem& warning : prepared.warnings) progress->on_note(warning.text());
  Store store(globals.runs, Store::Mode::kReadWrite);
  if (const auto known = store.find_sweep(prepared.record.id)) {
    const Study study = load_study(store, known->id, Load::kToRank);
    if (study.finished(known->trials) && study.running().empty() && reopen.empty()) {
      const int code = exit_code(study, known->trials);
      progress->on_note(fmt::format("sweep {} is finished, nothing to run", known->id));
      if (code == protocol::kExitSomeFailed)
        progress->on_note(
            fmt::format("trials that did not complete keep their outcome; `sweep retry {}{}` runs those "
                        "that failed again",
                        known->id, runs_flag(globals)));
      print_leaderboard(store, *known, globals, *progress);
      say_what_stopped_it(*known, study, globals, *progress);
      progress->on_end(study, known->trials, code, how_to_go_on(*known, study, globals));
      return code;
    }
    // Not the one of today, even where both give the same.
    if (prepared.trainer.builtin) prepared.trainer.builtin = frozen_trainer(*known, globals.runs);
    progress->on_note(
        fmt::format("going on with sweep {}: {}", known->id, ended_text(study.ended(), study.wanted(known->trials))));
  }
  DispatchOptions options;
  options.runs = globals.runs;
  options.slots = flags.slots;
  options.fresh = flags.fresh;
  if (flags.busy_gpus == "use") options.busy_gpus = BusyGpus::kUse;
  if (flags.busy_gpus == "refuse") options.busy_gpus = BusyGpus::kRefuse;
  options.no_guard = flags.no_guard;
  options.reopen = std::move(reopen);
  const int code = exit_code(run_sweep(store, prepared, options, *progress));  // of many trials one study is enough

  const SweepRecord record = *store.find_sweep(prepared.record.id);
  const Study study = print_leaderboard(store, record, globals, *progress);
  if (code == protocol::kExitGuard) say_what_stopped_it(record, study, globals, *progress);
  progress->on_end(study, record.trials, code, how_to_go_on(record, study, globals));
  return code;
}

}  // namespace sweep
