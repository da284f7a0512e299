// Workers that are real processes and do what no worker should: what one trial's worker does after that trial, or in
// it, is no other trial's trouble.
#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>

#include "sweep/launch/local.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/temporary_folder.h"

namespace asio = boost::asio;

namespace {

struct Said {
  std::vector<std::string> lines;
  sweep::Exit exit;
  sweep::Output output;

  pid_t pid() const { return lines.empty() ? -1 : std::stoi(lines.front()); }
  bool went_well() const { return lines.size() == 1 && exit.code == 0 && exit.signal == 0; }
};

struct Workshop {
  TemporaryFolder folder;
  std::unique_ptr<asio::io_context> context = std::make_unique<asio::io_context>(1);
  sweep::LocalLauncher launcher{context->get_executor(), sweep::cpu_slots(1, 1)};

  ~Workshop() {
    launcher.end_waiting();
    context.reset();
  }

  sweep::Order order(const std::string& mode, const std::string& name) const {
    const std::string marker = "SWEEP_MARKER=" + folder.path().filename().string() + name;
    const std::filesystem::path attempt = folder.path() / name;
    return {{child("false_worker"), mode},
            {marker, "PATH=/usr/bin:/bin", "MISBEHAVED=" + misbehaved().string(), "TOLD=" + told().string()},
            marker,
            "{}",
            attempt / "stdout",
            attempt / "stderr",
            {}};
  }

  std::filesystem::path misbehaved() const { return folder.path() / "misbehaved"; }

  std::filesystem::path told() const { return folder.path() / "told"; }

  asio::awaitable<void> follow(sweep::Process& process, Said& said) {
    for (auto lines = co_await process.lines(); !lines.empty(); lines = co_await process.lines())
      said.lines.insert(said.lines.end(), lines.events.begin(), lines.events.end());
    said.exit = process.exit();
    said.output = process.take_output();
  }

  Said run(const std::string& mode, const std::string& name, double stop_after_s = 0) {
    Said said;
    const std::unique_ptr<sweep::Process> process = launcher.assign(order(mode, name), launcher.slots().front());
    asio::steady_timer limit(*context);
    if (stop_after_s > 0) {
      limit.expires_after(std::chrono::milliseconds(static_cast<int>(1000 * stop_after_s)));
      limit.async_wait([&](const boost::system::error_code& error) {
        if (!error) process->stop(0.05);
      });
    }
    bool done = false;
    asio::co_spawn(*context, follow(*process, said), [&](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
      done = true;
    });
    while (!done) context->run_one();
    return said;
  }

  // Lets what has happened arrive, until it is so.
  template <class IsSo>
  bool comes_to(IsSo is_so) {
    for (int i = 0; i < 500; ++i) {
      if (is_so()) return true;
      context->run_one_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

bool lives(pid_t pid) { return ::kill(pid, 0) == 0; }

}  // namespace

TEST_CASE("a worker that ends well has the next trial too") {
  Workshop shop;
  const Said first = shop.run("honest", "a"), second = shop.run("honest", "b");
  CHECK(first.went_well());
  CHECK(second.went_well());
  CHECK(first.pid() == second.pid());
}

TEST_CASE("what a worker says behind the word that it is done is no trial's, and the next one has another worker") {
  for (const char* mode : {"talks", "babbles"}) {
    INFO(mode);
    Workshop shop;
    const Said first = shop.run(mode, "a");
    // Once its word has arrived it may be ended before it makes the file.
    REQUIRE(shop.comes_to([&] { return std::filesystem::exists(shop.misbehaved()) || !lives(first.pid()); }));
    const Said second = shop.run(mode, "b");
    CHECK(first.went_well());
    CHECK(second.went_well());
    CHECK(first.pid() != second.pid());
  }
}

TEST_CASE("a worker that ends or is killed between two trials costs neither of them anything") {
  Workshop shop;
  const Said first = shop.run("ends", "a");
  REQUIRE(shop.comes_to([&] { return !lives(first.pid()); }));
  const Said second = shop.run("honest", "b");
  CHECK(first.went_well());
  CHECK(second.went_well());
  ::kill(second.pid(), SIGKILL);
  REQUIRE(shop.comes_to([&] { return !lives(second.pid()); }));
  const Said third = shop.run("honest", "c");
  CHECK(third.went_well());
  CHECK(third.pid() != second.pid());
}

TEST_CASE("what a worker prints between two trials is neither's output and makes no file") {
  Workshop shop;
  const Said first = shop.run("prints", "a");
  std::ofstream(shop.told()) << "now";
  REQUIRE(shop.comes_to([&] { return std::filesystem::exists(shop.misbehaved()); }));
  const Said second = shop.run("honest", "b");
  CHECK(first.went_well());
  CHECK(second.went_well());
  CHECK(second.pid() == first.pid());
  CHECK(second.output.out.empty());
  CHECK_FALSE(std::filesystem::exists(shop.folder.path() / "a"));
  CHECK_FALSE(std::filesystem::exists(shop.folder.path() / "b"));
}

TEST_CASE("a worker that is stopped by a signal in its trial can be ended, and the next trial has another one") {
  Workshop shop;
  const Said stopped = shop.run("stops", "a", /*stop_after_s=*/0.05);
  CHECK(stopped.exit.signal != 0);  // SIGTERM where that came first
  CHECK(stopped.lines.empty());
  CHECK(shop.run("honest", "b").went_well());
}

TEST_CASE("a worker that is stopped by a signal between two trials leaves its next trial to be ended, no other one") {
  Workshop shop;
  const Said first = shop.run("honest", "a");
  ::kill(first.pid(), SIGSTOP);
  CHECK(shop.run("honest", "b", /*stop_after_s=*/0.05).exit.signal == SIGKILL);
  const Said third = shop.run("honest", "c");
  CHECK(third.went_well());
  CHECK(third.pid() != first.pid());
}
