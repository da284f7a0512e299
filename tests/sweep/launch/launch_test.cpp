// Real processes: one tiny child a misbehaviour, one rule a test.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "protocol/event.h"
#include "sweep/launch/local.h"
#include "sweep/launch/strays.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/temporary_folder.h"

namespace asio = boost::asio;
using sweep::Exit;
using sweep::LocalLauncher;
using sweep::Order;

namespace {

struct Said {
  std::vector<std::string> lines;
  std::vector<std::string> printed;
  Exit exit;
  sweep::Output output;
};

// A launcher, and the folder in which its children run.
struct Workshop {
  TemporaryFolder folder;
  asio::io_context context{1};
  LocalLauncher launcher{context.get_executor(), sweep::cpu_slots(1, 2)};

  Order order(std::vector<std::string> argv, const std::string& name = "a") {
    const std::string marker = "SWEEP_MARKER=" + name + std::to_string(::getpid());
    return {std::move(argv), {marker, "PATH=/usr/bin:/bin"},  marker,
            "the document",  folder.path() / (name + ".out"), folder.path() / (name + ".err")};
  }

  // Follows a process to its end. `on_lines` may stop it.
  asio::awaitable<void> follow(std::unique_ptr<sweep::Process> process, Said& said,
                               std::function<void(sweep::Process&)> on_lines) {
    for (auto lines = co_await process->lines(); !lines.empty(); lines = co_await process->lines()) {
      said.lines.insert(said.lines.end(), lines.events.begin(), lines.events.end());
      said.printed.insert(said.printed.end(), lines.printed.begin(), lines.printed.end());
      if (on_lines) on_lines(*process);
    }
    said.exit = process->exit();
    said.output = process->take_output();
  }

