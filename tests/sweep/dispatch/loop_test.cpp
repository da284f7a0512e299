// The loop without a process: what it records before it acts, what it makes of every end, what an interrupt does.
#include <boost/asio/post.hpp>
#include <fstream>
#include <functional>

#include "core/digest.h"
#include "sweep/dispatch/lock.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using protocol::Outcome;
using sweep::Phase;

namespace {

// The one trial of a sweep of one, after it ran by this script.
sweep::TrialState outcome_of(const Script& script, const Script& second = {{}, {}, false, "no second attempt"}) {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared(
      R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "parameters": {"batch_size": {"values": [8]}}})");
  Controller controller(folder.path(), sweep);
  controller.launcher.scripts = {{{0, 0}, script}, {{0, 1}, second}};
  return *controller.run().study.find(0);
}

// `count` trials; the first ones of two such sweeps are the same.
sweep::Prepared grid_of(int count) {
  std::string values = "1";
  for (int i = 2; i <= count; ++i) values += ", " + std::to_string(i);
  return prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [)" +
                  values + "]}}}");
}

}  // namespace

TEST_CASE("every trial runs once, in index order, and its result is in the store") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.scripts = {{{0, 0}, good("0.5")}, {{1, 0}, good("0.25")}, {{2, 0}, good("0.75")}};
  const Ending ending = controller.run();
  CHECK(ending.finished());
  CHECK(controller.launcher.started == decltype(controller.launcher.started){{0, 0}, {1, 0}, {2, 0}});
  const Study stored = sweep::load_study(controller.store, sweep.record.id);
  CHECK(stored.best()->index == 1);
  CHECK(stored.find(2)->value == 0.75);
  CHECK(stored.find(2)->outcome == Outcome::kCompleted);
}

TEST_CASE("no more trials run at once than there are slots, or than --slots says") {
  const sweep::Prepared sweep = prepared();
  const auto at_once = [&](int flag) {
    const TemporaryFolder folder;
    Controller controller(folder.path(), sweep, 2);
    controller.options.slots = flag;
    controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
    controller.launcher.on_start = [&](std::uint64_t index) {
      if (index == 0) asio::post(controller.context, [&] { controller.loop->interrupt(SIGINT); });
    };
    controller.run();
    return controller.launcher.most_running;
  };
  CHECK(at_once(0) == 2);
  CHECK(at_once(1) == 1);
}

TEST_CASE("what is told as durable is in the store, each event of a sweep") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  struct Compares : sweep::Observer {
    std::function<std::uint64_t()> stored;
    void on_event(const Study& study, const sweep::StudyEvent&) override { ended = study.ended(), ++untold; }
    void on_durable() override {
      CHECK(stored() == ended);
      untold = 0;
    }
    std::uint64_t ended = 0, untold = 0;
  } observer;
  Controller controller(folder.path(), sweep, 2);
  observer.stored = [&] {
    const Store reader(folder.path(), Store::Mode::kReadOnly);
    return sweep::load_study(reader, sweep.record.id).ended();
  };
  SECTION("where all goes well") {}
  SECTION("where one ends as it starts") {
    controller.launcher.scripts[{1, 0}] = {{}, {}, false, "there is no such program"};
  }
  CHECK(controller.run(observer).finished());
  CHECK(observer.ended == 3);
  CHECK(observer.untold == 0);
}

TEST_CASE("an order is recorded before its process starts") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep);
  controller.launcher.on_start = [&](std::uint64_t index) {
    const Study stored = sweep::load_study(controller.store, sweep.record.id);
    CHECK(stored.find(index)->phase == Phase::kRunning);
  };
  controller.run();
  CHECK(controller.launcher.started.size() == 3);
}

TEST_CASE("a trainer gets its document and its environment, and nothing of ours") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 1);
  ::setenv("SWEEP_RUNS", "elsewhere", 1);
  controller.run();
  ::unsetenv("SWEEP_RUNS");
  const auto& environment = controller.launcher.environments.at(1);
  const std::string id = sweep.plan.trial(1).id;
  CHECK(environment.at("SWEEP_TRIAL_ID") == id);
  CHECK(environment.at("SWEEP_RESUME") == "");
  CHECK(environment.at("CUDA_VISIBLE_DEVICES") == "");
  CHECK(environment.at("OMP_NUM_THREADS") == "1");
  CHECK(!environment.contains("SWEEP_RUNS"));
  const auto document =
      protocol::TrialDocument::from_json(core::Json::parse(controller.launcher.documents.at(1)), "it");
  CHECK(document.trial == id);
  CHECK(document.config == core::Json{{"batch_size", 16}});
  CHECK(document.seed == sweep.plan.trial(1).seed);
}

