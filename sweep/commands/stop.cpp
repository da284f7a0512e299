// sweep stop, sweep cancel: ask the controller of a sweep, from another terminal, to start nothing new and let what
// runs end, or to end that too; then wait until it has ended. What a sweep did so far is kept, and `sweep resume` goes
// on.
#include <fmt/format.h>

#include <memory>

#include "core/error.h"
#include "sweep/commands/output.h"
#include "sweep/commands/progress_text.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/controller.h"

namespace sweep {
namespace {

using core::Json;

constexpr auto kLookAgain = std::chrono::milliseconds(250);  // at what still runs, to say it

struct Flags {
  std::string sweep;
  bool no_wait = false;
  bool now = false;
};

// Without a word the one that runs is meant, and `last` where none does.
SweepRecord sweep_to_stop(const Store& store, const std::string& word, const Globals& globals) {
  if (!word.empty()) return select_sweep(store, word);
  const std::vector<std::string> running = Controller::running_sweeps(globals.runs);
  if (running.empty()) return select_sweep(store, "last");
  if (running.size() == 1) return select_sweep(store, running.front());
  std::string names;
  for (const std::string& sweep : running) names += (names.empty() ? "" : ", ") + sweep;
  throw core::UserError("SWEEP", fmt::format("{} sweeps run here", running.size()), "name one: " + names);
}

// What became of it, as the last line and as JSON.
int say_end(const SweepOverview& sweep, const std::string& state, const Holder* holder, const Globals& globals) {
  const bool over = sweep.finished() || state == "asked";
  const std::string go_on = over ? "" : resume_command(sweep.id, globals);
  if (globals.json) {
    print_json({{"sweep", sweep.id},
                {"state", state},
                {"controller", holder ? Json{{"pid", holder->pid}, {"host", holder->host}} : Json()},
                {"ended", sweep.ended},
                {"wanted", sweep.wanted},
                {"running", state == "asked" ? Json(sweep.running) : Json::array()},
                {"go_on", go_on.empty() ? Json() : Json(go_on)}});
  } else {
    const std::string asked = holder ? fmt::format("{} was asked, ", holder->words()) : "";
    print(fmt::format("sweep {}: {}, {}{}{}\n", sweep.id, state == "asked" ? asked + "and runs on for now" : state,
                      ended_text(sweep.ended, sweep.wanted), go_on.empty() ? "" : "; go on with ",
                      go_on.empty() ? "" : "`" + go_on + "`"));
  }
  return protocol::kExitOk;
}

// Says what is waited for whenever that changes.
void wait_for_end(const Controller& controller, const Store& store, const std::string& sweep, const Globals& globals) {
  std::vector<std::uint64_t> told;
  do {
    std::vector<std::uint64_t> running = store.running_trials(sweep);
    if (running != told && !running.empty()) note(globals, still_running_text(running));
    told = std::move(running);
  } while (!controller.ended_within(kLookAgain));
}

int halt(const Flags& flags, Halt halt, const Globals& globals) {
  const Store store = open_store(globals);
  const SweepRecord record = sweep_to_stop(store, flags.sweep, globals);
  const std::string& id = record.id;
  const auto look = [&] { return read_overview(store, record); };
  const auto controller = Controller::of_sweep(globals.runs, id);
  if (!controller || !controller->ask(halt)) {
    const SweepOverview sweep = look();
    return say_end(sweep, sweep.finished() ? "finished" : "not running", nullptr, globals);
  }
  if (flags.no_wait) return say_end(look(), "asked", &controller->holder(), globals);
  note(globals, fmt::format("asked {} to {}", controller->holder().words(),
                            halt == Halt::kDrain  ? "start no new trial"
                            : halt == Halt::kStop ? "end its trials"
                                                  : "kill its trials"));
  wait_for_end(*controller, store, id, globals);
  const SweepOverview sweep = look();
  return say_end(sweep, sweep.finished() ? "finished" : "stopped", &controller->holder(), globals);
}

void declare_both(CLI::App& subcommand, Flags& flags) {
  subcommand.add_option("SWEEP", flags.sweep, "prefix of an id, a name, or last; without it the one that runs")
      ->type_name("");
  subcommand.add_flag("--no-wait", flags.no_wait, "ask, and do not wait until it has ended");
}

}  // namespace

std::function<int()> declare_stop(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  declare_both(subcommand, *flags);
  return [flags, &globals] { return halt(*flags, Halt::kDrain, globals); };
}

std::function<int()> declare_cancel(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  declare_both(subcommand, *flags);
  subcommand.add_flag("--now", flags->now, "kill the trials, without a checkpoint");
  return [flags, &globals] { return halt(*flags, flags->now ? Halt::kKill : Halt::kStop, globals); };
}

}  // namespace sweep
