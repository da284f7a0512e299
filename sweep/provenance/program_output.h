// What a small program prints: git and nvidia-smi for provenance/, the trainer's self-test for `sweep doctor`. Not for
// trials: those have a launcher.
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

}  // namespace sweep
