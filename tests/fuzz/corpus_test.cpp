// Every input of a fuzz target's corpus, run once: what fuzzing found stays found, with every compiler.
#include <filesystem>

#include "core/files.h"
#include "fuzz/fuzz_target.h"
#include "tests/catch.h"

TEST_CASE("every input of the corpus passes through its fuzz target") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SWEEP_CORPUS)) {
    INFO(entry.path());
    const std::string input = core::read_file(entry.path());
    CHECK(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size()) == 0);
    ++files;
  }
  CHECK(files > 0);
}
