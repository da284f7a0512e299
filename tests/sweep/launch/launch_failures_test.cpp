// Starting where the machine refuses something: a descriptor, a system call, a folder. What was begun is ended.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/error.h"
#include "sweep/launch/local.h"
#include "sweep/launch/start.h"
#include "sweep/launch/strays.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/fakes/own_process.h"
#include "tests/fakes/refused_call.h"
#include "tests/temporary_folder.h"

namespace asio = boost::asio;
using sweep::LocalLauncher;

namespace {

sweep::Order order_of(const std::filesystem::path& folder, std::vector<std::string> argv) {
  const std::string marker = "SWEEP_MARKER=failures" + std::to_string(::getpid());
  return {std::move(argv), {marker, "PATH=/usr/bin:/bin"}, marker, "the document", folder / "out", folder / "err"};
}

std::string error_of(const std::function<void()>& does) {
  try {
    does();
  } catch (const core::EnvironmentError& error) {
    return error.what();
  }
  return "no error";
}

// Of this process: whether one that ended waits for it, and whether one of the order lives.
std::string what_is_left(const sweep::Order& order) {
  siginfo_t ended{};
  ::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT);
  return std::string(ended.si_pid == 0 ? "" : ", a zombie") +
         (sweep::find_carriers({order.marker}).empty() ? "" : ", a process");
}

}  // namespace

TEST_CASE("a child whose exit or whose lines cannot be waited for is an error, and nothing of it is left") {
  const TemporaryFolder folder;
  const auto start_without = [&](long call, int error) {
    return in_a_process([&]() -> std::string {
      asio::io_context context(1);
      LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1));
      const sweep::Order order = order_of(folder.path(), {child("hang")});
      if (!refuse_call(call, error)) return kNoFilters;
      const std::string problem = error_of([&] { launcher.start(order); });
      return problem + what_is_left(order);
    });
  };
  const std::string what = child("hang") + ": cannot be watched: ";
  CHECK(start_without(SYS_pidfd_open, EMFILE) == what + "Too many open files");
  CHECK(start_without(SYS_epoll_ctl, ENOSPC) == what + "No space left on device");

  const std::string said = in_a_process([&]() -> std::string {
    asio::io_context context(1);
    LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1));
    const sweep::Order order = order_of(folder.path(), {child("hang")});
    std::unique_ptr<sweep::Process> process = launcher.start(order);
    if (!refuse_call(SYS_epoll_ctl, ENOSPC)) return kNoFilters;
    std::exception_ptr failure;
    const auto listen = [&]() -> asio::awaitable<void> {
      while (true) co_await process->lines();  // the first may be there without having been waited for
    };
    asio::co_spawn(context, listen, [&](std::exception_ptr thrown) {
      failure = thrown;
      context.stop();
    });
    context.run();
    const std::string problem = error_of([&] {
      if (failure) std::rethrow_exception(failure);
    });
    process.reset();
    return problem + what_is_left(order);
  });
  CHECK(said == "pipe: cannot be waited for: No space left on device");
}

TEST_CASE("the warden ends with its launcher also where the kernel cannot close all descriptors at once") {
  const std::string said = in_a_process([]() -> std::string {
    if (!refuse_call(SYS_close_range, ENOSYS)) return kNoFilters;
    asio::io_context context(1);
    { const LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1)); }
    return "ended";
  });
  CHECK(said == "ended");
}

TEST_CASE("a start without a free descriptor says so") {
  // The undefined-behaviour sanitizer needs a descriptor for its first look at an object of a type, and only then.
  error_of([] { throw core::EnvironmentError("any", "error"); });
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = ::dup(0);
  const rlimit full{static_cast<rlim_t>(next), before.rlim_max};
  ::close(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &full) == 0);
  const std::string problem = error_of([] {
    const sweep::Child begun({{child("hang")}, {}}, sweep::Begin::kWhenTold);
  });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK(problem == child("hang") + ": cannot be started: Too many open files");
}

TEST_CASE("a working folder that leads to itself is a program's fault like one that is not there") {
  const TemporaryFolder folder;
  asio::io_context context(1);
  LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1));
  sweep::Order order = order_of(folder.path(), {child("hang")});
  order.folder = folder.path() / "circle";
  std::filesystem::create_symlink("circle", order.folder);
  CHECK_THROWS_AS(launcher.start(order), sweep::CannotStart);
}

