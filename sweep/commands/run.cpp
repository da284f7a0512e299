// sweep run: runs a sweep file; an unfinished sweep of the same file and seed goes on where it stopped.
#include <memory>

#include "sweep/commands/running.h"
#include "sweep/commands/sweep_flags.h"
#include "sweep/commands/verbs.h"
#include "sweep/dispatch/prepare.h"

namespace sweep {
namespace {

struct Flags {
  SweepFlags sweep;
  RunningFlags running;
  bool dry_run = false;
};

int run(Flags& flags, const Globals& globals) {
  if (flags.dry_run) return dry_run(flags.sweep, flags.running.fresh, globals);
  apply(flags.running, flags.sweep.overrides);
  return run_prepared(prepare_file(flags.sweep.file, globals.runs, flags.sweep.overrides), flags.running, globals);
}

}  // namespace

std::function<int()> declare_run(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  flags->sweep.declare(subcommand);
  declare_running(subcommand, flags->running);
  subcommand.add_flag("--dry-run", flags->dry_run, "only say what would run, as `sweep plan` does");
  return [flags, &globals] { return run(*flags, globals); };
}

}  // namespace sweep
