// sweep replay: runs a trial again and prints whether it is the same, bit for bit.
#include "sweep/replay/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "sweep/commands/output.h"
#include "sweep/commands/replay_locate.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

struct Flags {
  std::string trial, sweep;
  std::string device;
  LocateFlags where;
  bool all = false;
};

std::string to_text(const Replayed& replayed, const std::optional<Located>& located) {
  const Comparison& comparison = replayed.comparison;
  std::string text =
      fmt::format("{}: trial {} (recorded on {}, replayed on {} in {})\n", name(comparison.verdict), replayed.trial,
                  replayed.recorded_on, replayed.device, duration_text(replayed.seconds));
  for (const std::string& line : comparison.lines()) text += printable(line) + "\n";
  if (located)
    for (const std::string& line : located->lines()) text += printable(line) + "\n";
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

int replay(const Flags& flags, const Globals& globals) {
  const SelectedTrial selected =
      select_trial(open_store(globals), flags.trial, flags.sweep);  // makes no store where there is none
  Store store(globals.runs, Store::Mode::kReadWrite);
  ReplayOptions options;
  options.runs = globals.runs;
  options.all = flags.all;
  if (!flags.device.empty()) options.device = flags.device == "cuda" ? Device::kCuda : Device::kCpu;
  options.trainer = flags.where.trainer;
  options.progress = progress_line(globals);
  if (!flags.where.against.empty()) return replay_against(store, selected.place, options, flags.where.against, globals);
  const Replayed replayed = replay_trial(store, selected.place, options);
  std::optional<Located> located;
  if (flags.where.locate && replayed.comparison.verdict == Verdict::kDifferent)
    located = locate_replayed(store, selected.place, options, replayed);
  if (globals.json) {
    core::Json json = replayed.to_json();
    if (located) json["located"] = located->to_json();
    print_json(json);
  } else {
    print(to_text(replayed, located));
  }
  return exit_code(replayed.comparison.verdict);
}

}  // namespace

std::function<int()> declare_replay(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("TRIAL", flags->trial, "prefix of an id, #12 (index in the last sweep), or best")
      ->required()
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_option("--device", flags->device, "cpu or cuda; where the record was made otherwise")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->type_name("DEVICE");
  subcommand.add_flag("--all", flags->all, "go on after the first difference and print every one");
  declare_locate(subcommand, flags->where);
  subcommand.footer("Exit codes: 0 identical, 3 different, 4 not comparable, 1 incomplete.");
  return [flags, &globals] { return replay(*flags, globals); };
}

}  // namespace sweep