TEST_CASE("how an attempt ended is what its exit and its events say") {
  CHECK(outcome_of({{kStarted, finished(1, "diverged")}, {}}).outcome == Outcome::kDiverged);
  CHECK(outcome_of({{kStarted, metric(1, 1, "\"NaN\""), finished(2)}, {}}).outcome == Outcome::kDiverged);

  const auto silent = outcome_of({{}, {}});
  CHECK(silent.outcome == Outcome::kNoMetric);
  CHECK(silent.detail == "never gave the metric 'val_loss'");

  const auto unfinished = outcome_of({{kStarted, metric(1, 1, "0.5")}, {}});
  CHECK(unfinished.outcome == Outcome::kFailed);
  CHECK(unfinished.detail ==
        "exit code 0, but it never said `finished`: send "
        R"({"event":"finished","seq":N,"outcome":"completed"} last)");

  const auto failed = outcome_of({{kStarted}, {3, 0}});
  CHECK(failed.outcome == Outcome::kFailed);
  CHECK(failed.detail == "exit code 3");
  CHECK(outcome_of({{kStarted}, {12, 0}}).outcome == Outcome::kOutOfMemory);
}

TEST_CASE("a broken line, a gap and a foreign trainer are failures that quote what came") {
  const auto broken = outcome_of({{kStarted, "loss = 0.5"}, {}});
  CHECK(broken.outcome == Outcome::kFailed);
  CHECK(broken.detail.find("the line is: loss = 0.5") != std::string::npos);
  const auto gap = outcome_of({{kStarted, metric(2, 1, "0.5"), finished(3)}, {}});
  CHECK(gap.outcome == Outcome::kFailed);
  CHECK(gap.detail == "trial #0 attempt 0: event line: seq is 2 where 1 comes next, lines were lost");
  const auto foreign = outcome_of({{R"({"event":"started","seq":0,"trainer":"other/1"})"}, {}});
  CHECK(foreign.detail == "trial #0 attempt 0: the trainer calls itself other/1, but the sweep is of noop/1");
  const auto binary = outcome_of({{"\xff\x01{"}, {}});
  CHECK(binary.outcome == Outcome::kFailed);
}

TEST_CASE("a program that cannot be started is a failed trial with the reason") {
  const auto trial = outcome_of({{}, {}, false, "cannot be started: No such file or directory"});
  CHECK(trial.outcome == Outcome::kFailed);
  CHECK(trial.detail == "/bin/trainer: cannot be started: No such file or directory");
}

TEST_CASE("a crash by signal is tried once more") {
  CHECK(outcome_of({{kStarted}, {0, SIGSEGV}}, good("0.5")).outcome == Outcome::kCompleted);
  const auto twice = outcome_of({{kStarted}, {0, SIGSEGV}}, {{kStarted}, {0, SIGSEGV}});
  CHECK(twice.outcome == Outcome::kKilled);
  CHECK(twice.detail == "killed by signal 11 (SIGSEGV)");
}

TEST_CASE("two attempts that disagree where they overlap fail the trial, in the store as well") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  {
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.scripts[{0, 0}] = {{kStarted, metric(1, 1, "0.5")}, {0, SIGSEGV}};
    controller.launcher.scripts[{0, 1}] = {{kStarted, metric(1, 1, "0.25"), finished(2)}, {}};
    controller.run();
  }
  const Store store(folder.path(), Store::Mode::kReadOnly);
  const Study study = sweep::load_study(store, sweep.record.id);
  CHECK(study.find(0)->outcome == Outcome::kFailed);
  CHECK(study.find(0)->detail ==
        "not reproducible: at step 1, which an earlier attempt did as well, val_loss was 0.5 and is now 0.25");
}

TEST_CASE(
    "an interrupt asks what runs to stop and starts nothing more, and the sweep then goes on from the checkpoint") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  const std::string contents = "weights";
  const std::string checkpoint = R"({"event":"checkpoint","seq":2,"step":1,"kind":"last","file":"last-1","sha256":")" +
                                 core::sha256_hex(contents) + "\"}";
  {
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.scripts[{0, 0}] = {{kStarted, metric(1, 1, "0.5"), checkpoint}, {75, 0}, true};
    controller.launcher.on_start = [&](std::uint64_t) {
      asio::post(controller.context, [&] { controller.loop->interrupt(SIGINT); });
    };
    const Ending ending = controller.run();
    CHECK(ending.signal == SIGINT);
    CHECK(!ending.finished());
    CHECK(controller.launcher.graces == std::vector<double>{10.0});
    CHECK(ending.study.find(0)->phase == Phase::kWaiting);
    CHECK(ending.study.find(0)->attempts[0].outcome == Outcome::kCancelled);
  }
  const auto folder_of_trial = folder.path() / "trials" / sweep.plan.trial(0).id;
  std::filesystem::create_directories(folder_of_trial / "checkpoints");
  std::ofstream(folder_of_trial / "checkpoints" / "last-1") << contents;
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.scripts[{0, 1}] = {
      {R"({"event":"started","seq":0,"resumed_from":1})", R"({"event":"finished","seq":1,"outcome":"completed"})"}, {}};
  const Ending ending = controller.run();
  CHECK(ending.finished());
  CHECK(controller.launcher.started[0] == std::pair<std::uint64_t, std::uint32_t>{0, 1});
  CHECK(controller.launcher.environments[0].at("SWEEP_RESUME") ==
        (folder_of_trial / "checkpoints" / "last-1").string());
  CHECK(ending.study.find(0)->outcome == Outcome::kCompleted);
  CHECK(ending.study.find(0)->value == 0.5);
}

