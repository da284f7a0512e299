// Who is given the children of others waits for them, and for nobody's else. In processes of their own: that they take
// orphans cannot be undone for what they have started.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "sweep/launch/local.h"
#include "sweep/launch/orphans.h"
#include "tests/catch.h"
#include "tests/fakes/own_process.h"
#include "tests/temporary_folder.h"

namespace asio = boost::asio;

namespace {

bool has_ended(pid_t child) {
  siginfo_t ended{};
  return ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0;
}

pid_t ends_with(int code) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(code);
  return child;
}

// How many of the processes in the file are there still, if only as what nobody has waited for.
std::size_t still_there(const std::filesystem::path& numbers) {
  std::size_t count = 0;
  std::ifstream in(numbers);
  for (pid_t pid; in >> pid;) count += ::kill(pid, 0) == 0;
  return count;
}

std::string contents(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("children that are nobody's own are waited for, and the exit of one's own stays there to be asked for") {
  CHECK(in_a_process([]() -> std::string {
          const pid_t own = ends_with(3), other = ends_with(4), last = ends_with(5);
          const bool ended = has_ended(own) && has_ended(other) && has_ended(last);
          for (int times = 0; times < 2; ++times) sweep::reap_orphans([&](pid_t pid) { return pid == own; });
          int status = 0;
          const bool kept = ::waitpid(own, &status, 0) == own && WEXITSTATUS(status) == 3;
          sweep::reap_orphans([&](pid_t pid) { return pid == own; });
          const bool none_left = ::waitpid(-1, nullptr, WNOHANG) == -1;
          return std::string(ended ? "" : "not ended ") + (kept ? "kept" : "taken") + (none_left ? "" : ", some left");
        }) == "kept");
}

TEST_CASE("while a trial runs, what it leaves behind and ends is waited for, and its own exit is seen as it was") {
  const TemporaryFolder folder;
  const std::filesystem::path numbers = folder.path() / "numbers";
  const std::string said = in_a_process([&]() -> std::string {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return "cannot take orphans";
    asio::io_context context{1};
    sweep::LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1));
    const std::string marker = "SWEEP_MARKER=orphans" + std::to_string(::getpid());
    const sweep::Order order = {
        {"/bin/sh", "-c", R"(for i in 1 2 3 4 5; do (sleep 0.01 & echo $! >> "$0"); done; mv "$0" "$0.whole"
                            while [ -e "$0.whole" ]; do sleep 0.02; done; exit 7)",
         numbers},
        {marker, "PATH=/usr/bin:/bin"},
        marker,
        "the document",
        folder.path() / "out",
        folder.path() / "err"};
    std::string text;
    const auto watch = [&]() -> asio::awaitable<void> {
      const std::unique_ptr<sweep::Process> process = launcher.start(order);
      const std::filesystem::path whole = numbers.string() + ".whole";
      asio::steady_timer timer(context);
      const auto pause = [&] {
        timer.expires_after(std::chrono::milliseconds(10));
        return timer.async_wait(asio::use_awaitable);
      };
      while (!std::filesystem::exists(whole)) co_await pause();
      for (int i = 0; i < 1000 && still_there(whole) > 0; ++i) co_await pause();
      text = contents(whole).empty() ? "no orphans" : std::to_string(still_there(whole)) + " left";
      std::filesystem::remove(whole);
      while (!(co_await process->lines()).empty()) {
      }
      text += ", exit code " + std::to_string(process->exit().code);
    };
    asio::co_spawn(context, watch(), [&](std::exception_ptr) { context.stop(); });
    context.run();
    return text;
  });
  CHECK(said == "0 left, exit code 7");
}
