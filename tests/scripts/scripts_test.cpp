// The scripts of the project as a stranger meets them: they say what they do and refuse what they do not know.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "tests/catch.h"

namespace {

/// The exit code of a shell command run far from the project's folder, its output discarded.
int exit_code(const std::string& script, const std::string& arguments) {
  const std::string command =
      "cd / && '" SWEEP_SOURCE_DIR "/" + script + "' " + arguments + " >/dev/null 2>&1 </dev/null";
  return WEXITSTATUS(std::system(command.c_str()));
}

}  // namespace

TEST_CASE("every script explains itself with --help, from any folder") {
  for (const char* script :
       {"scripts/install-deps", "scripts/demo", "scripts/test", "scripts/format", ".ci/run", "bench/run-compare",
        "scripts/gpu-check", "scripts/gpu-fast-processes", "scripts/gpu-timings"}) {
    INFO(script);
    CHECK(exit_code(script, "--help") == 0);
  }
}

TEST_CASE("a script that is given an unknown argument does nothing and exits with 2") {
  for (const char* script : {"scripts/install-deps", "scripts/demo", "scripts/format"}) {
    INFO(script);
    CHECK(exit_code(script, "--unheard-of") == 2);
  }
}
