// What a small program prints: git for provenance/, nvidia-smi for gpus/, the trainer's self-test for `sweep doctor`.
// Not for trials: those have a launcher.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sweep {

struct ProgramOutput {
  int code = 0;     ///< exit code; 128 + the signal where one ended it
  std::string out;  ///< stdout; at most `limit` bytes
};

/// Runs a program to its end; stdin and stderr are /dev/null. `arguments[0]` is looked for in PATH. Nothing where it
/// cannot be started, takes longer than `patience` or prints more than `limit` bytes (it is killed then).
std::optional<ProgramOutput> program_output(const std::vector<std::string>& arguments,
                                            std::chrono::milliseconds patience, std::size_t limit = 64u << 20);

struct ProgramLimits {
  std::chrono::milliseconds patience{20'000};
  std::size_t bytes = 64u << 20;
  int stop = -1;  ///< a descriptor: once it is readable the program is killed, and a terminal's Ctrl-C is not for it.
                  ///< Then what it has started is killed with it, also where it takes too long. −1: none
};

/// kStopped: `stop` was readable, or too much was printed.
enum class ProgramEnd { kEnded, kNotStarted, kTooSlow, kStopped };

struct ProgramRun {
  ProgramEnd end = ProgramEnd::kNotStarted;
  ProgramOutput output;  ///< whole where it ended, else what was read until then
  int error = 0;         ///< of kNotStarted: errno
};

/// The same, for whoever must know why there is no output. Any thread.
ProgramRun run_program(const std::vector<std::string>& arguments, const ProgramLimits& limits);

}  // namespace sweep
