// sweep replay: runs a trial again, or every trial of a sweep, and prints whether it is the same, bit for bit.
#include "sweep/replay/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "core/error.h"
#include "sweep/commands/capsule_source.h"
#include "sweep/commands/output.h"
#include "sweep/commands/replay_all.h"
#include "sweep/commands/replay_locate.h"
#include "sweep/commands/running.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/whole_number.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

struct Flags {
  std::string trial, sweep;
  RunningFlags running;  // of those only where it runs
  std::optional<std::uint64_t> sample;
  LocateFlags locate;
  bool all = false, all_differences = false, replicates = false;
  CapsuleFlags capsule;
};

std::string to_text(const Replayed& replayed, const std::optional<Located>& located) {
  const Comparison& comparison = replayed.comparison;
  std::string text =
      fmt::format("{}: trial {} (recorded on {}, replayed on {} in {})\n", name(comparison.verdict), replayed.trial,
                  replayed.recorded_on, replayed.device, duration_text(replayed.seconds));
  for (const std::string& line : comparison.lines()) text += printable(line) + "\n";
  if (!replayed.trainer.empty()) text += "trainer: " + printable(replayed.trainer.string()) + "\n";
  for (const std::string& line : located ? located->lines() : std::vector<std::string>())
    text += printable(line) + "\n";
  if (!replayed.folder.empty()) text += "kept: " + printable(replayed.folder.string()) + "\n";
  return text;
}

// One live line on a terminal; nothing elsewhere.
std::function<void(std::uint64_t, std::uint64_t)> progress_line(const Globals& globals) {
  if (globals.quiet || globals.json || isatty(STDERR_FILENO) != 1) return {};
  return [](std::uint64_t step, std::uint64_t last) {
    std::fprintf(stderr, "\r\x1b[Kreplaying: step %llu of %llu identical", static_cast<unsigned long long>(step),
                 static_cast<unsigned long long>(last));
    if (step >= last) std::fputs("\r\x1b[K", stderr);
  };
}

int replay_one(const Flags& flags, ReplayOptions options, const Globals& globals) {
  std::optional<CapsuleSource> capsule;
  if (names_capsule(flags.trial)) capsule.emplace(flags.trial, flags.capsule, globals);
  const TrialPlace place =
      capsule
          ? capsule->place()
          : select_trial(open_store(globals), flags.trial, flags.sweep).place;  // makes no store where there is none
  if (capsule) options.runs = capsule->runs();
  if (capsule && flags.running.device.empty()) options.where.device = capsule->device();
  Store store(options.runs, Store::Mode::kReadWrite);
  options.all = flags.all_differences || flags.all;
  options.progress = progress_line(globals);
  if (!flags.locate.against.empty()) return replay_against(store, place, options, flags.locate.against, globals);
  const Replayed replayed = replay_trial(store, place, options);
  if (capsule && !replayed.folder.empty()) capsule->keep();
  std::optional<Located> located;
  if (flags.locate.locate && replayed.comparison.verdict == Verdict::kDifferent)
    located = locate_replayed(store, place, options, replayed);
  if (globals.json) {
    core::Json json = replayed.to_json();
    if (located) json["located"] = located->to_json();
    if (capsule) json["capsule"] = capsule->digest();
    print_json(json);
  } else {
    print((capsule ? capsule->text() : "") + to_text(replayed, located));
  }
  return exit_code(replayed.comparison.verdict);
}

// Every trial of the configuration that TRIAL is of.
int replay_replicates(const Flags& flags, ReplayOptions options, const Globals& globals) {
  const SelectedTrial selected = select_trial(open_store(globals), flags.trial, flags.sweep);
  if (selected.sweep.repeats == 1)
    throw core::UserError("--replicates", "sweep " + selected.sweep.id + " runs each configuration once",
                          "leave it out");
  ReplayAllFlags all;
  all.sweep = selected.sweep.id;
  all.replicates_of = selected.place.index;
  all.slots = flags.running.slots;
  all.busy_gpus = busy_gpus(flags.running);
  options.all = flags.all_differences;
  return replay_all(all, std::move(options), globals);
}

void check_flags(const Flags& flags) {
  if (!names_capsule(flags.trial)) check_no_capsule_flags(flags.capsule);
  if (flags.trial.empty() && !flags.all)
    throw core::UserError("TRIAL", "is missing", "name a trial, or replay the whole sweep with --all");
  if (flags.trial.empty() && (flags.locate.locate || !flags.locate.against.empty()))
    throw core::UserError(flags.locate.locate ? "--locate" : "--against", "is for one trial", "name it");
  if (flags.locate.locate && !flags.locate.against.empty())
    throw core::UserError("--locate", "asks the record, and --against another program", "give one of them");
  if (flags.replicates && (flags.trial.empty() || names_capsule(flags.trial)))
    throw core::UserError("--replicates", "is of a TRIAL's configuration", "name a trial of a sweep with repeats");
  if (flags.replicates && (flags.locate.locate || !flags.locate.against.empty()))
    throw core::UserError(flags.locate.locate ? "--locate" : "--against", "is for one trial", "leave --replicates out");
  if (flags.trial.empty()) return;
  if (flags.sample) throw core::UserError("--sample", "is of a whole sweep", "leave out TRIAL, and give --all");
  if (flags.running.slots > 0 && !flags.replicates)
    throw core::UserError("--slots", "is for many trials", "leave out TRIAL, and give --all");
}

int replay(const Flags& flags, const Globals& globals) {
  check_flags(flags);
  ReplayOptions options;
  options.runs = globals.runs;
  apply(flags.running, options.where);
  options.where.trainer = flags.locate.trainer;
  if (flags.replicates) return replay_replicates(flags, std::move(options), globals);
  if (!flags.trial.empty()) return replay_one(flags, std::move(options), globals);
  options.all = flags.all_differences;
  ReplayAllFlags all;
  if (!flags.sweep.empty()) all.sweep = flags.sweep;
  all.sample = flags.sample;
  all.slots = flags.running.slots;
  all.busy_gpus = busy_gpus(flags.running);
  return replay_all(all, std::move(options), globals);
}

}  // namespace

std::function<int()> declare_replay(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand
      .add_option("TRIAL", flags->trial, "prefix of an id, #12 (index in the last sweep), best, or a capsule's file")
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_flag(
      "--all", flags->all,
      "without TRIAL: replay every trial of the sweep (--sweep, else the last) and print a table of the "
      "verdicts; with TRIAL: as --all-differences");
  subcommand.add_option("--sample", flags->sample, "with --all: only N of the sweep's trials, always the same ones")
      ->check(whole_number(1, UINT64_MAX))
      ->needs("--all")
      ->type_name("N");
  subcommand.add_flag("--replicates", flags->replicates,
                      "every trial of TRIAL's configuration, of a sweep with repeats");
  subcommand.add_flag("--all-differences", flags->all_differences,
                      "go on after the first difference and print every one");
  declare_where(subcommand, flags->running);
  declare_capsule_flags(subcommand, flags->capsule);
  declare_locate(subcommand, flags->locate);
  subcommand.footer(
      "Exit codes: 0 identical, 3 different, 4 not comparable, 1 incomplete; of a whole sweep that of the gravest "
      "verdict, in this order: 3, 4, 1, 0.");
  return [flags, &globals] { return replay(*flags, globals); };
}

}  // namespace sweep