TEST_CASE("a second interrupt kills") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 2);
  controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index != 1) return;
    asio::post(controller.context, [&] {
      controller.loop->interrupt(SIGTERM);
      controller.loop->interrupt(SIGTERM);
    });
  };
  const Ending ending = controller.run();
  CHECK(ending.signal == SIGTERM);
  CHECK(controller.launcher.graces == std::vector<double>{10.0, 10.0, 0.0, 0.0});
  CHECK(ending.study.running().empty());
}

TEST_CASE("a checkpoint whose file is not what was recorded is not gone on from") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.scripts[{0, 0}] = {
      {kStarted, R"({"event":"checkpoint","seq":1,"step":1,"kind":"last","file":"last-1","sha256":"00"})"},
      {0, SIGBUS}};
  const Ending ending = controller.run();
  CHECK(controller.launcher.environments[1].at("SWEEP_RESUME") == "");
  CHECK(ending.study.find(0)->attempts[1].reason ==
        "killed, try 2 of 2; goes on from step 1; but the checkpoint is not there as a file, so from the beginning");
}

TEST_CASE("what ran when the controller died is lost: its strays are ended, then it goes on") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    store.add_sweep(sweep.record);
    Study study(sweep.record.metric);
    const auto trial = sweep.plan.trial(0);
    store.append(sweep.record.id, 1,
                 {sweep::TrialPlanned{0, 0, trial.id, trial.config, trial.seed, std::nullopt},
                  sweep::AttemptOrdered{0, 0, "cpu:0", "cpu", "", "next in order"}},
                 study);
  }
  Controller controller(folder.path(), sweep, 1);
  const Ending ending = controller.run();
  CHECK(ending.finished());
  CHECK(ending.study.find(0)->attempts[0].outcome == Outcome::kLost);
  const auto place = folder.path() / "trials" / sweep.plan.trial(0).id / sweep.record.id / "attempt-0";
  CHECK(controller.launcher.strays == std::vector<std::string>{sweep::attempt_marker(place)});
}

TEST_CASE("a finished sweep starts nothing") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller(folder.path(), sweep).run();
  Controller again(folder.path(), sweep);
  CHECK(again.run().finished());
  CHECK(again.launcher.started.empty());
}

TEST_CASE("a trial that another sweep has ended is not run again, unless fresh results are asked for") {
  const TemporaryFolder folder;
  const sweep::Prepared small = prepared();
  Controller(folder.path(), small).run();
  const sweep::Prepared large = prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [8, 16, 32, 64]}}})");
  {
    Controller controller(folder.path(), large);
    const Ending ending = controller.run();
    CHECK(controller.launcher.started == decltype(controller.launcher.started){{3, 0}});
    CHECK(*ending.study.find(0)->reused_from == small.record.id);
    CHECK(ending.study.find(0)->value == 0.5);
    CHECK(ending.finished());
  }
  const sweep::Prepared other_metric = prepared(R"({"method": "grid", "metric": {"name": "nothing", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [8, 16, 32]}}})");
  CHECK(Controller(folder.path(), other_metric).run().study.find(0)->outcome == Outcome::kNoMetric);
  const sweep::Prepared seeded = prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"values": [32, 16]}}})");
  Controller fresh(folder.path(), seeded);
  fresh.options.fresh = true;
  fresh.run();
  CHECK(fresh.launcher.started.size() == 2);
}

