// How a running sweep is asked to end: what the loop makes of it, and that only the holder of a lock is ever signalled.
#include "sweep/dispatch/halt.h"

#include <sys/wait.h>

#include <boost/asio/post.hpp>
#include <fstream>

#include "protocol/files.h"
#include "sweep/dispatch/controller.h"
#include "sweep/dispatch/lock.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using protocol::Outcome;
using sweep::Halt;
using sweep::Holder;

namespace {

using Started = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

// What an observer is told.
struct Told : sweep::Observer {
  std::vector<std::pair<Halt, std::string>> halts;
  void on_halt(const Study&, Halt halt, const std::string& who) override { halts.emplace_back(halt, who); }
};

// One controller on a grid of three with one slot; when trial `index` has started it is sent these requests.
struct Asked {
  TemporaryFolder folder;
  sweep::Prepared sweep = prepared();
  Controller controller{folder.path(), sweep, 1};

  Ending run(const std::vector<sweep::HaltRequest>& requests, std::uint64_t index = 0) {
    controller.launcher.otherwise.turns = 3;  // the requests come while it runs
    controller.launcher.on_start = [this, requests, index](std::uint64_t started) {
      if (started != index) return;
      asio::post(controller.context, [this, requests] {
        for (const sweep::HaltRequest& request : requests) controller.loop->halt(request);
      });
    };
    return controller.run();
  }
};

std::filesystem::path lock_file(const TemporaryFolder& folder) {
  return folder.path() / protocol::kLocksFolder / "abc.lock";
}

void rewrite(const std::filesystem::path& file, const Holder& holder) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << holder.text();
}

}  // namespace

TEST_CASE("a hang-up that was ignored when the controller began is not heard, any other is") {
  for (const bool is_ignored : {true, false}) {
    const auto before = ::signal(SIGHUP, is_ignored ? SIG_IGN : SIG_DFL);
    {
      sweep::HaltSignals signals;
      ::raise(SIGHUP);
      CHECK(signals.read().size() == (is_ignored ? 0 : 1));
    }
    ::signal(SIGHUP, before);
  }
}

TEST_CASE("a drained sweep starts nothing more, what runs goes on to its end, and the rest is left for later") {
  Asked asked;
  const Ending ending = asked.run({{Halt::kDrain, SIGUSR1, "somebody"}}, 1);
  CHECK(asked.controller.launcher.started == Started{{0, 0}, {1, 0}});
  CHECK(asked.controller.launcher.graces.empty());
  CHECK(ending.study.ended() == 2);
  CHECK(ending.study.find(1)->outcome == Outcome::kCompleted);
  CHECK(ending.study.find(2)->phase == sweep::Phase::kWaiting);
  CHECK(ending.signal == SIGUSR1);
  CHECK(!ending.finished());
}

TEST_CASE("a drain can be followed by a stop and that by a kill, each says who asked, and none is taken back") {
  Asked asked;
  asked.controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
  Told told;
  asked.controller.loop = nullptr;
  sweep::Loop loop(asked.controller.context.get_executor(), asked.controller.store, asked.controller.launcher,
                   asked.controller.clock, asked.sweep, asked.controller.options,
                   sweep::load_study(asked.controller.store, asked.sweep.record.id, sweep::Load::kToGoOn), told);
  asked.controller.launcher.on_start = [&](std::uint64_t) {
    asio::post(asked.controller.context, [&] {
      loop.halt({Halt::kDrain, SIGUSR1, "a"});
      CHECK(asked.controller.launcher.graces.empty());
      loop.halt({Halt::kStop, SIGTERM, "b"});
      CHECK(asked.controller.launcher.graces == std::vector<double>{10.0});
      loop.halt({Halt::kDrain, SIGUSR1, "c"});
      loop.halt({Halt::kStop, SIGTERM, "d"});
      loop.halt({Halt::kKill, SIGTERM, "e"});
    });
  };
  asio::co_spawn(asked.controller.context, loop.run(), [&](std::exception_ptr) { asked.controller.context.stop(); });
  asked.controller.context.run();
  CHECK(asked.controller.launcher.graces == std::vector<double>{10.0, 0.0});
  CHECK(told.halts == decltype(told.halts){{Halt::kDrain, "a"}, {Halt::kStop, "b"}, {Halt::kKill, "e"}});
  CHECK(loop.take_ending().signal == SIGTERM);
}

TEST_CASE("a signal that says nothing else stops, also after a drain, and kills the second time") {
  const auto graces = [](const std::vector<sweep::HaltRequest>& requests) {
    Asked asked;
    asked.controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
    asked.run(requests);
    return asked.controller.launcher.graces;
  };
  const sweep::HaltRequest drain{Halt::kDrain, SIGUSR1, {}}, plain{std::nullopt, SIGINT, {}};
  CHECK(graces({drain, plain}) == std::vector<double>{10.0});
  CHECK(graces({drain, plain, plain}) == std::vector<double>{10.0, 0.0});
}

