// See replay_all.h.
#include "sweep/commands/replay_all.h"

#include <csignal>
#include <cstdio>
#include <set>

#include "core/error.h"
#include "protocol/outcome.h"
#include "sweep/commands/output.h"
#include "sweep/commands/replay_table.h"
#include "sweep/commands/selection.h"
#include "sweep/replay/replay_work.h"

namespace sweep {
namespace {

// What of the loop's words is worth passing on where no trial runs.
class Notes : public Observer {
 public:
  explicit Notes(const Globals& globals) : globals_(globals) {}
  void on_note(const std::string& text) override { note(globals_, text); }

 private:
  const Globals& globals_;
};

// One live line on a terminal; elsewhere a line a trial, under --json as an object.
OnReplayed progress_of(const Globals& globals) {
  if (globals.quiet) return {};
  if (globals.json)
    return [](const Replayed& one) {
      const core::Json line = {{"progress", "replayed"},
                               {"index", one.index},
                               {"trial", one.trial},
                               {"verdict", name(one.comparison.verdict)}};
      std::fprintf(stderr, "%s\n", core::canonical_json(line).c_str());
    };
  return [&globals](const Replayed& one) { note(globals, replayed_line(one)); };
}

}  // namespace

int replay_all(const ReplayAllFlags& flags, ReplayOptions options, const Globals& globals) {
  const SweepRecord sweep = select_sweep(open_store(globals), flags.sweep);  // makes no store where there is none
  Store store(globals.runs, Store::Mode::kReadWrite);
  const Study study = load_study(store, sweep.id, Load::kToRank);
  if (study.ended() == 0)
    throw core::UserError("sweep " + sweep.id, "has no trial that has ended", "there is nothing to compare with");
  std::set<std::uint64_t> only;
  if (const auto& one = flags.replicates_of)
    for (std::uint64_t first = *one - *one % sweep.repeats, i = 0; i < sweep.repeats; ++i) only.insert(first + i);
  ReplayOfSweep work(store, sweep, study, options, flags.sample, progress_of(globals), only);
  DispatchOptions dispatch;
  dispatch.runs = globals.runs;
  dispatch.slots = flags.slots;
  dispatch.busy_gpus = flags.busy_gpus;
  dispatch.spare = &work;
  Notes notes(globals);
  const int signal = work.left() == 0 ? 0 : run_spare(store, work.prepared(), dispatch, notes);

  const SweepReplays replays{sweep.id, work.replayed(), work.unended(), work.left()};
  if (globals.json)
    print_json(replay_table_json(replays));
  else
    print(replay_table(replays));
  if (signal != 0) return signal == SIGINT ? protocol::kExitInterrupted : protocol::kExitTerminated;
  return exit_code(worst(work.replayed()));
}

}  // namespace sweep
