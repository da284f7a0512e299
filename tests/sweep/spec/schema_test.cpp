// docs/sweep.schema.json, which editors use, says of every sweep file in this tree what the reader says, as far as a
// schema can. The files are read by our own reader (an editor's YAML would take 1e-5 for a string) and judged by
// Python's jsonschema.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "sweep/spec/document.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using core::Json;

const fs::path kSource = SWEEP_SOURCE_DIR;

// Prints {name: whether the schema accepts it}.
constexpr char kJudge[] = R"(
import json, sys, jsonschema
validator = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))
jsonschema.Draft7Validator.check_schema(validator.schema)
print(json.dumps({name: validator.is_valid(file) for name, file in json.load(open(sys.argv[2])).items()}))
)";

// Every file of a folder that can be read as a tree, by its path.
void collect(const fs::path& folder, Json& files) {
  for (const auto& entry : fs::recursive_directory_iterator(kSource / folder)) {
    const fs::path path = entry.path();
    const bool sweep_file = path.extension() == ".json" || path.extension() == ".yaml" || path.extension() == ".yml";
    if (!sweep_file) continue;
    try {
      files[fs::relative(path, kSource).generic_string()] = sweep::Document(core::read_file(path), path).root().json();
    } catch (const core::UserError&) {  // no tree: nothing for a schema to look at
    }
  }
}

// Not-finite numbers have no JSON; they stand where a list may hold anything.
std::string plain_json(const Json& files) { return files.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json judged(const Json& files) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "judge.py") << kJudge;
  std::ofstream(folder.path() / "files.json") << plain_json(files);
  const std::string command = "cd '" + folder.path().string() + "' && /usr/bin/python3 judge.py '" +
                              (kSource / "docs/sweep.schema.json").string() + "' files.json >verdicts.json";
  REQUIRE(std::system(command.c_str()) == 0);
  return core::parse_json(core::read_file(folder.path() / "verdicts.json"), "verdicts");
}

// Wrong in a way that no schema can say: order of two numbers, lengths of two lists, names that only the trainer knows,
// what depends on the method, characters, macros.
const std::set<std::string>& beyond_a_schema() {
  static const std::set<std::string> files = {
#include "tests/sweep/spec/beyond_the_schema.inc"
  };
  return files;
}

}  // namespace

TEST_CASE("the schema for editors accepts every good sweep file and refuses the bad ones, as far as a schema can") {
  if (std::system("/usr/bin/python3 -c 'import jsonschema' >/dev/null 2>&1") != 0)
    skip("/usr/bin/python3 has no jsonschema (scripts/install-deps --develop installs it)");
  Json good = Json::object(), bad = Json::object();
  collect("sweeps", good);
  collect("tests/sweep/spec/wandb", good);
  collect("tests/sweep/spec/bad", bad);
  const Json good_verdicts = judged(good), bad_verdicts = judged(bad);
  CHECK(good_verdicts.size() >= 20);
  for (const auto& [name, accepted] : good_verdicts.items()) {
    INFO(name);
    CHECK(accepted == true);
  }
  std::set<std::string> accepted_though_bad;
  for (const auto& [name, accepted] : bad_verdicts.items())
    if (accepted == true) accepted_though_bad.insert(fs::path(name).filename());
  CHECK(accepted_though_bad == beyond_a_schema());
}
