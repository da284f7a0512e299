// A worker that runs the trials of its standard input, each an event with its process id, and misbehaves between two of
// them or in one: `false_worker MODE --serve`. It makes the file MISBEHAVED once it has done so.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/children/say.h"

namespace {

constexpr char kDone[] = R"({"worker":"done"})";

// Its trial is over for the launcher too: the test has made the file.
void print_once_told() {
  while (!std::filesystem::exists(std::getenv("TOLD"))) ::usleep(1000);
  for (int i = 0; i < 64; ++i) std::cout << std::string(1023, 'x') << std::endl;
}

int run(const std::string& mode) {
  std::string assignment;
  while (std::getline(std::cin, assignment)) {
    if (mode == "stops") ::raise(SIGSTOP);
    SAY("%d", static_cast<int>(::getpid()));
    SAY(mode == "talks" ? "%s\nnobody asked" : "%s", kDone);
    if (mode == "ends") return 3;
    if (mode == "babbles") SAY("nobody asked");
    if (mode == "prints" && !std::filesystem::exists(std::getenv("MISBEHAVED"))) print_once_told();
    std::ofstream(std::getenv("MISBEHAVED")) << mode;
  }
  return 0;
}

}  // namespace

int main(int, char** argv) { return run(argv[1]); }