TEST_CASE("a marker is found behind two megabytes of environment") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_STACK, &before) == 0);
  const rlimit large{before.rlim_max == RLIM_INFINITY ? rlim_t{64 << 20} : before.rlim_max, before.rlim_max};
  if (large.rlim_cur < (16 << 20)) skip("the stack may not be large enough for that");
  const std::string marker = "SWEEP_MARKER=behind" + std::to_string(::getpid());
  const sweep::Pipe says = sweep::make_pipe();
  sweep::StartRequest request{{"/bin/sh", "-c", "echo; kill -STOP $$"}, {}, says.write_end.get()};
  for (int i = 0; i < 20; ++i)
    request.environment.push_back("LARGE_" + std::to_string(i) + "=" + std::string(100'000, 'x'));
  request.environment.push_back(marker);
  REQUIRE(::setrlimit(RLIMIT_STACK, &large) == 0);
  sweep::Child large_one(request, sweep::Begin::kWhenTold);
  large_one.go();
  char newline = 0;
  const ssize_t got = ::read(says.read_end.get(), &newline, 1);  // from here on it has its environment
  const std::vector<pid_t> found = sweep::find_carriers({marker});
  ::kill(large_one.pid(), SIGKILL);
  ::waitpid(large_one.pid(), nullptr, 0);
  REQUIRE(::setrlimit(RLIMIT_STACK, &before) == 0);
  CHECK(got == 1);
  CHECK(found == std::vector<pid_t>{large_one.pid()});
}

TEST_CASE("strays that were killed have ended when the search for them ends, however much memory they had") {
  const std::string marker = "SWEEP_MARKER=large" + std::to_string(::getpid());
  const sweep::Pipe says = sweep::make_pipe();
  sweep::Child large({{child("hog"), "full"}, {marker}, says.write_end.get()}, sweep::Begin::kWhenTold);
  large.go();
  char newline = 0;
  REQUIRE(::read(says.read_end.get(), &newline, 1) == 1);  // it has all its memory
  sweep::end_carriers({marker}, 30);
  siginfo_t ended{};
  const int asked = ::waitid(P_PID, static_cast<id_t>(large.pid()), &ended, WEXITED | WNOHANG | WNOWAIT);
  ::waitpid(large.pid(), nullptr, 0);
  CHECK(asked == 0);
  CHECK(ended.si_pid == large.pid());
}

TEST_CASE("what attempts left is looked for from the smallest of their numbers on") {
  sweep::GroupLeaders leaders;
  leaders.add(4711, std::chrono::milliseconds(20));
  leaders.add(4705, std::chrono::milliseconds(20));
  CHECK(leaders.range(4800) == std::pair<pid_t, pid_t>(4705, 4800));
}

TEST_CASE("what attempts left is looked for among all processes where numbers may have been given anew") {
  const auto range = [](std::vector<pid_t> numbers, pid_t newest, std::chrono::duration<double> ran) {
    sweep::GroupLeaders leaders;
    for (const pid_t number : numbers) leaders.add(number, ran);
    return leaders.range(newest);
  };
  const auto a_moment = std::chrono::milliseconds(20);
  CHECK(range({}, 4800, a_moment) == std::nullopt);
  CHECK(range({4711}, 4800, std::chrono::minutes(10)) == std::nullopt);
  CHECK(range({32700}, 200, a_moment) == std::nullopt);
  CHECK(range({32700, 150}, 200, a_moment) == std::nullopt);  // the first has left something at 32701
}

TEST_CASE("a child begins with no signal ignored and none blocked, whatever its starter does with them") {
  const auto before = ::signal(SIGUSR2, SIG_IGN);
  sigset_t blocked, mask_before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &mask_before);
  sweep::Pipe out = sweep::make_pipe();
  const char script[] = "while read -r name value; do case $name in Sig[BI]*) echo $name $value; esac; done";
  sweep::Child child({{"/bin/sh", "-c", std::string(script) + " < /proc/$$/status"}, {}, out.write_end.get()},
                     sweep::Begin::kAtOnce);
  out.write_end.reset();
  std::string said;
  char block[256];
  for (ssize_t got; (got = ::read(out.read_end.get(), block, sizeof block)) > 0;)
    said.append(block, static_cast<std::size_t>(got));
  int status = 0;
  const bool reaped = ::waitpid(child.pid(), &status, 0) == child.pid();
  ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
  ::signal(SIGUSR2, before);
  CHECK(reaped);
  CHECK(said == "SigBlk: 0000000000000000\nSigIgn: 0000000000000000\n");
}

TEST_CASE("a signal that meets a child before it begins ends it, and no handler of the starter runs in it") {
  static volatile int handled = 0;
  const auto before = ::signal(SIGTERM, [](int) { handled = 1; });
  sweep::Child met({{"/bin/true"}, {}}, sweep::Begin::kWhenTold);
  ::kill(met.pid(), SIGTERM);
  met.go();
  int status = 0;
  const bool reaped = ::waitpid(met.pid(), &status, 0) == met.pid();
  ::signal(SIGTERM, before);
  CHECK(reaped);
  CHECK(handled == 0);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}
