// What a verb of `sweep` is: a name, a line of help, and a function that declares its flags and returns what runs it.
// The table of verbs is verbs.cpp. A verb parses flags, calls one library function, prints and returns the exit code;
// errors are thrown (core/error.h) and caught once in main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>

namespace sweep {

/// Flags that every verb has.
struct Globals {
  std::filesystem::path runs = "runs";  ///< --runs, else SWEEP_RUNS, else ./runs
  bool runs_given = false;              ///< one of the first two
  bool json = false;                    ///< --json: one JSON object on stdout, nothing else there
  bool quiet = false;                   ///< --quiet: no progress and no notes on stderr; errors remain
  bool no_color = false;                ///< --no-color
  bool version = false;                 ///< --version
  bool color = false;                   ///< neither --no-color nor NO_COLOR forbids it: terminals may get colours
};

/// Adds flags to `subcommand` and returns what runs the verb, giving the exit code (protocol/outcome.h). The Globals
/// are filled when it runs, not when it is declared; they outlive it.
using Declare = std::function<int()> (*)(CLI::App& subcommand, Globals& globals);

struct Verb {
  const char* name;
  const char* summary;  ///< one line, for `sweep --help`
  Declare declare;
};

}  // namespace sweep
