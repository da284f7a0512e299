// sweep resume: goes on with an unfinished sweep of the store; its file is not needed.
#include <memory>

#include "sweep/commands/running.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/fast_class.h"
#include "sweep/dispatch/prepare.h"

namespace sweep {
namespace {

struct Flags {
  std::string sweep = "last";
  RunningFlags running;
};

int resume(const Flags& flags, const Globals& globals) {
  const SweepRecord record = select_sweep(open_store(globals), flags.sweep);
  Overrides overrides;
  apply(flags.running, overrides);
  Prepared prepared = prepare_recorded(record, globals.runs, overrides);
  if (prepared.trainer.builtin) check_fast_class(record, *prepared.trainer.builtin);
  return run_prepared(std::move(prepared), flags.running, globals);
}

}  // namespace

std::function<int()> declare_resume(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SWEEP", flags->sweep, "prefix of an id, a name, or last")
      ->type_name("")
      ->capture_default_str();
  declare_running(subcommand, flags->running);
  return [flags, &globals] { return resume(*flags, globals); };
}

}  // namespace sweep
