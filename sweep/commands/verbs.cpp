// The table of verbs; see verbs.h. Each verb has a file of its name.
#include "sweep/commands/verbs.h"

namespace sweep {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "run a sweep; an unfinished one of the same file and seed goes on where it stopped", declare_run},
    {"resume", "go on with an unfinished sweep, the file not needed", declare_resume},
    {"stop", "let a running sweep start no new trial, and wait for those that run", declare_stop},
    {"cancel", "end a running sweep and its trials: they write a checkpoint first", declare_cancel},
    {"retry", "run trials that failed again, and go on with their sweep", declare_retry},
    {"check", "read a sweep file, print every problem, the size of the space and the first points", declare_check},
    {"plan", "every trial that would run: index, id, configuration, seed", declare_plan},
    {"report", "the leaderboard, as a table, Markdown, JSON, CSV or one HTML page", declare_report},
    {"importance", "what the metric of a sweep depends on: each parameter's share, and what its values do",
     declare_importance},
    {"list", "the sweeps in the store: which one runs, how far each is, its best value", declare_list},
    {"show", "one trial: configuration, attempts, metrics, environment, and why each is as it is", declare_show},
    {"diff", "two trials, or two sweeps, side by side: what differs", declare_diff},
    {"logs", "what a trial printed", declare_logs},
    {"replay", "run a trial, or all of a sweep, again and compare with the record, bit for bit", declare_replay},
    {"verify", "sample every configuration again and check ids, decisions and results against the store",
     declare_verify},
    {"export", "write a trial as a capsule, which replays elsewhere; or a sweep for TensorBoard, MLflow or Optuna",
     declare_export},
    {"completion", "a script that completes verbs, flags and ids in bash, zsh or fish", declare_completion},
    {"doctor", "GPUs, driver, disk, store, limits, trainer, and the self-test of the arithmetic", declare_doctor},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

}  // namespace sweep
