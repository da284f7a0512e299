// The examples of trainers of one's own, as docs/own-trainer.md has them typed.
#include <cstdlib>
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

// The distribution's programs, whatever else is first on the tester's path.
constexpr char kPath[] = "PATH=/usr/bin:/bin";

bool succeeds(const std::string& command) {
  return std::system(("env " + std::string(kPath) + " " + command + " >/dev/null 2>&1").c_str()) == 0;
}

// A copy of an example's folder, in which `sweep` is started in a clean environment.
struct Example {
  explicit Example(const std::string& name) {
    fs::copy(fs::path(SWEEP_SOURCE_DIR) / "sweeps" / name, folder.path() / name, fs::copy_options::recursive);
    place = folder.path() / name;
  }
  Ended sweep(const std::string& arguments) const {
    const std::string line =
        "cd '" + place.string() + "' && exec env -i " + kPath + " '" + sweep_program() + "' " + arguments;
    return Program(folder.path(), {"/bin/sh", "-c", line}).wait();
  }
  core::Json report() const { return core::parse_json(sweep("report --json").out, "report"); }

  TemporaryFolder folder;
  fs::path place;
};

void runs_and_replays(const Example& example, std::size_t trials) {
  const Ended ran = example.sweep("run sweep.yaml --slots 2");
  INFO(ran.err);
  CHECK(ran.code == 0);
  CHECK(example.report().at("trials").size() == trials);
  const Ended replay = example.sweep("replay --all --slots 2");
  INFO(replay.out + replay.err);
  CHECK(replay.code == 0);
  const std::string all = std::to_string(trials) + " trials replayed: " + std::to_string(trials) + " identical\n";
  CHECK(replay.out.find(all) != std::string::npos);
}

}  // namespace

TEST_CASE("the example in shell runs, is ranked and every trial of it replays") {
  const Example example("shell");
  runs_and_replays(example, 3);
  CHECK(example.report().at("trials")[0].at("step") == 12);
}

TEST_CASE("the example in C is compiled, runs, is ranked and replays, and the built-in way to try it is content") {
  if (!succeeds("cc --version")) skip("there is no C compiler named cc");
  const Example example("c");
  REQUIRE(succeeds("cc -O2 -o '" + (example.place / "descent").string() + "' '" +
                   (example.place / "descent.c").string() + "'"));
  runs_and_replays(example, 6);
  const Ended tried = example.sweep("check --try sweep.yaml");
  INFO(tried.out + tried.err);
  CHECK(tried.code == 0);
}

TEST_CASE("the example in PyTorch replays identically, and without its seed check --try and replay catch it") {
  if (!succeeds("python3 -c 'import torch'")) skip("python3 has no torch (scripts/install-deps --peers installs it)");
  const Example example("pytorch");
  runs_and_replays(example, 4);
  CHECK(example.sweep("check --try sweep.yaml").code == 0);

  const Example unseeded("pytorch");
  REQUIRE(succeeds("sed -i '/manual_seed/d' '" + (unseeded.place / "train.py").string() + "'"));
  const Ended tried = unseeded.sweep("check --try sweep.yaml");
  CHECK(tried.code == 1);
  CHECK(tried.out.find("NO: two runs with the same seed differ") != std::string::npos);
  CHECK(unseeded.sweep("run sweep.yaml --count 1").code == 0);
  const Ended replay = unseeded.sweep("replay '#0'");
  CHECK(replay.code == 3);
  CHECK(replay.out.find("step 20: metric train_loss: recorded ") != std::string::npos);
}

TEST_CASE("a script written for W&B runs unchanged and offline, and its metrics are on the leaderboard") {
  if (!succeeds("python3 --version")) skip("there is no python3");
  const Example example("wandb");
  runs_and_replays(example, 4);
  const core::Json best = example.report().at("trials")[0];
  CHECK(best.at("final").contains("train_loss"));
  CHECK(best.at("epoch") == 5);
}
