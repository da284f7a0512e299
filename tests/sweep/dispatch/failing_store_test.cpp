// The loop on a store whose n-th write fails, for every n.
#include <set>

#include "core/error.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/fakes/failing_vfs.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

namespace {

std::string csv_of(const Study& study, const sweep::Prepared& sweep) {
  sweep::SweepHead head;
  head.metric = sweep.record.metric;
  return sweep::report_csv(head, sweep::rank(study));
}

FakeLauncher::Scripts scripts() {
  FakeLauncher::Scripts by_trial;
  for (std::uint64_t i = 0; i < 3; ++i) by_trial[{i, 0}] = by_trial[{i, 1}] = good("0.5" + std::to_string(i));
  return by_trial;
}

std::set<std::uint64_t> ended_in(const std::filesystem::path& runs, const sweep::Prepared& sweep) {
  std::set<std::uint64_t> ended;
  const Store store(runs, Store::Mode::kReadWrite);
  if (!store.find_sweep(sweep.record.id)) return ended;
  const Study study = sweep::load_study(store, sweep.record.id);
  for (const sweep::TrialState& trial : study.trials())
    if (trial.phase == sweep::Phase::kEnded) ended.insert(trial.index);
  return ended;
}

}  // namespace

TEST_CASE("whichever write to the store fails, once or from then on, the sweep goes on with the same table") {
  FailingVfs vfs;
  const sweep::Prepared sweep = prepared();
  std::string undisturbed;
  {
    const TemporaryFolder folder;
    Controller controller(folder.path(), sweep);
    controller.launcher.scripts = scripts();
    undisturbed = csv_of(controller.run().study, sweep);
  }
  for (const bool stays : {false, true}) {
    long n = 1;
    for (bool failed = true; failed; ++n) {
      CAPTURE(n, stays);
      const TemporaryFolder folder;
      std::string problem;
      vfs.fail_at(n, stays);
      try {
        Controller controller(folder.path(), sweep);
        controller.launcher.scripts = scripts();
        controller.run();
      } catch (const core::EnvironmentError& error) {
        problem = error.what();
      }
      failed = vfs.has_failed();
      vfs.fail_at(0, false);
      const std::set<std::uint64_t> stored = ended_in(folder.path(), sweep);
      Controller again(folder.path(), sweep);
      again.launcher.scripts = scripts();
      const Ending ending = again.run();
      REQUIRE(ending.finished());
      REQUIRE(csv_of(ending.study, sweep) == undisturbed);
      for (const auto& [index, attempt] : again.launcher.started) REQUIRE(!stored.contains(index));
      if (problem.empty()) REQUIRE(stored.size() == 3);
    }
    CHECK(n > 30);
  }
}

TEST_CASE("when the store fails what runs is asked to stop, and nothing more is started") {
  FailingVfs vfs;
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 2);
  controller.launcher.otherwise = {{kStarted, metric(1, 1, "0.5")}, {75, 0}, true};
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index == 1) vfs.fail_at(1, true);
  };
  CHECK_THROWS_AS(controller.run(), core::EnvironmentError);
  CHECK(controller.launcher.started.size() == 2);
  CHECK(controller.launcher.graces == std::vector<double>{10.0, 10.0});
  CHECK(controller.launcher.running == 0);
  vfs.fail_at(0, false);
}
