// Every file under bad/ is refused with exactly the text that stands beside it.
#include <filesystem>

#include "core/files.h"
#include "sweep/spec/spec.h"
#include "tests/catch.h"
#include "tests/sweep/spec/golden.h"

namespace {

std::string message(const std::filesystem::path& file) {
  const std::string text = core::read_file(file);
  const std::filesystem::path description =
      std::filesystem::path(SWEEP_SOURCE_DIR) / "tests/sweep/spec/description.json";
  try {
    sweep::read_spec(text, file.filename(), {},
                     [&] { return core::parse_json(core::read_file(description), "description.json"); });
  } catch (const core::UserError& error) {
    return std::string(error.what()) + "\n";
  }
  return "";
}

}  // namespace

TEST_CASE("a bad sweep file gets every one of its messages, to the letter") {
  CHECK(check_golden("bad", message) >= 140);
}