TEST_CASE("a holder comes back from its text, a bare number is one of which only that is known, other texts are none") {
  const Holder here = sweep::this_process();
  CHECK(here.pid == ::getpid());
  CHECK(here.start > 0);
  CHECK(Holder::from_text(here.text()) == here);
  CHECK(here.is_reachable());
  CHECK(here.words() == "process " + std::to_string(::getpid()));
  const auto old = Holder::from_text("123");
  REQUIRE(old.has_value());
  CHECK(old->pid == 123);
  CHECK(!old->is_reachable());
  CHECK(old->words() == "process 123");
  for (const char* text : {"", "{", "-1", "{\"pid\":1}", "[]", "words"}) CHECK(!Holder::from_text(text));
}

TEST_CASE("the controller of a sweep is who holds its lock, and nobody where it is free") {
  const TemporaryFolder folder;
  CHECK(!sweep::Controller::of_sweep(folder.path(), "abc"));
  {
    const sweep::SweepLock lock(folder.path(), "abc");
    const auto found = sweep::Controller::of_sweep(folder.path(), "abc");
    REQUIRE(found.has_value());
    CHECK(found->holder() == sweep::this_process());
    CHECK(!found->ended_within(std::chrono::milliseconds(0)));
    CHECK(sweep::Controller::running_sweeps(folder.path()) == std::vector<std::string>{"abc"});
  }
  CHECK(std::filesystem::exists(lock_file(folder)));
  CHECK(!sweep::Controller::of_sweep(folder.path(), "abc"));
  CHECK(sweep::Controller::running_sweeps(folder.path()).empty());
}

TEST_CASE("what asks arrives with what it asks for, and a plain signal asks for nothing in particular") {
  const TemporaryFolder folder;
  sweep::HaltSignals signals;
  const sweep::SweepLock lock(folder.path(), "abc");
  const auto controller = sweep::Controller::of_sweep(folder.path(), "abc");
  REQUIRE(controller.has_value());
  const std::string process = "process " + std::to_string(::getpid());
  for (const Halt halt : {Halt::kDrain, Halt::kStop, Halt::kKill}) {
    REQUIRE(controller->ask(halt));
    const auto requests = signals.read();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].halt == halt);
    CHECK(requests[0].signal == (halt == Halt::kDrain ? SIGUSR1 : SIGTERM));
    CHECK(requests[0].who.starts_with((halt == Halt::kDrain ? "`sweep stop`, " : "`sweep cancel`, ") + process));
  }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    ::kill(::getpid(), signal);
    const auto requests = signals.read();
    REQUIRE(requests.size() == 1);
    CHECK(!requests[0].halt);
    CHECK(requests[0].signal == signal);
    CHECK(requests[0].who.starts_with(process));
  }
  ::kill(::getpid(), SIGUSR1);
  CHECK(signals.read().at(0).halt == Halt::kDrain);
  CHECK(signals.read().empty());
}

TEST_CASE("a request to stop that comes after the end ends nobody") {
  { const sweep::HaltSignals signals; }
  ::kill(::getpid(), SIGUSR1);
  SUCCEED("and here we are");
}

TEST_CASE("a process that was given the number of a dead controller is not signalled") {
  const TemporaryFolder folder;
  sweep::HaltSignals signals;  // what would arrive is read here
  const sweep::SweepLock lock(folder.path(), "abc");
  Holder before_us = sweep::this_process();
  before_us.start -= 1;
  rewrite(lock_file(folder), before_us);
  CHECK(!sweep::Controller::of_sweep(folder.path(), "abc"));
  CHECK(signals.read().empty());
}

TEST_CASE("a controller on another machine, in another container or of an old lock is named and not signalled") {
  const TemporaryFolder folder;
  sweep::HaltSignals signals;
  const sweep::SweepLock lock(folder.path(), "abc");
  const std::string process = "process " + std::to_string(::getpid());
  const auto refused = [&](const Holder& holder) {
    rewrite(lock_file(folder), holder);
    const auto found = sweep::Controller::of_sweep(folder.path(), "abc");
    REQUIRE(found.has_value());
    std::string message;
    try {
      found->ask(Halt::kStop);
    } catch (const core::EnvironmentError& error) {
      message = error.what();
    }
    CHECK(signals.read().empty());
    return message;
  };
  Holder other = sweep::this_process();
  other.boot = "another";
  other.host = "far";
  CHECK(refused(other) == "sweep abc: is run by " + process + " on host far, ask there");
  other = sweep::this_process();
  other.pid_space = "pid:[1]";
  CHECK(refused(other) == "sweep abc: is run by " + process + " in another container, ask there");
  std::ofstream(lock_file(folder), std::ios::trunc) << ::getpid();
  CHECK_THROWS_WITH(sweep::Controller::of_sweep(folder.path(), "abc")->ask(Halt::kDrain),
                    "sweep abc: is run by " + process + ", which wrote no start time: end it with kill(1)");
}
