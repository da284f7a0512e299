// See replay_locate.h.
#include "sweep/commands/replay_locate.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "sweep/commands/output.h"
#include "sweep/replay/against.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// The trial as the replay ran it.
struct Again {
  Again(const Store& store, const TrialPlace& place, const ReplayOptions& options)
      : origin(RecordedSweeps(store, options.runs).origin_of(place)),
        prepared(prepare_recorded(origin.sweep, options.runs, where(options, origin.trial))) {}

  static Overrides where(const ReplayOptions& options, const TrialState& trial) {
    if (trial.attempts.empty())
      throw core::UserError("trial " + trial.trial, "has not run yet", "there is nothing to compare with");
    Overrides overrides = options.where;
    if (!overrides.device) overrides.device = recorded_device(trial);
    return overrides;
  }
  protocol::TrialDocument document() const { return trial_document(prepared, prepared.plan.trial(origin.trial.index)); }

  Origin origin;
  Prepared prepared;
};

// The last step that the record knows of.
std::uint64_t last_step(const TrialRecord& record) {
  std::uint64_t last = record.traced_until();
  if (!record.metrics.empty()) last = std::max(last, record.metrics.rbegin()->first);
  return record.finished ? std::max(last, record.finished->step) : last;
}

}  // namespace

void declare_locate(CLI::App& subcommand, LocateFlags& flags) {
  subcommand.add_flag("--locate", flags.locate,
                      "where it is different: try what may have been otherwise (a seed, an ulp, an order of a sum, a "
                      "flipped bit, …) until the record is explained");
  subcommand
      .add_option("--against", flags.against,
                  "run it in the sweep's trainer and in BINARY, another build of sweep-trainer, and name the first "
                  "tensor and element that differ")
      ->type_name("BINARY");
  subcommand
      .add_option("--trainer", flags.trainer, "replay with this build of sweep-trainer, not the one that was kept")
      ->type_name("BINARY");
}

Located locate_replayed(const Store& store, const TrialPlace& place, const ReplayOptions& options,
                        const Replayed& replayed) {
  const Again again(store, place, options);
  LocateRequest request;
  if (again.prepared.trainer.builtin) request.trainer = &*again.prepared.trainer.builtin;
  request.document = again.document();
  request.folder = replayed.folder.empty() ? make_replay_folder(options.runs, replayed.trial) : replayed.folder;
  return locate_difference(request, load_record(store, again.origin), replayed.comparison.differences.front());
}

int replay_against(const Store& store, const TrialPlace& place, const ReplayOptions& options, const fs::path& other,
                   const Globals& globals) {
  const Again again(store, place, options);
  if (!again.prepared.trainer.builtin)
    throw core::UserError("--against", "trial " + again.origin.trial.trial + " is of a program of your own",
                          "two builds of sweep-trainer can be compared; replay it without --against");
  AgainstRequest request{*again.prepared.trainer.builtin, ask_trainer(find_trainer(other)), again.document(), 0,
                         make_replay_folder(options.runs, again.origin.trial.trial)};
  const TrialRecord record = load_record(store, again.origin);
  request.last_step = last_step(record);
  if (request.last_step == 0)
    throw core::UserError("trial " + again.origin.trial.trial,
                          "has no step in its record: it ended before its first metric, without fingerprints",
                          "there is nothing to compare the two programs by");
  const Against result = compare_programs(request, record);
  const Verdict verdict = result.parting ? Verdict::kDifferent : Verdict::kIdentical;
  std::error_code ignored;  // a folder that stays is not worth an error
  fs::remove_all(request.folder, ignored);
  if (globals.json) {
    core::Json json = {{"verdict", name(verdict)},
                       {"trial", again.origin.trial.trial},
                       {"sweep", again.origin.sweep.id},
                       {"index", again.origin.trial.index},
                       {"against", result.to_json()}};
    print_json(json);
  } else {
    std::string text = fmt::format("{}: trial {} in two programs\n", name(verdict), again.origin.trial.trial);
    for (const std::string& line : result.lines()) text += printable(line) + "\n";
    print(text);
  }
  return exit_code(verdict);
}

}  // namespace sweep
