// The loop and checkpoints: what counts of a trial that goes on from one.
#include <fstream>

#include "core/digest.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;
using protocol::Outcome;

namespace {

std::string checkpoint(int seq, int step, const std::string& kind) {
  return R"({"event":"checkpoint","seq":)" + std::to_string(seq) + R"(,"step":)" + std::to_string(step) +
         R"(,"kind":")" + kind + R"(","file":")" + kind + "-" + std::to_string(step) + R"(","sha256":")" +
         core::sha256_hex("weights") + "\"}";
}

fs::path checkpoints_of(const TemporaryFolder& folder, const sweep::Prepared& sweep, std::uint64_t index) {
  return folder.path() / "trials" / sweep.plan.trial(index).id / "checkpoints";
}

void put(const fs::path& folder, const std::string& name) {
  fs::create_directories(folder);
  std::ofstream(folder / name) << "weights";
}

// The one trial of a sweep: it crashes after `first` with its checkpoint on the disk, and then says `second`.
sweep::TrialState after_crash(const std::vector<std::string>& first, const std::vector<std::string>& second) {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared(
      R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "parameters": {"batch_size": {"values": [8]}}})");
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.scripts = {{{0, 0}, {first, {0, SIGSEGV}}}, {{0, 1}, {second, {}}}};
  put(checkpoints_of(folder, sweep, 0), "last-1");
  const sweep::TrialState trial = *controller.run().study.find(0);
  CHECK(controller.launcher.environments[1].at("SWEEP_RESUME").ends_with("/last-1"));
  return trial;
}

std::string went_on(int step) {
  return R"({"event":"started","seq":0,"trainer":"noop/1","resumed_from":)" + std::to_string(step) + "}";
}

}  // namespace

TEST_CASE("of a trial that goes on from a checkpoint the metric counts up to its step alone") {
  const std::vector<std::string> beyond = {kStarted, checkpoint(1, 1, "last"), metric(2, 2, "0.5")};
  const auto silent = after_crash(beyond, {went_on(1), finished(1)});
  CHECK(silent.outcome == Outcome::kNoMetric);
  CHECK(silent.detail == "never gave the metric 'val_loss'");
  CHECK(!silent.value);
  CHECK(after_crash(beyond, {finished(0)}).outcome == Outcome::kNoMetric);  // it does not say where it begins
  CHECK(after_crash(beyond, {went_on(1), metric(1, 2, "0.5"), finished(2)}).outcome == Outcome::kCompleted);

  const std::vector<std::string> before = {kStarted, metric(1, 1, "0.5"), checkpoint(2, 1, "last"),
                                           metric(3, 2, "\"NaN\"")};
  const auto completed = after_crash(before, {went_on(1), finished(1)});
  CHECK(completed.outcome == Outcome::kCompleted);
  CHECK(completed.value == 0.5);
  // It was given the checkpoint and began anew.
  CHECK(after_crash(before, {went_on(0), finished(1)}).outcome == Outcome::kNoMetric);
}
