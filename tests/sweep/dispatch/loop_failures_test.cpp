// The loop and trials that fail: too many of them, all alike, on one GPU, beside another trial, or too slowly. Nothing
// here is a process, and no clock runs but the test's.
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <tuple>

#include "sweep/dispatch/gpu_health.h"
#include "sweep/dispatch/limits.h"
#include "sweep/dispatch/slot_choice.h"
#include "sweep/rank/rank.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using protocol::Outcome;
using sweep::Phase;
using sweep::Slot;

namespace {

const std::string kValues = R"([8, 16, 32, 64, 128, 256, 512, 1024])";

sweep::Prepared eight(const std::string& resources) {
  return prepared(R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "resources": {)" +
                  resources + R"(}, "parameters": {"batch_size": {"values": )" + kValues + "}}}");
}

// Every attempt of every trial; 1, 3 and 4 fail. Which others end before it follows from `order`.
FakeLauncher::Scripts three_fail(unsigned order) {
  FakeLauncher::Scripts scripts;
  for (std::uint64_t index = 0; index < 8; ++index)
    for (std::uint32_t attempt = 0; attempt < 4; ++attempt) {
      Script script = good("0." + std::to_string(index + 1));
      if (index == 1 || index == 3 || index == 4) script = {{kStarted}, {3, 0}};
      script.turns = static_cast<int>((index * (2 * order + 1) + order * order) % 11);
      scripts[{index, attempt}] = script;
    }
  return scripts;
}

struct Notes : sweep::Observer {
  std::vector<std::string> notes;
  void on_note(const std::string& text) override { notes.push_back(text); }
};

Slot gpu_slot(const std::string& gpu, int number = 0) { return {gpu + "/" + std::to_string(number), "cuda", gpu}; }

}  // namespace

TEST_CASE("a sweep with max_failures gives the same CSV for any number of slots and any order in which trials end") {
  const sweep::Prepared sweep = eight(R"("max_failures": 2)");
  std::set<std::string> tables;
  for (unsigned order = 0; order < 12; ++order) {
    for (const std::size_t slots : {1, 2, 3, 8}) {
      const TemporaryFolder folder;
      Controller controller(folder.path(), sweep, slots);
      controller.launcher.scripts = three_fail(order);
      const Ending ending = controller.run();
      CHECK(ending.finished());
      CHECK(ending.study.ended_at() == 3u);
      tables.insert(csv_of(controller.store, sweep));
    }
  }
  CHECK(tables.size() == 1);
}

TEST_CASE("a sweep with max_failures gives the same CSV wherever its controller died") {
  check_wherever_it_died(eight(R"("max_failures": 2)"), three_fail);
}

TEST_CASE(
    "when the first five trials fail alike the loop starts no other, and passes that over only when it is told to") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight("");
  {
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.otherwise = {{kStarted}, {3, 0}};
    const Ending ending = controller.run();
    CHECK(ending.study.guard().has_value());
    CHECK(!ending.finished());
    CHECK(controller.launcher.started.size() == 5);
  }
  CHECK(Controller(folder.path(), sweep, 1).run().study.guard().has_value());
  Controller controller(folder.path(), sweep, 1);
  controller.options.no_guard = true;
  CHECK(controller.run().finished());
  CHECK(controller.launcher.started.size() == 3);
  const Study stored = sweep::load_study(controller.store, sweep.record.id);
  CHECK(!stored.guard());
  CHECK(stored.finished(8));
}

TEST_CASE("retries are those of the sweep file") {
  const auto attempts = [](const std::string& retries) {
    const TemporaryFolder folder;
    const sweep::Prepared sweep = eight(R"("retries": )" + retries);
    Controller controller(folder.path(), sweep, 1);
    controller.options.no_guard = true;
    controller.launcher.otherwise = {{kStarted}, {0, SIGSEGV}};
    const Ending ending = controller.run();
    CHECK(ending.study.find(0)->outcome == Outcome::kKilled);
    CHECK(sweep::load_study(controller.store, sweep.record.id).find(7)->outcome == Outcome::kKilled);
    return controller.launcher.started.size();
  };
  CHECK(attempts("0") == 8);
  CHECK(attempts("3") == 32);
}

