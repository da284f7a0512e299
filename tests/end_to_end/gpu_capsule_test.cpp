// What ran on a GPU, where there is none. The GPU is a fake one (tests/fakes/gpu_trainer.cpp): its controller, its
// record and its capsule are those of a real one.
#include <filesystem>

#include "core/json.h"
#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/fakes/fake_gpus.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

const std::string kHonest = "SWEEP_TRAINER=" + (fs::path(sweep_program()).parent_path() / "sweep-trainer").string();
const std::string kOnGpu = "SWEEP_TRAINER=" GPU_TRAINER;

std::string quickstart() { return std::string(SWEEP_SOURCE_DIR) + "/sweeps/quickstart.json"; }

core::Json replayed_on_cpu(const fs::path& folder, const std::string& capsule, int code) {
  const Ended ended =
      Program(folder, {sweep_program(), "replay", capsule, "--device", "cpu", "--json"}, {kHonest}).wait();
  INFO(ended.out + ended.err);
  REQUIRE(ended.code == code);
  return core::parse_json(ended.out, "replay");
}

}  // namespace

TEST_CASE("the capsule of a trial that ran on a GPU replays identically on a machine that has none") {
  const FakeGpus gpus;
  const RunsPlace place;
  const std::vector<std::string> gpu_machine = {"PATH=" SWEEP_SOURCE_DIR "/tests/fakes:/usr/bin:/bin",
                                                "FAKE_GPUS=" + gpus.path().string(), kOnGpu};
  const auto there = [&](std::vector<std::string> arguments) {
    return Program(place.folder.path(), place.line(std::move(arguments)), gpu_machine).wait();
  };
  const Ended ran = there({"run", quickstart(), "--count", "1", "--device", "cuda", "--gpus", "0", "--quiet"});
  INFO(ran.err);
  REQUIRE(ran.code == 0);
  const core::Json attempt = core::parse_json(there({"show", "#0", "--json"}).out, "show")["attempts"][0];
  CHECK(attempt["device"] == "cuda");
  CHECK(attempt["environment"]["back_end"] == "cuda");
  CHECK(attempt["environment"]["gpu"]["uuid"] == gpus.uuid(0));

  const std::string capsule = (place.folder.path() / "gpu.capsule").string();
  REQUIRE(there({"export", "#0", "-o", capsule}).code == 0);
  const TemporaryFolder elsewhere;
  const core::Json replayed = replayed_on_cpu(elsewhere.path(), capsule, 0);
  CHECK(replayed["verdict"] == "identical");
  CHECK(replayed["compared"]["steps"].get<int>() > 0);
  CHECK(replayed["compared"]["digests"] == 1);
}
