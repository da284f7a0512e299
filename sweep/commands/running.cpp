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
#include "sweep/commands/replay_table.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/whole_number.h"
#include "sweep/rank/rank.h"
#include "sweep/replay/replay_work.h"
#include "sweep/report/display.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

constexpr std::uint64_t kRowsOfLarge = 50;  // more would only hide how it ended

// What trials gave another time in another sweep is compared as well: a difference must not pass unseen.
// Returns what it was made of.
Board print_leaderboard(const Store& store, const SweepRecord& record, const Globals& globals, Progress& progress) {
  ReportOptions options;
  options.runs_flag = runs_flag(globals);
  set_terminal(options, globals);
  const bool is_large = !globals.json && record.trials > kLargeSweep;
  if (is_large) options.top = kRowsOfLarge;
  Board board = load_board(store, record, options, is_large ? Shows::kFirstRows : Shows::kAnything);
  progress.before_output();
  if (globals.json)
    print_json(
        with_findings(with_findings(report_json(board.head, board.rows, options), board.findings), board.replays));
  else
    print(report_table(board.head, board.rows, options));
  if (const std::string missing = coverage_note(board.rows, options); !missing.empty()) progress.on_note(missing);
  if (!board.findings.empty()) progress.on_note(finding_note(board.findings));
  if (!board.replays.empty()) progress.on_note(finding_note(board.replays));
  return board;
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

// `has_more`: an audit was cut short.
int exit_code(const Ending& ending, bool has_more) {
  if (ending.signal == 0 || (ending.finished() && !has_more)) return exit_code(ending.study, ending.trials);
  return ending.signal == SIGINT ? protocol::kExitInterrupted : protocol::kExitTerminated;
}

// A finished sweep needs no word on how to go on, unless it failed too often.
std::string how_to_go_on(const SweepRecord& record, const Study& study, const Globals& globals,
                         const std::optional<double>& audit = {}) {
  const bool mends = is_paused(study, record.trials) || has_failed_too_often(study);
  if (study.finished(record.trials) && !mends) return {};
  return std::string("sweep ") + (mends ? "retry " : "resume ") + record.id + runs_flag(globals) +
         (audit ? " --audit " + core::format_double(*audit) : "");
}

// The audit of this run, or nothing where none was asked for. A difference is told at once; how it went, at the end.
std::optional<Audit> make_audit(Store& store, const Prepared& prepared, const RunningFlags& flags,
                                const Globals& globals, Progress& progress) {
  if (!flags.audit) return std::nullopt;
  return std::optional<Audit>(std::in_place, store, prepared, *flags.audit, globals.runs,
                              [&progress](const Replayed& one) {
                                if (one.comparison.verdict != Verdict::kIdentical)
                                  progress.on_note("audit: " + replayed_line(one));
                              });
}

void say_how_the_audit_went(Audit& audit, const Study& study, Progress& progress) {
  std::string text = "audit: " + count_verdicts(audit.replayed());
  if (const std::size_t left = audit.left(study); left > 0)
    text += fmt::format("; {} of the sample are left, and done when the sweep goes on with --audit", left);
  progress.on_note(text);
}

// A difference counts for more than a trial without a result, and for less than what ended the sweep early.
int with_audit(int code, const RunningFlags& flags, const std::vector<ReplayFinding>& differing) {
  const bool has_come_to_its_end = code == protocol::kExitOk || code == protocol::kExitSomeFailed;
  return flags.audit && !differing.empty() && has_come_to_its_end ? protocol::kExitDifferent : code;
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

// The name of a sweep is no part of its identity: the one that was given last is shown.
void rename(Store& store, SweepRecord& known, const std::string& name) {
  if (known.name == name) return;
  known.name = name;
  store.rename_sweep(known.id, name);
}

// A finished sweep, of which nothing is to be run.
int tell_again(const Store& store, const SweepRecord& known, const Study& study, const RunningFlags& flags,
               const Globals& globals, Progress& progress) {
  int code = exit_code(study, known.trials);
  progress.on_note(fmt::format("sweep {} is finished, nothing to run", known.id));
  if (code == protocol::kExitSomeFailed)
    progress.on_note(
        fmt::format("trials that did not complete keep their outcome; `sweep retry {}{}` runs those "
                    "that failed again",
                    known.id, runs_flag(globals)));
  const Board board = print_leaderboard(store, known, globals, progress);
  say_what_stopped_it(known, study, globals, progress);
  code = with_audit(code, flags, board.replays);
  progress.on_end(study, known.trials, code, how_to_go_on(known, study, globals));
  return code;
}

}  // namespace

BusyGpus busy_gpus(const RunningFlags& flags) {
  if (flags.busy_gpus == "use") return BusyGpus::kUse;
  return flags.busy_gpus == "refuse" ? BusyGpus::kRefuse : BusyGpus::kWait;
}

void declare_where(CLI::App& subcommand, RunningFlags& flags) {
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
}

void declare_running(CLI::App& subcommand, RunningFlags& flags) {
  declare_where(subcommand, flags);
  subcommand
      .add_option(
          "--audit", flags.audit,
          "replay this share of the trials (0.05: one in twenty) in slots that no trial wants, and compare them "
          "bit for bit; a difference makes the exit code 3")
      ->check(share())
      ->type_name("SHARE");
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
  std::optional<Audit> audit = make_audit(store, prepared, flags, globals, *progress);
  if (auto known = store.find_sweep(prepared.record.id)) {
    rename(store, *known, prepared.record.name);
    const Study study = load_study(store, known->id, Load::kToRank);
    const bool is_over = study.finished(known->trials) && study.running().empty() && reopen.empty();
    if (is_over && (!audit || audit->left(study) == 0))
      return tell_again(store, *known, study, flags, globals, *progress);
    // Not the one of today, even where both give the same.
    if (prepared.trainer.builtin) prepared.trainer.builtin = frozen_trainer(*known, globals.runs);
    progress->on_note(is_over ? fmt::format("sweep {} is finished, its audit goes on", known->id)
                              : fmt::format("going on with sweep {}: {} of {} trials have ended", known->id,
                                            study.ended(), study.wanted(known->trials)));
  }
  DispatchOptions options;
  options.runs = globals.runs;
  options.slots = flags.slots;
  options.fresh = flags.fresh;
  options.busy_gpus = busy_gpus(flags);
  options.no_guard = flags.no_guard;
  options.reopen = std::move(reopen);
  if (audit) options.spare = &*audit;
  Ending ending = run_sweep(store, prepared, options, *progress);
  const bool cut = audit && audit->left(ending.study) > 0;      // by the signal, also where all trials have ended
  const int ended = exit_code(Ending{std::move(ending)}, cut);  // of many trials one study is enough

  const SweepRecord record = *store.find_sweep(prepared.record.id);
  const Board board = print_leaderboard(store, record, globals, *progress);
  if (audit) say_how_the_audit_went(*audit, board.study, *progress);
  const int code = with_audit(ended, flags, board.replays);
  if (code == protocol::kExitGuard) say_what_stopped_it(record, board.study, globals, *progress);
  progress->on_end(board.study, record.trials, code, how_to_go_on(record, board.study, globals, flags.audit));
  return code;
}

}  // namespace sweep