TEST_CASE("a trial over timeout_s is asked to end, and one that is silent is tried again, with the grace of the file") {
  const auto trial = [](const std::string& resources, double passes) {
    const TemporaryFolder folder;
    const sweep::Prepared sweep = eight(resources + R"(, "grace_s": 3.5)");
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.scripts[{0, 0}] = {{}, {75, 0}, true};  // it says nothing and ends when it is asked to
    controller.launcher.on_start = [&](std::uint64_t) { controller.clock.now_s += passes; };
    const Ending ending = controller.run();
    CHECK(controller.launcher.graces == std::vector<double>{3.5});
    return *ending.study.find(0);
  };
  const auto slow = trial(R"("timeout_s": 60)", 61);
  CHECK(slow.outcome == Outcome::kTimedOut);
  CHECK(slow.detail == "ran for 60 s (timeout_s)");
  CHECK(slow.attempts.size() == 1);
  const auto silent = trial(R"("stall_timeout_s": 0.5)", 0.75);
  CHECK(silent.outcome == Outcome::kCompleted);
  REQUIRE(silent.attempts.size() == 2);
  CHECK(silent.attempts[0].outcome == Outcome::kStalled);
  CHECK(silent.attempts[0].detail == "gave no sign of life for 0.5 s (stall_timeout_s)");
  CHECK(silent.attempts[1].reason == "stalled, try 2 of 2; starts from the beginning, there is no checkpoint");
}

TEST_CASE("a controller that stood still itself reads what came meanwhile before it calls a trial silent") {
  for (const bool is_heard : {true, false}) {
    boost::asio::io_context context;
    FakeClock clock;
    bool is_reached = false;
    sweep::LimitsWatch watch(
        context.get_executor(), clock, sweep::AttemptLimits({std::nullopt, 0.25}, clock.now_s), [] { return false; },
        [&](const sweep::LimitReached&) { is_reached = true; });
    clock.now_s += 5;
    boost::asio::steady_timer reads(context, std::chrono::milliseconds(270));
    reads.async_wait([&](const boost::system::error_code&) {
      if (is_heard) watch.heard();
    });
    context.run_for(std::chrono::milliseconds(500));
    CHECK(is_reached == !is_heard);
  }
}

TEST_CASE("the limit that is reached first counts, and a sign of life moves only that of silence") {
  const sweep::LimitTimes both{10.0, 3.0};
  sweep::AttemptLimits limits(both, 100);
  CHECK(!limits.reached(102.5));
  CHECK(limits.due_s() == 103.0);
  CHECK(limits.reached(103)->outcome == Outcome::kStalled);
  limits.heard(102);
  CHECK(limits.due_s() == 105.0);
  CHECK(!limits.reached(104));
  limits.heard(109);
  CHECK(limits.due_s() == 110.0);
  CHECK(limits.reached(200)->outcome == Outcome::kTimedOut);  // at 110, before 112
  CHECK(!sweep::AttemptLimits({}, 0).due_s());
  CHECK(!sweep::AttemptLimits({}, 0).reached(1e9));
}

TEST_CASE(
    "trials that fail on one GPU and not on the other run again on the other, and the end is that of a good GPU") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight(R"("max_failures": 3)");
  Controller controller(folder.path(), sweep, {gpu_slot("GPU-bad"), gpu_slot("GPU-good")});
  controller.launcher.script_for = [](const std::map<std::string, std::string>& environment) {
    const bool bad = environment.at("CUDA_VISIBLE_DEVICES") == "GPU-bad";
    Script script = bad ? Script{{kStarted}, {3, 0}} : good("0.5");
    script.turns = bad ? 2 : 40;  // the bad one is the faster
    return std::optional(script);
  };
  Notes observer;
  controller.loop = std::make_unique<sweep::Loop>(
      controller.context.get_executor(), controller.store, controller.launcher, controller.clock, sweep,
      controller.options, sweep::load_study(controller.store, sweep.record.id, sweep::Load::kToGoOn), observer);
  std::exception_ptr failure;
  asio::co_spawn(controller.context, controller.loop->run(), [&](std::exception_ptr thrown) {
    failure = thrown;
    controller.context.stop();
  });
  controller.context.run();
  if (failure) std::rethrow_exception(failure);
  const Ending ending = controller.loop->take_ending();
  CHECK(ending.finished());
  CHECK(!ending.study.bound());
  std::size_t on_bad = 0, moved = 0;
  const Study whole = sweep::load_study(controller.store, sweep.record.id);
  for (const sweep::TrialState& trial : whole.trials()) {
    INFO(trial.index << " " << trial.detail << (trial.attempts.empty() ? "" : " on " + trial.attempts.back().slot));
    CHECK(trial.outcome == Outcome::kCompleted);
    moved += !trial.reopened->empty();
    for (const sweep::AttemptState& attempt : trial.attempts) on_bad += attempt.slot == "GPU-bad/0";
  }
  CHECK(moved >= 3);
  CHECK(on_bad == moved);
  REQUIRE(observer.notes.size() == 1);
  CHECK(observer.notes[0] ==
        "the GPU GPU-bad is in quarantine: 3 trials in a row ended alike on it, and others well elsewhere (the last: "
        "exit code 3); they run again on other GPUs");
  CHECK(whole.finished(8));
}

