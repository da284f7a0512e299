// Every file under bad/ is refused with exactly the text that stands beside it.
// SWEEP_WRITE_GOLDEN=1 writes the texts instead; read the difference before it is kept.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/files.h"
#include "sweep/spec/spec.h"
#include "tests/catch.h"

namespace {

const std::filesystem::path kFolder = std::filesystem::path(SWEEP_SOURCE_DIR) / "tests/sweep/spec";

std::string message(const std::filesystem::path& file) {
  const std::string text = core::read_file(file);
  try {
    const sweep::Spec spec = sweep::read_spec(text, file.filename());
    const core::Json description = core::parse_json(core::read_file(kFolder / "description.json"), "description.json");
    sweep::check_hyperparameters(spec, description, text, file.filename());
  } catch (const core::UserError& error) {
    return std::string(error.what()) + "\n";
  }
  return "";
}

}  // namespace

TEST_CASE("a bad sweep file gets every one of its messages, to the letter") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder / "bad")) {
    if (entry.path().extension() != ".json") continue;
    ++files;
    const std::string found = message(entry.path());
    std::filesystem::path golden = entry.path();
    golden.replace_extension(".txt");
    if (std::getenv("SWEEP_WRITE_GOLDEN")) {
      std::ofstream(golden) << found;
      continue;
    }
    INFO(entry.path());
    CHECK_FALSE(found.empty());
    CHECK(found == core::read_file(golden));
  }
  CHECK(files >= 25);
}
