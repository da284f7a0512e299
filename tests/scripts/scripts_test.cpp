// The scripts of the project as a stranger meets them: they say what they do and refuse what they do not know.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "tests/catch.h"
#include "tests/skip.h"

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
        "scripts/gpu-check", "scripts/gpu-fast-processes", "scripts/gpu-slots", "scripts/gpu-timings"}) {
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

TEST_CASE("the comparison of a training's step with PyTorch's runs on a CPU, and is skipped where there is no GPU") {
  const std::string script = "/usr/bin/python3 '" SWEEP_SOURCE_DIR "/bench/compare_pytorch_gpu.py'";
  const auto ends_with = [&](const std::string& arguments) {
    const std::string command = "cd / && CUDA_VISIBLE_DEVICES= PYTHONDONTWRITEBYTECODE=1 " + script +
                                " --programs /nonexistent " + arguments + " >/dev/null 2>&1 </dev/null";
    return WEXITSTATUS(std::system(command.c_str()));
  };
  constexpr int kSkipped = 77;
  const int tried = ends_with("--device cpu --quick");
  if (tried == kSkipped) skip("there is no PyTorch");
  CHECK(tried == 0);
  CHECK(ends_with("") == kSkipped);
}