TEST_CASE("a GPU is in quarantine for failures that are alike, of different trials, in a row, and not everywhere") {
  using Ended = std::tuple<std::string, std::uint64_t, Outcome, std::string>;
  const auto judged = [](const std::vector<Ended>& all) {
    sweep::GpuHealth health;
    std::vector<std::string> found;
    for (const auto& [gpu, trial, outcome, detail] : all) {
      health.ended(gpu, trial, outcome, detail);
      if (const auto one = health.find()) found.push_back(one->gpu + ":" + std::to_string(one->trials.size()));
    }
    return found;
  };
  const Outcome bad = Outcome::kFailed, good_end = Outcome::kCompleted;
  using Found = std::vector<std::string>;
  CHECK(judged({{"a", 0, bad, "x"}, {"b", 1, good_end, ""}, {"a", 2, bad, "x"}, {"a", 3, bad, "x"}}) == Found{"a:3"});
  CHECK(judged({{"a", 0, bad, "x 1"}, {"a", 2, bad, "x 2"}, {"a", 3, bad, "x"}, {"a", 4, bad, "x"}}) == Found{});
  CHECK(judged(
            {{"a", 0, bad, "x"}, {"a", 2, bad, "x"}, {"a", 3, bad, "x"}, {"a", 4, bad, "x"}, {"b", 1, good_end, ""}}) ==
        Found{"a:4"});
  CHECK(judged({{"b", 1, good_end, ""}, {"a", 0, bad, "x"}, {"a", 2, bad, "x"}, {"a", 3, bad, "x"}}) == Found{});
  CHECK(judged({{"a", 0, bad, "x"}, {"b", 1, good_end, ""}, {"a", 0, bad, "x"}, {"a", 0, bad, "x"}}) == Found{});
  CHECK(judged({{"a", 0, bad, "x"}, {"a", 2, bad, "y"}, {"a", 3, bad, "x"}, {"b", 1, good_end, ""}}) == Found{});
  CHECK(judged({{"a", 0, bad, "x"},
                {"a", 2, bad, "x"},
                {"a", 5, good_end, ""},
                {"a", 3, bad, "x"},
                {"b", 1, good_end, ""}}) == Found{});
  CHECK(judged({{"a", 0, Outcome::kNoMetric, "x"},
                {"a", 2, Outcome::kNoMetric, "x"},
                {"a", 3, Outcome::kNoMetric, "x"},
                {"b", 1, good_end, ""}}) == Found{});
  // Where all but one are in quarantine, that one has nobody to be compared with.
  CHECK(judged({{"a", 0, bad, "x"},
                {"a", 1, bad, "x"},
                {"b", 9, good_end, ""},
                {"a", 2, bad, "x"},
                {"b", 3, bad, "x"},
                {"b", 4, bad, "x"},
                {"b", 5, bad, "x"},
                {"b", 6, bad, "x"}}) == Found{"a:3"});
}

TEST_CASE("who ran out of memory beside another trial runs once more with its GPU to itself") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight("");
  Controller controller(folder.path(), sweep, {gpu_slot("GPU-a", 0), gpu_slot("GPU-a", 1)});
  Script late = good("0.5");
  late.turns = 20;
  controller.launcher.otherwise = late;
  controller.launcher.scripts[{1, 0}] = {{kStarted}, {12, 0}, false, "", {}, 5};
  std::vector<std::size_t> beside;
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index == 1) beside.push_back(controller.launcher.running);
    if (beside.size() == 2 && index != 1) CHECK(controller.launcher.running <= 2);
  };
  const Ending ending = controller.run();
  CHECK(ending.finished());
  CHECK(ending.study.find(1)->outcome == Outcome::kCompleted);
  CHECK(ending.study.find(1)->attempts.size() == 2);
  CHECK(beside == std::vector<std::size_t>{2, 1});
  CHECK(controller.launcher.most_running == 2);
  CHECK(!ending.study.find(1)->attempts[1].shared_gpu);
}

