// sweep logs: what the attempts of a trial printed, from the store where it is little, else from the files in its
// folder.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include "core/error.h"
#include "core/plural.h"
#include "protocol/files.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string trial, sweep;
  std::optional<std::uint32_t> attempt;
  bool follow = false;
};

// What one attempt wrote to one stream; `read` bytes of it have been printed.
struct Log {
  const char* name;
  fs::path file;
  std::function<std::optional<std::string>()> stored;  // once the attempt has ended
  std::uintmax_t read = 0;

  // What came since the last call. The file of little output goes when the store has it.
  std::string fresh() {
    std::string text;
    if (std::ifstream in(file, std::ios::binary); in.seekg(static_cast<std::streamoff>(read)))
      text.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    else if (const auto all = stored(); all && all->size() > read)
      text = all->substr(read);
    read += text.size();
    return text;
  }
  bool is_there() const { return fs::exists(file) || stored(); }
};

// A terminal gets no escapes of a trial's; a file or a pipe gets every byte.
void print_output(const std::string& text) { print(isatty(STDOUT_FILENO) == 1 ? printable_lines(text) : text); }

// The logs of a crash may hold anything; JSON takes UTF-8 alone.
core::Json json_text(const std::string& text) {
  return core::Json::parse(core::Json(text).dump(-1, ' ', false, core::Json::error_handler_t::replace));
}

bool ended(const Store& store, const TrialPlace& place) {
  const Study study = load_study(store, place.sweep, Load::kToRank);
  return study.find(place.index)->phase == Phase::kEnded;
}

// Prints what comes until the trial has ended; a heading wherever the other file goes on.
void print_logs(std::vector<Log> logs, const std::function<bool()>& more_may_come) {
  const Log* last = nullptr;
  for (bool more = true; more;) {
    more = more_may_come();  // asked first: what is written before the end is still read
    bool anything = false;
    for (Log& log : logs) {
      const std::string text = log.fresh();
      if (text.empty()) continue;
      anything = true;
      if (last != &log) print(fmt::format("==> {} <==\n", log.name));
      last = &log;
      print_output(text);
      if (text.back() != '\n' && !more) print("\n");
    }
    std::fflush(stdout);
    if (std::ferror(stdout) != 0) return;  // nobody reads any more
    if (more && !anything) std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

TrialState load_one(const Store& store, const TrialPlace& place) {
  return load_trial(store, place.sweep, load_study(store, place.sweep, Load::kToRank), place.index);
}

int logs(const Flags& flags, const Globals& globals) {
  const Store store = open_store(globals);
  SelectedTrial selected = select_trial(store, flags.trial, flags.sweep);
  TrialState trial = load_one(store, selected.place);
  while (trial.repeats_index || !trial.reused_from->empty()) {  // where it ran
    if (trial.repeats_index)
      selected.place.index = *trial.repeats_index;
    else
      selected.place = {*trial.reused_from, trial.reused_index};
    trial = load_one(store, selected.place);
  }
  const auto attempts = static_cast<std::uint32_t>(trial.attempts.size());
  const std::uint32_t attempt = flags.attempt.value_or(attempts == 0 ? 0 : attempts - 1);
  if (flags.attempt && *flags.attempt >= attempts)
    throw core::UserError("--attempt", fmt::format("trial {} has {}", trial.trial, core::counted(attempts, "attempt")),
                          "count from 0");

  const fs::path folder = attempt_folder(globals.runs, trial.trial, selected.place.sweep, attempt);
  const auto stored = [&](int stream) {
    return [&store, &selected, attempt, stream] { return store.output(selected.place, attempt, stream); };
  };
  std::vector<Log> files = {{protocol::kStdoutFile, folder / protocol::kStdoutFile, stored(1)},
                            {protocol::kStderrFile, folder / protocol::kStderrFile, stored(2)}};
  if (globals.json) {
    print_json({{"trial", trial.trial},
                {"attempt", attempt},
                {"stdout", json_text(files[0].fresh())},
                {"stderr", json_text(files[1].fresh())}});
    return protocol::kExitOk;
  }
  const bool silent = !files[0].is_there() && !files[1].is_there();
  if (silent && !flags.follow)
    note(globals, fmt::format("attempt {} of trial {} printed nothing", attempt, trial.trial));
  print_logs(std::move(files), [&] { return flags.follow && !ended(store, selected.place); });
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_logs(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("TRIAL", flags->trial, "prefix of an id, #12 (index in the last sweep), or best")
      ->required()
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_option("--attempt", flags->attempt, "which attempt, from 0; the last one otherwise")->type_name("N");
  subcommand.add_flag("--follow", flags->follow, "go on until the trial has ended");
  return [flags, &globals] { return logs(*flags, globals); };
}

}  // namespace sweep
