// The example files under sweeps/ are right, by the built-in trainer's own tables.
#include <filesystem>

#include "core/files.h"
#include "protocol/data_set.h"
#include "sweep/spec/spec.h"
#include "tests/catch.h"
#include "trainer/hyperparameters.h"

TEST_CASE("every example sweep passes against the trainer's own tables") {
  core::Json description = {{"hyperparameters", trainer::describe_hyperparameters()}};
  for (const std::string_view metric : trainer::ranking_metrics()) description["metrics"].push_back(metric);
  for (const protocol::BuiltinData& data : protocol::builtin_data()) description["data"].push_back(data.name);
  int files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(SWEEP_SOURCE_DIR) / "sweeps")) {
    const std::string extension = entry.path().extension();
    if (extension != ".json" && extension != ".yaml") continue;
    INFO(entry.path());
    const std::string text = core::read_file(entry.path());
    const sweep::Spec spec = sweep::read_spec(text, entry.path(), {}, [&] { return description; });
    CHECK(spec.warnings.size() == (entry.path().filename() == "classic.json" ? 1 : 0));
    ++files;
  }
  CHECK(files >= 7);
}
