// The threads that wait for processes and go on with the loop: with real processes, whose ends come when they are told.
#include "sweep/launch/loop_threads.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "sweep/launch/local.h"
#include "tests/catch.h"

using sweep::Descriptor;
using sweep::LoopThreads;

namespace {

namespace asio = boost::asio;

// Sleeps until it is told to end, or is killed with this object.
class Sleeper {
 public:
  Sleeper() : pid_(::fork()) {
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::pause();
      ::_exit(0);
    }
  }
  ~Sleeper() { reap(); }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;

  Descriptor descriptor() const { return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))); }
  void end() const { ::kill(pid_, SIGKILL); }
  void reap() {
    if (pid_ > 0) end(), ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_;
};

long threads_of_this_process() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

// A thread that was joined may be listed for another moment.
bool has_soon(long threads) {
  for (int look = 0; look < 1000; ++look) {
    if (threads_of_this_process() == threads) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

// The thread sanitizer starts one of its own with the first.
long threads_once_one_was_started() {
  pid_t id = 0;
  std::thread([&id] { id = ::gettid(); }).join();
  while (std::filesystem::exists("/proc/self/task/" + std::to_string(id)))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return threads_of_this_process();
}

}  // namespace

TEST_CASE("The end of a process is handled by the thread that waited for it, and so is what that one started",
          "[launch]") {
  asio::io_context context(1);
  const auto work = asio::make_work_guard(context);
  LoopThreads threads(context, 1);
  Sleeper first, second;
  std::vector<std::thread::id> handled;
  Descriptor one = first.descriptor(), two = second.descriptor();
  const auto on_first = [&] {
    handled.push_back(std::this_thread::get_id());
    // Posted, as all that follows an end is.
    asio::post(context, [&] {
      handled.push_back(std::this_thread::get_id());
      CHECK(threads.await_exit(two, [&] {
        handled.push_back(std::this_thread::get_id());
        context.stop();
      }));
      second.end();
    });
  };
  asio::post(context, [&] {
    CHECK(threads.await_exit(one, on_first));
    CHECK_FALSE(one.is_open());
    first.end();
  });
  threads.run();
  REQUIRE(handled.size() == 3);
  CHECK(handled[0] != std::this_thread::get_id());
  CHECK(std::set(handled.begin(), handled.end()).size() == 1);
}

TEST_CASE("Where no thread is free nobody takes a process", "[launch]") {
  asio::io_context context(1);
  LoopThreads threads(context, 1);
  const Sleeper process;
  Descriptor one = process.descriptor(), other = process.descriptor();
  asio::post(context, [&] {
    CHECK(threads.await_exit(one, [] {}));
    CHECK_FALSE(threads.await_exit(other, [] {}));
    CHECK(other.is_open());
  });
  threads.run();
  asio::io_context empty(1);
  LoopThreads none(empty, 0);
  asio::post(empty, [&] { CHECK_FALSE(none.await_exit(other, [] {})); });
  none.run();
}

TEST_CASE("One thread at a time runs the handlers of a loop", "[launch]") {
  constexpr int kProcesses = 200, kThreads = 4;
  asio::io_context context(1);
  const auto work = asio::make_work_guard(context);
  LoopThreads threads(context, kThreads);
  std::atomic<int> inside{0};
  int ended = 0;  // a thread sanitizer looks at this one
  bool alone = true;
  std::vector<std::unique_ptr<Sleeper>> sleepers;
  std::function<void()> start = [&] {
    if (sleepers.size() == kProcesses) return;
    const Sleeper& made = *sleepers.emplace_back(std::make_unique<Sleeper>());
    Descriptor pidfd = made.descriptor();
    CHECK(threads.await_exit(pidfd, [&] {
      alone = alone && inside++ == 0;
      asio::post(context, [&] {
        alone = alone && inside == 1;
        ++ended;
        start();
        --inside;
        if (ended == kProcesses) context.stop();
      });
    }));
    made.end();
  };
  asio::post(context, [&] {
    for (int i = 0; i < kThreads; ++i) start();
  });
  threads.run();
  CHECK(alone);
  CHECK(ended == kProcesses);
}

TEST_CASE("A handler that comes again and again keeps no end of a process waiting", "[launch]") {
  asio::io_context context(1);
  LoopThreads threads(context, 1);
  const Sleeper process;
  Descriptor pidfd = process.descriptor();
  bool has_ended = false;
  std::function<void()> again = [&] {
    if (!has_ended) asio::post(context, again);
  };
  asio::post(context, [&] {
    CHECK(threads.await_exit(pidfd, [&] { has_ended = true; }));
    process.end();
    again();
  });
  threads.run();
  CHECK(has_ended);
}

TEST_CASE("What a handler throws in a waiting thread is thrown by run, and no thread is left", "[launch]") {
  const long before = threads_once_one_was_started();
  asio::io_context context(1);
  const auto work = asio::make_work_guard(context);
  LoopThreads threads(context, 3);
  CHECK(threads_of_this_process() == before + 3);
  const Sleeper process;
  Descriptor pidfd = process.descriptor();
  bool posts = false;
  SECTION("the first") {}
  SECTION("one that it posted") { posts = true; }
  const auto on_exit = [&] {
    if (!posts) throw std::runtime_error("no more");
    asio::post(context, [] { throw std::runtime_error("no more"); });
  };
  asio::post(context, [&] {
    CHECK(threads.await_exit(pidfd, on_exit));
    process.end();
  });
  CHECK_THROWS_WITH(threads.run(), "no more");
  CHECK(has_soon(before));
}

TEST_CASE("A loop with threads ends where nothing is left to do, and its timers and others' posts are its caller's",
          "[launch]") {
  asio::io_context context(1);
  LoopThreads threads(context, 2);
  asio::steady_timer timer(context, std::chrono::milliseconds(1));
  std::vector<std::thread::id> handled;
  std::thread other;
  timer.async_wait([&](const boost::system::error_code&) {
    handled.push_back(std::this_thread::get_id());
    other = std::thread([&, work = asio::make_work_guard(context)]() mutable {
      asio::post(context, [&, work = std::move(work)] { handled.push_back(std::this_thread::get_id()); });
      threads.nudge();
    });
  });
  threads.run();
  other.join();
  CHECK(handled == std::vector(2, std::this_thread::get_id()));
}

TEST_CASE("Threads are worth having with two slots on two processors", "[launch]") {
  CHECK(sweep::threads_worth_having(2, 2) == 2);
  CHECK(sweep::threads_worth_having(1, 1) == 0);
  CHECK(sweep::threads_worth_having(1, 2) == 0);
  CHECK(sweep::threads_worth_having(2, 8) == 0);
  CHECK(sweep::threads_worth_having(4, 2) == 0);
  CHECK(sweep::threads_worth_having(8, 8) == 0);
}