  Said run(const Order& what, std::function<void(sweep::Process&)> on_lines = {}) {
    Said said;
    asio::co_spawn(context, follow(launcher.start(what), said, std::move(on_lines)), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
    context.restart();
    context.run();
    return said;
  }
};

bool lives(pid_t pid) {  // and is no zombie
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  return stat && text.find(") Z ") == std::string::npos;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* folder = ::opendir("/proc/self/fd");
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count;
}

}  // namespace

TEST_CASE("a child's lines arrive in order, then its exit") {
  Workshop shop;
  const Said said = shop.run(shop.order({child("say_lines"), "one", "two", "three"}));
  CHECK(said.lines == std::vector<std::string>{"one", "two", "three"});
  CHECK(said.exit.code == 0);
  CHECK(said.exit.signal == 0);
}

TEST_CASE("more than a pipe holds arrives whole") {
  Workshop shop;
  std::vector<std::string> argv = {child("say_lines")};
  for (int i = 0; i < 50; ++i) argv.push_back(std::to_string(i) + std::string(20'000, 'x'));
  const Said said = shop.run(shop.order(argv));
  CHECK(said.lines == std::vector<std::string>(argv.begin() + 1, argv.end()));
}

TEST_CASE("a child has descriptors 0 to 2 and no other") {
  Workshop shop;
  const int stray = ::open("/dev/null", O_RDONLY);  // not close-on-exec
  const int high = ::fcntl(stray, F_DUPFD, 700);
  CHECK(shop.run(shop.order({child("descriptors")})).lines == std::vector<std::string>{"0 1 2 "});
  ::close(stray);
  ::close(high);
}

TEST_CASE("a child reads its document, and can no more change it") {
  Workshop shop;
  Order order =
      shop.order({"/bin/sh", "-c", "cat \"$SWEEP_TRIAL\"; echo more >> \"$SWEEP_TRIAL\"; cat \"$SWEEP_TRIAL\""});
  order.read_stdout = true;
  CHECK(shop.run(order).printed == std::vector<std::string>{"the documentthe document"});
}

TEST_CASE("who starts another program and closes all descriptors is heard all the same, also after a pause") {
  Workshop shop;
  const Said said = shop.run(
      shop.order({"/bin/sh", "-c", "(sh -c 'echo one > \"$SWEEP_EVENTS\"') 3>&- 4>&-; echo two >> \"$SWEEP_EVENTS\""}));
  CHECK(said.lines == std::vector<std::string>{"one", "two"});
}

TEST_CASE("little output is given at the end and makes no file, more is in a file alone") {
  Workshop shop;
  const Order order = shop.order({"/bin/sh", "-c", "head -c $0 /dev/zero | tr '\\0' x; echo no >&2", "4096"});
  const Said little = shop.run(order);
  CHECK(little.output.out == std::string(4096, 'x'));
  CHECK(little.output.err == "no\n");
  CHECK(!std::filesystem::exists(order.stdout_file));
  Order larger = order;
  larger.argv.back() = "4097";
  const Said much = shop.run(larger);
  CHECK(much.output.out.empty());
  CHECK(much.output.err == "no\n");
  CHECK(core::read_file(order.stdout_file) == std::string(4097, 'x'));
  CHECK(!std::filesystem::exists(order.stderr_file));
}

TEST_CASE("little output of a child that stays is in its file after a second, and only as long as it runs") {
  Workshop shop;
  const Order order =
      shop.order({"/bin/sh", "-c", "echo here; until [ -s \"$0\" ]; do sleep 0.02; done; echo seen", ""});
  Order waits = order;
  waits.argv.back() = order.stdout_file.string();
  const Said said = shop.run(waits);
  CHECK(said.output.out == "here\nseen\n");
  CHECK(!std::filesystem::exists(order.stdout_file));
}

TEST_CASE("a hundred megabytes of output reach the file, and keep no event waiting") {
  Workshop shop;
  const Order order = shop.order({"/bin/sh", "-c", "head -c 100000000 /dev/zero; echo done > \"$SWEEP_EVENTS\""});
  CHECK(shop.run(order).lines == std::vector<std::string>{"done"});
  CHECK(std::filesystem::file_size(order.stdout_file) == 100'000'000);
}

TEST_CASE("what a child prints is given as lines where that is asked for, and is kept all the same") {
  Workshop shop;
  Order order = shop.order({"/bin/sh", "-c", "echo one; echo; printf 'two\\nthe end'; echo no event >&2"});
  order.read_stdout = true;
  const Said said = shop.run(order);
  CHECK(said.printed == std::vector<std::string>{"one", "two", "the end"});
  CHECK(said.lines.empty());
  CHECK(said.output.out == "one\n\ntwo\nthe end");
  order.read_stdout = false;
  const Said again = shop.run(order);
  CHECK(again.printed.empty());
  CHECK(again.output.out == "one\n\ntwo\nthe end");
}

TEST_CASE("of a printed line of a megabyte the beginning is given, and the next line is whole") {
  Workshop shop;
  Order order = shop.order({"/bin/sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo next"});
  order.read_stdout = true;
  const Said said = shop.run(order);
  REQUIRE(said.printed.size() == 2);
  CHECK(said.printed[0] == std::string(protocol::kMaxEventBytes + 1, 'x'));
  CHECK(said.printed[1] == "next");
  CHECK(std::filesystem::file_size(order.stdout_file) == 1'000'006);
}

TEST_CASE("a child runs in the folder of its order, a folder that is not there is an error") {
  Workshop shop;
  Order order = shop.order({"/bin/sh", "-c", "pwd -P"});
  order.read_stdout = true;
  order.folder = shop.folder.path() / "here";
  CHECK_THROWS_WITH(shop.launcher.start(order), order.folder.string() + ": is no folder, but the trial runs in it");
  std::filesystem::create_directory(order.folder);
  CHECK(shop.run(order).printed == std::vector<std::string>{std::filesystem::canonical(order.folder).string()});
}

TEST_CASE("100 children start whatever holes the table of descriptors has") {
  Workshop shop;
  const int saved_in = ::fcntl(0, F_DUPFD_CLOEXEC, 900), saved_out = ::fcntl(1, F_DUPFD_CLOEXEC, 900);
  std::size_t right = 0;
  for (int i = 0; i < 100; ++i) {
    // Other descriptors are free in each round, standard input and output among them.
    std::vector<int> taken;
    for (int k = 0; k < 12; ++k) taken.push_back(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int k = 0; k < 12; ++k)
      if ((i * 31 + k * 17) % 5 < 2) ::close(std::exchange(taken[k], -1));
    if (i % 2 == 0) ::close(0);
    if (i % 3 == 0) ::close(1);
    const Said said = shop.run(shop.order({child("descriptors")}));
    right += said.lines == std::vector<std::string>{"0 1 2 "} && said.exit.code == 0;
    ::dup2(saved_in, 0);
    ::dup2(saved_out, 1);
    for (const int fd : taken)
      if (fd >= 0) ::close(fd);
  }
  ::close(saved_in);
  ::close(saved_out);
  CHECK(right == 100);
}

TEST_CASE("200 starts leave no open descriptor and no zombie") {
  Workshop shop;
  shop.run(shop.order({child("say_lines"), "x"}));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 200; ++i) shop.run(shop.order({child("say_lines"), "x"}));
  CHECK(open_descriptors() == before);
  siginfo_t none{};
  ::waitid(P_ALL, 0, &none, WEXITED | WNOHANG | WNOWAIT);
  CHECK(none.si_pid == 0);  // the warden lives, and nothing else is a child of ours
}

TEST_CASE("a program that does not exist, or is none, is an error that names it, and the next one starts") {
  Workshop shop;
  const auto message = [&](const std::string& program) { return shop.run(shop.order({program})).exit.never_began; };
  CHECK(message("/no/such/program") == "/no/such/program: cannot be started: No such file or directory");
  CHECK(message("/tmp") == "/tmp: cannot be started: Permission denied");
  CHECK(shop.run(shop.order({child("say_lines"), "x"})).lines.size() == 1);
}

TEST_CASE("a process that is prepared begins when it is told to, and one that is let go never does") {
  Workshop shop;
  const auto mark = shop.folder.path() / "began";
  const Order order =
      shop.order({"/bin/sh", "-c", "echo x >> \"$0\"; sleep 0.1; echo here > \"$SWEEP_EVENTS\"", mark.string()});
  shop.launcher.prepare(order).reset();  // the first makes what all share
  const std::size_t before = open_descriptors();
  shop.launcher.prepare(order).reset();
  CHECK(!std::filesystem::exists(mark));
  CHECK(sweep::find_carriers({order.marker}).empty());
  CHECK(open_descriptors() == before);

  // The next one carries the same marker, and is no stray of the one that never began.
  std::unique_ptr<sweep::Process> process = shop.launcher.prepare(order);
  CHECK(!std::filesystem::exists(mark));
  process->go();
  Said said;
  asio::co_spawn(shop.context, shop.follow(std::move(process), said, {}), [](std::exception_ptr) {});
  shop.context.restart();
  shop.context.run();
  CHECK(said.lines == std::vector<std::string>{"here"});
  CHECK(core::read_file(mark) == "x\n");
}

TEST_CASE("a crash is a signal, not an exit code") {
  Workshop shop;
  const Said said = shop.run(shop.order({child("crash")}));
  CHECK(said.exit.signal == SIGSEGV);
  CHECK(said.lines.size() == 1);
}

TEST_CASE("stopping begins with SIGTERM") {
  Workshop shop;
  CHECK(shop.run(shop.order({child("hang")}), [](sweep::Process& process) { process.stop(60); }).exit.signal ==
        SIGTERM);
}

TEST_CASE("who ignores SIGTERM is killed when the grace is over, or at once when asked again") {
  Workshop shop;
  const Order order = shop.order({child("ignore_sigterm")});
  CHECK(shop.run(order, [](sweep::Process& process) { process.stop(0.05); }).exit.signal == SIGKILL);
  const auto twice = [](sweep::Process& process) {
    process.stop(60);
    process.stop(0);
  };
  CHECK(shop.run(order, twice).exit.signal == SIGKILL);
}

TEST_CASE("a grandchild that holds the pipe delays nothing and does not outlive the attempt") {
  Workshop shop;
  for (const std::string how : {"fork", "setsid"}) {
    const Said said = shop.run(shop.order({child("grandchild"), how}));
    CAPTURE(how, said.exit.code, said.exit.signal);
    REQUIRE(said.lines.size() == 1);
    const int pid = core::Json::parse(said.lines[0]).at("pid").get<int>();
    CHECK(said.exit.code == 0);
    CHECK(!lives(pid));
  }
}

TEST_CASE("when the controller is killed nothing of a trial lives on") {
  Workshop shop;
  int pipe_ends[2];
  REQUIRE(::pipe(pipe_ends) == 0);
  // A controller of its own, which starts a trial with a grandchild in another session and tells its pid.
  const pid_t controller = ::fork();
  if (controller == 0) {
    asio::io_context context(1);
    LocalLauncher launcher(context.get_executor(), sweep::cpu_slots(1, 1));
    const auto process = launcher.start(shop.order({child("grandchild"), "setsid", "stay"}, "b"));
    asio::co_spawn(context, process->lines(), [&](std::exception_ptr, sweep::Written lines) {
      const int pid = core::Json::parse(lines.events.at(0)).at("pid").get<int>();
      if (::write(pipe_ends[1], &pid, sizeof pid) != sizeof pid) ::_exit(1);
      ::kill(::getpid(), SIGKILL);
    });
    context.run();
    ::_exit(1);
  }
  int grandchild = 0;
  REQUIRE(::read(pipe_ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
  REQUIRE(::waitpid(controller, nullptr, 0) == controller);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  const auto anything_lives = [&] {
    return lives(grandchild) || !sweep::find_carriers({shop.order({}, "b").marker}).empty();
  };
  while (anything_lives() && std::chrono::steady_clock::now() < until) ::usleep(1000);
  CHECK(!anything_lives());
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST_CASE("a GPU slot belongs to one launcher at a time") {
  asio::io_context context(1);
  const std::string uuid = "GPU-test-" + std::to_string(::getpid());
  const std::vector<sweep::Slot> slots = sweep::gpu_slots({uuid}, 2);
  LocalLauncher first(context.get_executor(), slots), second(context.get_executor(), slots);
  CHECK(first.acquire(slots[0]));
  CHECK(!second.acquire(slots[0]));
  CHECK(second.acquire(slots[1]));
  first.release(slots[0]);
  CHECK(second.acquire(slots[0]));
}

TEST_CASE("slots: cores over threads, and every GPU before a second trial on one") {
  CHECK(sweep::cpu_slots(1, 4).size() == 4);
  CHECK(sweep::cpu_slots(3, 4).size() == 1);
  CHECK(sweep::cpu_slots(8, 4).size() == 1);
  const auto slots = sweep::gpu_slots({"GPU-a", "GPU-b"}, 2);
  REQUIRE(slots.size() == 4);
  CHECK(slots[1].name == "GPU-b/0");
  CHECK(slots[2].name == "GPU-a/1");
  CHECK(slots[2].gpu == "GPU-a");
}
