// The loop on a store whose n-th write fails, for every n.
#include <set>

#include "core/error.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/fakes/failing_vfs.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

namespace {

FakeLauncher::Scripts scripts() {
  FakeLauncher::Scripts by_trial;
  for (std::uint64_t i = 0; i < 3; ++i) {
    Script script = good("0.5" + std::to_string(i));
    script.output = {std::string(4096, 'o'), std::string(4096, 'e')};
    by_trial[{i, 0}] = by_trial[{i, 1}] = script;
  }
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

// Whether the rows say what a fold of the events does.
bool rows_agree(const Store& store, const std::string& sweep) {
  const Study study = sweep::load_study(store, sweep);
  const std::vector<sweep::TrialSummary> rows = store.summaries(sweep);
  if (rows.size() != study.trials().size()) return false;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!(rows[i] == sweep::summarize(study.trials()[i]))) return false;
  return true;
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
    controller.run();
    undisturbed = csv_of(controller.store, sweep);
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
      REQUIRE(csv_of(again.store, sweep) == undisturbed);
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

TEST_CASE("a store that is deleted while its sweep runs is missed within a second, and at the end of the sweep") {
  const sweep::Prepared sweep = prepared();
  const std::vector<std::pair<double, std::size_t>> waits = {{0, 3}, {1, 2}};  // and how many trials begin
  for (const auto& [seconds, started] : waits) {
    CAPTURE(seconds);
    const TemporaryFolder folder;
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.on_start = [&, seconds = seconds](std::uint64_t index) {
      if (index != 1) return;
      std::filesystem::remove(folder.path() / "sweeps.db");
      controller.clock.now_s += seconds;
    };
    CHECK_THROWS_WITH(controller.run(),
                      (folder.path() / "sweeps.db").string() +
                          ": was deleted, moved or replaced while it was used, put it back and go on with `sweep "
                          "resume`: what was recorded since then runs again");
    CHECK(controller.launcher.started.size() == started);
  }
}

TEST_CASE("when what an attempt printed cannot be recorded no row of a trial says more than its events") {
  const sweep::Prepared sweep = prepared();
  const std::string more_than_a_cache(3 << 20, 'x');  // so that it is written before the transaction ends
  bool failed = true;
  for (long n = 1; failed; n += 1 + n / 2) {
    CAPTURE(n);
    const TemporaryFolder folder;
    FailingVfs vfs;
    {
      Controller controller(folder.path(), sweep);
      controller.launcher.scripts = scripts();
      controller.launcher.scripts[{1, 0}].output.out = more_than_a_cache;
      controller.launcher.on_start = [&](std::uint64_t index) {
        if (index == 1) vfs.fail_at(n, false);
      };
      try {
        controller.run();
      } catch (const core::EnvironmentError&) {
      }
      failed = vfs.has_failed();
    }
    REQUIRE(rows_agree(Store(folder.path(), Store::Mode::kReadOnly), sweep.record.id));
  }
}
