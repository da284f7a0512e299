// See golden.h.
#include "tests/sweep/spec/golden.h"

#include <cstdlib>
#include <fstream>

#include "core/files.h"
#include "tests/catch.h"

int check_golden(const std::string& folder, const std::function<std::string(const std::filesystem::path&)>& found) {
  int files = 0;
  const std::filesystem::path place = std::filesystem::path(SWEEP_SOURCE_DIR) / "tests/sweep/spec" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(place)) {
    if (entry.path().extension() == ".txt") continue;
    ++files;
    std::filesystem::path golden = entry.path();
    golden += ".txt";
    const std::string text = found(entry.path());
    if (std::getenv("SWEEP_WRITE_GOLDEN")) {
      std::ofstream(golden) << text;
      continue;
    }
    INFO(entry.path());
    CHECK_FALSE(text.empty());
    CHECK(text == core::read_file(golden));
  }
  return files;
}
