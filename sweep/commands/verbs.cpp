// The table of verbs; see verbs.h. Each verb has a file of its name.
#include "sweep/commands/verbs.h"

namespace sweep {
namespace {

constexpr Verb kVerbs[] = {
    {"run", "run a sweep; an unfinished one of the same file and seed goes on where it stopped", declare_run},
    {"resume", "go on with an unfinished sweep, the file not needed", declare_resume},
    {"retry", "run trials that failed again, and go on with their sweep", declare_retry},
    {"check", "read a sweep file, print every problem, the size of the space and the first points", declare_check},
    {"plan", "every trial that would run: index, id, configuration, seed", declare_plan},
    {"report", "the leaderboard, as a table, JSON or CSV", declare_report},
    {"list", "the sweeps in the store", declare_list},
    {"show", "one trial: configuration, attempts, metric history, files, environment", declare_show},
    {"logs", "what a trial printed", declare_logs},
    {"replay", "run a trial again and compare it with the record, bit for bit", declare_replay},
    {"completion", "a script that completes verbs, flags and ids in bash, zsh or fish", declare_completion},
    {"doctor", "GPUs, driver, SQLite, disk, and the self-test of the arithmetic", declare_doctor},
};

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

}  // namespace sweep
