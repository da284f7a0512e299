// What the loop says of slots that are not free, and that it goes on when they are.
#include <boost/asio/post.hpp>
#include <chrono>

#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using sweep::SlotWait;

namespace {

struct Listener : sweep::Observer {
  std::vector<std::vector<SlotWait>> told;
  std::function<void()> on_told;

  void on_wait(const Study&, const std::vector<SlotWait>& waits) override {
    told.push_back(waits);
    if (on_told) on_told();
  }
};

// The grid on so many slots, with a listener; a test says which of them are free.
struct Waiting {
  explicit Waiting(std::size_t slots) : controller(folder.path(), sweep, slots) {
    loop = std::make_unique<sweep::Loop>(
        controller.context.get_executor(), controller.store, controller.launcher, controller.clock, sweep,
        controller.options, sweep::load_study(controller.store, sweep.record.id, sweep::Load::kToGoOn), listener);
    controller.launcher.otherwise.turns = 1;  // a trial that ends where it starts leaves the loop no time to wait
  }

  Study run() {
    std::exception_ptr failure;
    asio::co_spawn(controller.context, loop->run(), [&](std::exception_ptr thrown) {
      failure = thrown;
      controller.context.stop();
    });
    controller.context.run_for(std::chrono::seconds(30));  // a loop that is never told anything waits for ever
    if (failure) std::rethrow_exception(failure);
    return loop->take_ending().study;
  }
  void soon(std::function<void()> what) {
    asio::post(controller.context, [this, what = std::move(what)] {
      what();
      loop->look_again();
    });
  }

  TemporaryFolder folder;
  sweep::Prepared sweep = prepared();
  Controller controller;
  Listener listener;
  std::unique_ptr<sweep::Loop> loop;
};

const SlotWait kStranger = {"GPU-a pid 4711", "GPU 1: python (pid 4711) holds 12.3 GiB"};

}  // namespace

TEST_CASE("why trials wait is told when it changes, and that they do not any more") {
  Waiting waiting(1);
  FakeLauncher& launcher = waiting.controller.launcher;
  launcher.held_elsewhere = {"cpu:0"};
  launcher.waits["cpu:0"] = kStranger;
  SlotWait less = kStranger;
  less.text = "GPU 1: python (pid 4711) holds 1.0 GiB";
  waiting.listener.on_told = [&] {
    CHECK(launcher.started.empty() == (waiting.listener.told.size() < 3));
    if (waiting.listener.told.size() == 1) waiting.soon([&] { launcher.waits["cpu:0"] = less; });
    if (waiting.listener.told.size() == 2) waiting.soon([&] { launcher.held_elsewhere.clear(); });
  };
  const Study study = waiting.run();
  CHECK(study.ended() == 3);
  CHECK(waiting.listener.told == std::vector<std::vector<SlotWait>>{{kStranger}, {less}, {}});
}

TEST_CASE("slots of one GPU wait for the same once, and a look that is under way is not worth telling") {
  Waiting waiting(3);
  FakeLauncher& launcher = waiting.controller.launcher;
  launcher.held_elsewhere = {"cpu:0", "cpu:1", "cpu:2"};
  launcher.waits["cpu:0"] = launcher.waits["cpu:2"] = kStranger;
  waiting.listener.on_told = [&] { waiting.soon([&] { launcher.held_elsewhere.clear(); }); };
  waiting.run();
  REQUIRE(!waiting.listener.told.empty());
  CHECK(waiting.listener.told[0] == std::vector<SlotWait>{kStranger});
}

TEST_CASE("the trials run on the slots that are free while others wait") {
  Waiting waiting(2);
  FakeLauncher& launcher = waiting.controller.launcher;
  launcher.held_elsewhere = {"cpu:0"};
  launcher.waits["cpu:0"] = kStranger;
  CHECK(waiting.run().ended() == 3);
  CHECK(launcher.most_running == 1);
  CHECK(waiting.listener.told.front() == std::vector<SlotWait>{kStranger});
}

TEST_CASE("an interrupt ends a sweep that waits") {
  Waiting waiting(1);
  waiting.controller.launcher.held_elsewhere = {"cpu:0"};
  waiting.controller.launcher.waits["cpu:0"] = kStranger;
  waiting.listener.on_told = [&] {
    if (waiting.listener.told.size() == 1)
      asio::post(waiting.controller.context, [&] { waiting.loop->interrupt(SIGINT); });
  };
  CHECK(waiting.run().ended() == 0);
  CHECK(waiting.controller.launcher.started.empty());
}