TEST_CASE("an interrupt is heard between two results that are reused, and what was reused until then is recorded") {
  const TemporaryFolder folder;
  const sweep::Prepared known = grid_of(40), sweep = grid_of(41);
  Controller(folder.path(), known).run();
  struct Interrupts : sweep::Observer {
    std::function<void()> act;
    void on_event(const Study&, const sweep::StudyEvent& event) override {
      if (std::holds_alternative<sweep::TrialReused>(event) && event_index++ == 2) act();
    }
    int event_index = 0;
  } observer;
  {
    Controller controller(folder.path(), sweep, 1);
    observer.act = [&] { asio::post(controller.context, [&] { controller.loop->interrupt(SIGINT); }); };
    const Ending ending = controller.run(observer);
    CHECK(ending.signal == SIGINT);
    CHECK(ending.study.ended() >= 3);
    CHECK(ending.study.ended() <= 5);
    CHECK(controller.launcher.started.empty());
  }
  Controller controller(folder.path(), sweep, 1);
  CHECK(controller.run().finished());
  CHECK(controller.launcher.started == decltype(controller.launcher.started){{40, 0}});
}

TEST_CASE(
    "of many results that are reused others read the first ones before the last is there, and may write between") {
  const TemporaryFolder folder;
  const sweep::Prepared known = grid_of(600), sweep = grid_of(601);
  Controller(folder.path(), known, 8).run();
  struct Reads : sweep::Observer {
    std::function<void()> act;
    void on_event(const Study&, const sweep::StudyEvent& event) override {
      if (const auto* reused = std::get_if<sweep::TrialReused>(&event); reused && reused->index == 599) act();
    }
  } observer;
  Controller controller(folder.path(), sweep, 1);
  std::size_t seen = 0;
  observer.act = [&] {
    const Store reader(folder.path(), Store::Mode::kReadOnly);
    seen = sweep::load_study(reader, sweep.record.id).ended();
  };
  CHECK(controller.run(observer).finished());
  CHECK(seen >= 300);
  CHECK(seen < 600);
}

TEST_CASE("a result that is reused is judged by the sweep's own metric, whichever sweep ran first") {
  const Script script{
      {kStarted, R"({"event":"metric","seq":1,"step":1,"values":{"val_accuracy":"NaN","val_loss":0.5}})", finished(2)},
      {}};
  const std::vector<std::string> metrics = {"absent", "val_accuracy", "val_loss"};
  std::map<std::string, std::set<std::string>> judged;  // by metric: what it came to under each order of the sweeps
  for (const std::string& first : metrics) {
    const TemporaryFolder folder;
    std::vector<std::string> order = metrics;
    std::iter_swap(order.begin(), std::find(order.begin(), order.end(), first));
    for (const std::string& metric : order) {
      const sweep::Prepared sweep =
          prepared(R"({"method": "grid", "metric": {"name": ")" + metric +
                   R"(", "goal": "minimize"}, "parameters": {"batch_size": {"values": [8]}}})");
      Controller controller(folder.path(), sweep);
      controller.launcher.otherwise = script;
      const Ending ending = controller.run();
      const sweep::TrialState& trial = *ending.study.find(0);
      CHECK(controller.launcher.started.size() == (metric == first ? 1 : 0));
      judged[metric].insert(std::string(protocol::name(*trial.outcome)) + ": " + trial.detail);
    }
  }
  CHECK(judged["absent"] == std::set<std::string>{"no_metric: never gave the metric 'absent'"});
  CHECK(judged["val_accuracy"] ==
        std::set<std::string>{"diverged: the metric 'val_accuracy' is not finite at the end"});
  CHECK(judged["val_loss"] == std::set<std::string>{"completed: "});
}

TEST_CASE("a trial that another process holds is passed over until it is free") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  const std::string trial = sweep.plan.trial(0).id;
  sweep::TrialLocks other(folder.path());
  REQUIRE(other.take(trial));
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index == 2) other.leave(trial);
  };
  controller.run();
  CHECK(controller.launcher.started == decltype(controller.launcher.started){{1, 0}, {2, 0}, {0, 0}});
}

TEST_CASE("one controller a sweep: the second is told who holds it") {
  const TemporaryFolder folder;
  const sweep::SweepLock lock(folder.path(), "abc");
  const std::string expected =
      "sweep abc: is being run by process " + std::to_string(::getpid()) + ", wait for it or stop it";
  CHECK_THROWS_WITH(sweep::SweepLock(folder.path(), "abc"), expected);
  CHECK_NOTHROW(sweep::SweepLock(folder.path(), "abd"));
}

TEST_CASE("a controller whose lock was deleted or replaced stops, for a second one may hold the sweep") {
  for (const bool is_replaced : {false, true}) {
    const TemporaryFolder folder;
    const sweep::SweepLock lock(folder.path(), "abc");
    CHECK_NOTHROW(lock.require_in_place());
    std::filesystem::remove(folder.path() / "locks" / "abc.lock");
    if (is_replaced) folder.write("locks/abc.lock", "");
    CHECK_THROWS_AS(lock.require_in_place(), core::EnvironmentError);
  }
}
