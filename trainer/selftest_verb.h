// `sweep-trainer selftest`: checks this machine's arithmetic and prints what differs. Callers: main.cpp.
#pragma once

namespace trainer {

/// Every instruction set and the GPU that this machine has. Returns the exit code: kTrainerCompleted, or
/// kTrainerUnsuitable where a digest differs.
int run_selftest_verb();

}  // namespace trainer
