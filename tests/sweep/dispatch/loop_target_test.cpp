// The loop of a sweep that its metric's target ends: the same table whatever ends first and wherever a controller dies.
#include "sweep/rank/rank.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using protocol::Outcome;

namespace {

// A grid of eight that ends at trial #2, which reaches the target as #4, #5 and #7 do.
sweep::Prepared eight_with_target(std::uint32_t repeats = 1) {
  sweep::Prepared sweep = prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [8, 16, 32, 64, 128, 256, 512, 1024]}}})");
  sweep.record.target = 0.375;
  sweep.record.repeats = repeats;
  return sweep;
}

// Every attempt of every trial; which others end before it follows from `order`.
FakeLauncher::Scripts eight_scripts(unsigned order) {
  const char* const values[] = {"0.75", "0.5", "0.25", "0.625", "0.125", "0.375", "1.0", "0.0625"};
  FakeLauncher::Scripts scripts;
  for (std::uint64_t index = 0; index < 8; ++index)
    for (std::uint32_t attempt = 0; attempt < 4; ++attempt) {
      Script script = good(values[index]);
      script.turns = static_cast<int>((index * (2 * order + 1) + order * order) % 11);
      scripts[{index, attempt}] = script;
    }
  return scripts;
}

}  // namespace

TEST_CASE("a sweep with a target gives the same CSV for any number of slots and any order in which its trials end") {
  const sweep::Prepared sweep = eight_with_target();
  std::set<std::string> tables;
  std::set<std::size_t> started;
  for (unsigned order = 0; order < 12; ++order) {
    for (const std::size_t slots : {1, 2, 3, 5, 8}) {
      const TemporaryFolder folder;
      Controller controller(folder.path(), sweep, slots);
      controller.launcher.scripts = eight_scripts(order);
      const Ending ending = controller.run();
      CHECK(ending.finished());
      CHECK(ending.study.ended_at() == 2u);
      CHECK(ending.study.running().empty());
      tables.insert(csv_of(controller.store, sweep));
      started.insert(controller.launcher.started.size());
    }
  }
  REQUIRE(tables.size() == 1);
  const auto id = [&](std::uint64_t index) { return sweep.plan.trial(index).id; };
  CHECK(*tables.begin() == "rank,trial,index,replicate,outcome,val_loss,epoch,step,batch_size\n1," + id(2) +
                               ",2,0,completed,0.25,,1,32\n2," + id(1) + ",1,0,completed,0.5,,1,16\n3," + id(0) +
                               ",0,0,completed,0.75,,1,8\n");
  CHECK(*started.begin() == 3);  // one slot runs nothing too much
  CHECK(started.size() > 2);     // and the orders are not all alike
}

TEST_CASE("a sweep with a target gives the same CSV wherever its controller died") {
  for (const std::uint32_t repeats : {1, 2}) check_wherever_it_died(eight_with_target(repeats), eight_scripts);
}

TEST_CASE("what runs beyond the trial that reached the target is stopped, with the reason, and never goes on") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight_with_target();
  {
    Controller controller(folder.path(), sweep, 4);
    controller.launcher.scripts = eight_scripts(0);
    controller.launcher.scripts[{3, 0}] = {{kStarted}, {75, 0}, true};
    const Ending ending = controller.run();
    CHECK(ending.finished());
    CHECK(std::set<double>(controller.launcher.graces.begin(), controller.launcher.graces.end()) == std::set{10.0});
    CHECK(ending.study.find(3)->outcome == Outcome::kCancelled);
    CHECK(ending.study.find(3)->detail == "stopped: the target was reached at trial #2: no later trial counts");
  }
  Controller again(folder.path(), sweep, 4);
  CHECK(again.run().finished());
  CHECK(again.launcher.started.empty());
}
