// Sweeps of the built-in trainer replayed whole, and audited while they run; short versions of the examples.
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "core/files.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

const std::string kQuickstart = std::string(SWEEP_SOURCE_DIR) + "/sweeps/quickstart.json";

struct Place : RunsPlace {
  std::size_t replays(int index) const {
    return core::parse_json(command({"show", "#" + std::to_string(index), "--json"}).out, "show").at("replays").size();
  }
};

void replays_whole(const Place& place, const std::string& file, int trials) {
  const Ended ran = place.command({"run", file, "--count", std::to_string(trials), "--device", "cpu", "--slots", "2"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const Ended replayed = place.command({"replay", "--all", "--slots", "2", "--json"});
  INFO(replayed.out + replayed.err);
  REQUIRE(replayed.code == 0);
  const core::Json table = core::parse_json(replayed.out, "replay");
  CHECK(table.at("counts").at("identical") == trials);
  CHECK(table.at("not_ended") == 0);
  for (const core::Json& trial : table.at("trials")) {
    CHECK(trial.at("compared").at("steps").get<int>() > 0);
    CHECK(trial.at("compared").at("digests") == 1);
  }
  CHECK(place.command({"verify"}).code == 0);
}

// Of Fashion-MNIST a tenth is trained on.
void fashion_replays(const std::string& parameters) {
  const char* const given = std::getenv("SWEEP_DATA");
  const fs::path data = (given ? fs::path(given) : fs::path(SWEEP_SOURCE_DIR) / "../shared/data") / "fashion-mnist";
  if (!fs::exists(data)) skip("no fashion-mnist in $SWEEP_DATA or ../shared/data");
  const Place place;
  const fs::path file = place.folder.path() / "fashion.json";
  std::ofstream(file) << R"({"method": "random", "metric": {"name": "val_accuracy", "goal": "maximize"}, "data": )"
                      << core::canonical_json(fs::absolute(data).lexically_normal().string())
                      << R"(, "parameters": {"learning_rate": {"distribution": "log_uniform_values", "min": 0.001,)"
                      << R"( "max": 0.01}, "validation_fraction": {"value": 0.9}, "batch_size": {"value": 64},)"
                      << R"( "epochs": {"value": 1}, )" << parameters << "}}";
  replays_whole(place, file.string(), 2);
}

}  // namespace

TEST_CASE("every trial of the quickstart replays identically") { replays_whole(Place(), kQuickstart, 3); }

TEST_CASE("every trial of perceptrons on Fashion-MNIST replays identically") {
  fashion_replays(R"("hidden": {"value": [32]}, "dropout": {"value": 0.2})");
}

TEST_CASE("every trial of convolutional networks on Fashion-MNIST replays identically") {
  fashion_replays(R"("model": {"value": "cnn"}, "channels": {"value": [2, 4]}, "batch_norm": {"value": true})");
}

TEST_CASE(
    "an audit killed with SIGKILL leaves no process, and the next one does what is left, once, and leaves no file") {
  const Place undisturbed, place;
  const std::vector<std::string> run = {"run", kQuickstart, "--count", "4", "--device", "cpu", "--slots", "2"};
  CHECK(undisturbed.command(run).code == 0);
  std::vector<std::string> audited = run;
  audited.insert(audited.end(), {"--audit", "1"});
  {
    Program program(place.folder.path(), place.line(audited));
    for (const char* ended : {"trial #0", "trial #1", "trial #2", "trial #3"}) REQUIRE(program.wait_for(ended));
    program.signal(SIGKILL);
    CHECK(program.wait().code == 128 + SIGKILL);
  }
  CHECK(none_lives_with(place.runs));
  CHECK(place.csv() == undisturbed.csv());

  const Ended resumed = place.command({"resume", "--device", "cpu", "--slots", "2", "--audit", "1"});
  INFO(resumed.err);
  CHECK(resumed.code == 0);
  CHECK(resumed.err.find(" its audit goes on\n") != std::string::npos);
  CHECK_FALSE(fs::exists(fs::path(place.runs) / "audits"));
  const auto table = [](const std::string& out) { return out.substr(0, out.find("\ntime: ")); };
  CHECK(table(resumed.out) == table(undisturbed.command({"report"}).out));
  for (int index = 0; index < 4; ++index) CHECK(place.replays(index) == 1);
}

TEST_CASE("what trace the sweep file asks for by now makes no replay different") {
  const Place place;
  core::Json file = core::parse_json(core::read_file(kQuickstart, 1 << 20), "quickstart");
  const auto run = [&](const char* audit) {
    const fs::path path = place.folder.path() / "sweep.json";
    std::ofstream(path) << file.dump();
    return place.command({"run", path.string(), "--count", "2", "--device", "cpu", "--audit", audit});
  };
  file["trace"] = 10;
  CHECK(run("0.5").code == 0);
  for (const char* trace : {"step", "off"}) {
    file["trace"] = trace;
    const Ended audited = run("1");
    INFO(audited.err);
    CHECK(audited.code == 0);
  }
  CHECK(place.replays(0) + place.replays(1) == 2);
  const core::Json table = core::parse_json(place.command({"replay", "--all", "--json"}).out, "replay");
  CHECK(table.at("counts").at("identical") == 2);
  CHECK(table.at("trials").at(0).at("compared").at("steps").get<int>() > 10);
}
