// The loop and checkpoints: what counts of a trial that goes on from one, and which stay when their trial has ended.
#include <fstream>

#include "core/digest.h"
#include "sweep/dispatch/lock.h"
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

std::set<std::string> files_in(const fs::path& folder) {
  std::set<std::string> names;
  if (!fs::exists(folder)) return names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
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

// Three trials that write a checkpoint of either kind; the second one is the best, the third fails.
sweep::Prepared three(const std::string& keep) {
  return prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "keep": )" + keep +
                  R"(, "parameters": {"batch_size": {"values": [8, 16, 32]}}})");
}

void write_checkpoints(Controller& controller, const TemporaryFolder& folder) {
  const auto script = [](const std::string& value, const std::string& outcome) {
    return Script{
        {kStarted, metric(1, 1, value), checkpoint(2, 1, "last"), checkpoint(3, 1, "best"), finished(4, outcome)}, {}};
  };
  controller.launcher.scripts = {{{0, 0}, script("0.5", "completed")},
                                 {{1, 0}, script("0.25", "completed")},
                                 {{2, 0}, {{kStarted, checkpoint(1, 1, "last"), checkpoint(2, 1, "best")}, {3, 0}}}};
  controller.launcher.on_start = [&](std::uint64_t index) {
    for (const char* name : {"last-1", "best-1", "notes"}) put(checkpoints_of(folder, controller.sweep, index), name);
  };
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

TEST_CASE("checkpoints that a killed controller left of trials that have ended go when the sweep is run next") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = three(R"({"best": 1})");
  const auto kept = [&] {
    std::vector<std::set<std::string>> files;
    for (std::uint64_t index = 0; index < 3; ++index) files.push_back(files_in(checkpoints_of(folder, sweep, index)));
    return files;
  };
  const std::vector<std::set<std::string>> expected = {{"notes"}, {"best-1", "notes"}, {"last-1", "notes"}};
  {
    Controller controller(folder.path(), sweep, 1);
    write_checkpoints(controller, folder);
    controller.run();
    CHECK(kept() == expected);
  }
  for (std::uint64_t index = 0; index < 3; ++index)  // as if it had been killed before
    for (const char* name : {"last-1", "best-1"}) put(checkpoints_of(folder, sweep, index), name);
  {
    sweep::TrialLocks other(folder.path());
    REQUIRE(other.take(sweep.plan.trial(0).id));
    Controller(folder.path(), sweep, 1).run();
    CHECK(kept() == std::vector<std::set<std::string>>{{"best-1", "last-1", "notes"}, expected[1], expected[2]});
  }
  Controller(folder.path(), sweep, 1).run();
  CHECK(kept() == expected);
}

TEST_CASE(
    "checkpoints that a killed controller left stay where the trial has run in another sweep, which may need them") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = three(R"({"best": 1})");
  const sweep::Prepared other = prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [8]}}})");
  REQUIRE(other.plan.trial(0).id == sweep.plan.trial(0).id);
  {
    Controller controller(folder.path(), sweep, 1);
    write_checkpoints(controller, folder);
    controller.run();
  }
  {
    Controller controller(folder.path(), other, 1);
    controller.options.fresh = true;
    controller.launcher.otherwise = {{kStarted, checkpoint(1, 1, "last")}, {3, 0}};
    controller.launcher.on_start = [&](std::uint64_t) { put(checkpoints_of(folder, other, 0), "last-1"); };
    controller.run();
  }
  Controller(folder.path(), sweep, 1).run();
  CHECK(files_in(checkpoints_of(folder, sweep, 0)) == std::set<std::string>{"last-1", "notes"});
}
