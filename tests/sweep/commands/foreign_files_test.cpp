// Sweep files as people write them for W&B, planned and run as they stand, with stub programs in the place of theirs.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "core/files.h"
#include "core/json.h"
#include "sweep/spec/spec.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/commands/shop.h"

namespace {

namespace fs = std::filesystem;

// Stands for a training script: writes down how it was started and gives the metric that the sweep ranks by.
constexpr char kStub[] = R"(
import itertools, json, os, sys
document = json.load(open(os.environ["SWEEP_TRIAL"]))
open("started.txt", "a").write(json.dumps(sys.argv) + "\n")
events, seq = open(os.environ["SWEEP_EVENTS"], "a", buffering=1), itertools.count()
def report(event, **fields):
    events.write(json.dumps({"event": event, "seq": next(seq), **fields}) + "\n")
report("metric", step=1, values={document.get("metric", {}).get("name", "loss"): document["index"] + 0.5})
report("finished", outcome="completed")
)";

// A launcher (torchrun, accelerate launch): finds the script among its arguments and becomes it; without one (python
// -m) it is the stub itself.
constexpr char kLauncher[] = R"(#!/bin/sh
while [ $# -gt 0 ]; do case $1 in *.py) exec python3 "$@" ;; *) shift ;; esac; done
exec python3 "$(dirname "$0")/stub.py" "$@"
)";

void make_executable(const Workplace& place, const std::string& file, const std::string& text) {
  fs::create_directories((place.path() / file).parent_path());
  place.write(file, text);
  ::chmod((place.path() / file).c_str(), 0755);
}

}  // namespace

TEST_CASE("each file in the style of W&B is planned and run as it stands, with a stub for its program") {
  if (std::system("python3 --version >/dev/null 2>&1") != 0) skip("there is no python3");
  const fs::path folder = fs::path(SWEEP_SOURCE_DIR) / "tests/sweep/spec/wandb";
  int ran = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") continue;
    INFO(entry.path());
    const std::string text = core::read_file(entry.path());
    const sweep::Spec spec = sweep::read_spec(text, entry.path(), {.ignore_early_terminate = true});
    if (!spec.program) continue;  // of the built-in trainer, which has tests of its own
    const Workplace place;
    const std::string name = "sweep" + entry.path().extension().string();
    place.write(name, text);
    make_executable(place, spec.program->program, kStub);
    make_executable(place, "bin/stub.py", kStub);
    for (const char* launcher : {"torchrun", "accelerate", "python"})
      make_executable(place, std::string("bin/") + launcher, kLauncher);
    const std::string environment = "PATH=\"$PWD/bin:$PATH\" DATA_ROOT=/data";
    const Said plan = place.sweep("plan " + name + " --count 2 --ignore-early-terminate --format csv", environment);
    INFO(plan.err);
    CHECK(plan.code == 0);
    const auto trials = std::count(plan.out.begin(), plan.out.end(), '\n') - 1;
    CHECK(trials == static_cast<std::ptrdiff_t>(2 * spec.repeats));
    const Said run = place.sweep("run " + name + " --count 2 --ignore-early-terminate --slots 1", environment);
    INFO(run.err);
    CHECK(run.code == 0);
    const std::string started = place.read("started.txt");
    CHECK(std::count(started.begin(), started.end(), '\n') == trials);
    ++ran;
  }
  CHECK(ran >= 12);
}

TEST_CASE("a sweep file whose name is no text is run, listed and reported") {
  const Shop shop;
  std::string nameless = kSweep;
  nameless.erase(nameless.find("\"name\": \"own\", "), 15);
  shop.write("st\xff.json", nameless);
  REQUIRE(shop.sweep("run st\xff.json").code == 0);
  for (const char* verb : {"list --json", "report --json", "report --format html", "report", "verify --json"}) {
    INFO(verb);
    CHECK(shop.sweep(verb).code == 0);
  }
}