TEST_CASE("who needs a GPU whole asks for all of its slots before it gives one back, for one look answers for all") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight("");
  Controller controller(folder.path(), sweep, {gpu_slot("GPU-a", 0), gpu_slot("GPU-a", 1)});
  controller.launcher.scripts[{1, 0}] = {{kStarted}, {12, 0}, false, "", {}, 5};
  std::set<std::string> asked, seen;  // a look answers for those that asked; who does not use the answer asks again
  bool is_alone = false;
  controller.launcher.on_acquire = [&](const Slot& slot) {
    if (!is_alone || seen.contains(slot.name)) return true;
    if (asked.empty()) boost::asio::post(controller.context, [&] { seen = std::exchange(asked, {}); });
    asked.insert(slot.name);
    return false;
  };
  controller.launcher.on_release = [&](const Slot& slot) {
    seen.erase(slot.name);
    const auto running = controller.launcher.running;
    is_alone = is_alone || (controller.launcher.started.size() >= 2 && running == 0);
  };
  boost::asio::steady_timer limit(controller.context, std::chrono::seconds(10));
  limit.async_wait([&](const boost::system::error_code& error) {
    if (!error) controller.loop->halt({sweep::Halt::kKill, SIGTERM, "the test"});
  });
  const Ending ending = controller.run();
  CHECK(is_alone);
  CHECK(ending.finished());
}

TEST_CASE("who ran out of memory alone is not tried again") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight("");
  Controller controller(folder.path(), sweep, {gpu_slot("GPU-a"), gpu_slot("GPU-b")});
  controller.launcher.scripts[{1, 0}] = {{kStarted}, {12, 0}};
  const Ending ending = controller.run();
  CHECK(ending.study.find(1)->outcome == Outcome::kOutOfMemory);
  CHECK(ending.study.find(1)->attempts.size() == 1);
}

TEST_CASE("a GPU is emptied for the trial that needs it whole, and the others stay open") {
  const std::vector<Slot> slots = {gpu_slot("a", 0), gpu_slot("b", 0), gpu_slot("a", 1), gpu_slot("b", 1)};
  const sweep::SlotChoice sharing(slots, {{slots[0]}}, {}, false);
  CHECK(sharing.open() == std::vector<Slot>{slots[1], slots[2], slots[3]});
  CHECK(sharing.whole_gpu().empty());
  const sweep::SlotChoice waits(slots, {{slots[0]}, {slots[1]}, {slots[3]}}, {}, true);
  CHECK(waits.open().empty());  // a is to become free: it has the fewest
  CHECK(waits.whole_gpu().empty());
  const sweep::SlotChoice free(slots, {{slots[0]}}, {}, true);
  CHECK(free.whole_gpu() == std::vector<Slot>{slots[1], slots[3]});
  CHECK(free.open() == std::vector<Slot>{slots[2]});
  const sweep::SlotChoice alone(slots, {{slots[1], true}}, {}, false);
  CHECK(alone.open() == std::vector<Slot>{slots[0], slots[2]});
  const sweep::SlotChoice closed(slots, {}, {"b/1"}, true);
  CHECK(closed.whole_gpu() == std::vector<Slot>{slots[0], slots[2]});
  const sweep::SlotChoice cpu(sweep::cpu_slots(1, 2), {}, {}, true);
  CHECK(cpu.whole_gpu().empty());
  CHECK(cpu.open().size() == 2);
}

TEST_CASE("where the machine fails one attempt no other is started, and only what runs is asked to stop") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = eight("");
  Controller controller(folder.path(), sweep, 3);
  controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
  controller.launcher.scripts[{1, 0}].silent_problem = "cannot be waited for";
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index == 2) controller.loop->halt({sweep::Halt::kStop, SIGTERM, {}});
  };
  CHECK_THROWS_WITH(controller.run(), "pipe: cannot be waited for");
  CHECK(controller.launcher.started.size() == 2);
  CHECK(controller.launcher.graces == std::vector<double>{10.0});
}

TEST_CASE("an attempt that the machine did not let begin, or let nothing be heard of, is recorded with that reason") {
  for (const bool began : {false, true}) {
    CAPTURE(began);
    const TemporaryFolder folder;
    const sweep::Prepared sweep = eight("");
    {
      Controller controller(folder.path(), sweep, 1);
      Script& script = controller.launcher.scripts[{1, 0}];
      (began ? script.silent_problem : script.no_room) = "Too many open files";
      CHECK_THROWS_WITH(controller.run(), "pipe: Too many open files");
    }
    Controller controller(folder.path(), sweep, 1);
    const Study recorded = sweep::load_study(controller.store, sweep.record.id);
    REQUIRE(recorded.find(1)->attempts.size() == 1);
    CHECK(recorded.find(1)->phase == Phase::kWaiting);
    CHECK(recorded.find(1)->attempts[0].outcome == Outcome::kCancelled);
    CHECK(recorded.find(1)->attempts[0].detail == "pipe: Too many open files");
    const Ending ending = controller.run();
    CHECK(ending.finished());
    CHECK(ending.study.find(1)->attempts[1].reason ==
          "was interrupted; starts from the beginning, there is no checkpoint");
  }
}
