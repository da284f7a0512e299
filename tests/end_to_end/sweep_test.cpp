// The whole: `sweep` and `sweep-trainer` as a user runs them. The same table, whatever happens on the way.
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/end_to_end/program.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

const std::string kQuickstart = std::string(SWEEP_SOURCE_DIR) + "/sweeps/quickstart.json";

// More trials than any test waits for: one that is signalled late, on a busy machine, must find the sweep running.
struct Place : RunsPlace {
  std::vector<std::string> run_line(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = line({"run", kQuickstart, "--count", "6", "--device", "cpu"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
};

// The table of a sweep that nothing disturbed; made once.
const std::string& undisturbed() {
  static const std::string csv = [] {
    const Place place;
    const Ended ended = Program(place.folder.path(), place.run_line()).wait();
    INFO(ended.err);
    CHECK(ended.code == 0);
    return place.csv();
  }();
  return csv;
}

// How many descriptors it has, at one moment: while it runs on, a list may name those of an attempt that ended
// meanwhile beside those of the next. Nothing where it has ended. Requires: a child.
std::optional<std::size_t> open_in(pid_t pid) {
  ::kill(pid, SIGSTOP);
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT) != 0 || info.si_code != CLD_STOPPED)
    return std::nullopt;
  const fs::directory_iterator list("/proc/" + std::to_string(pid) + "/fd");
  const auto count = static_cast<std::size_t>(std::distance(fs::begin(list), fs::end(list)));
  ::kill(pid, SIGCONT);
  return count;
}

// Of whichever of its threads.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> all;
  std::error_code gone;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    std::ifstream children(thread.path() / "children");
    for (pid_t child; children >> child;) all.push_back(child);
  }
  return all;
}

}  // namespace

TEST_CASE("a sweep ends with its leaderboard, and a second run of it runs nothing") {
  const Place place;
  const Ended first = Program(place.folder.path(), place.run_line()).wait();
  CHECK(first.code == 0);
  CHECK(first.out.find("rank") != std::string::npos);
  const std::string csv = place.csv();
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  const Ended second = Program(place.folder.path(), place.run_line()).wait();
  CHECK(second.code == 0);
  CHECK(second.err.find("is finished, nothing to run") != std::string::npos);
  CHECK(second.out == first.out);
}

TEST_CASE("slots and threads change nothing in the table") {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--slots", "1"}, {"--slots", "2"}, {"--slots", "1", "--threads", "2"}}) {
    const Place place;
    CHECK(Program(place.folder.path(), place.run_line(flags)).wait().code == 0);
    CHECK(place.csv() == undisturbed());
  }
}

TEST_CASE("interrupted by SIGINT and by SIGTERM, then resumed, it ends with the same table") {
  const Place place;
  {
    Program program(place.folder.path(), place.run_line({"--slots", "1"}));
    REQUIRE(program.wait_for("trial #0"));
    program.signal(SIGINT);
    const Ended ended = program.wait();
    CHECK(ended.code == 130);
    CHECK(ended.err.find("go on with `sweep resume ") != std::string::npos);
    CHECK(processes_with(place.runs).empty());
  }
  {
    Program program(place.folder.path(), place.line({"resume", "--device", "cpu", "--slots", "1"}));
    REQUIRE(program.wait_for("trial #"));
    program.signal(SIGTERM);
    CHECK(program.wait().code == 143);
  }
  CHECK(place.command({"resume", "--device", "cpu"}).code == 0);
  CHECK(place.csv() == undisturbed());
}

TEST_CASE("killed with SIGKILL nothing of a trial lives on, and the sweep ends with the same table") {
  const Place place;
  for (int kill = 0; kill < 2; ++kill) {
    Program program(place.folder.path(), place.run_line());
    REQUIRE(program.wait_for("trial #"));  // whichever ends first: those of the run before are not said again
    program.signal(SIGKILL);
    CHECK(program.wait().code == 128 + SIGKILL);
    CHECK(none_lives_with(place.runs));
  }
  CHECK(Program(place.folder.path(), place.run_line()).wait().code == 0);
  CHECK(place.csv() == undisturbed());
}

TEST_CASE("a second controller on one sweep is refused and told who runs it, a reader is not") {
  const Place place;
  Program first(place.folder.path(), place.run_line({"--slots", "1"}));
  REQUIRE(first.wait_for("trial #0"));
  const Ended second = Program(place.folder.path(), place.run_line()).wait();
  CHECK(second.code == 4);
  CHECK(second.err.find("is being run by process " + std::to_string(first.pid())) != std::string::npos);
  CHECK(place.command({"report", "--format", "csv"}).code == 0);
  CHECK(first.wait().code == 0);
  CHECK(place.csv() == undisturbed());
}

TEST_CASE("two sweeps side by side on one store share the trials that they share") {
  const Place place;
  Program first(place.folder.path(), place.run_line());
  Program second(place.folder.path(), place.line({"run", kQuickstart, "--count", "3", "--device", "cpu"}));
  const Ended one = first.wait(), other = second.wait();
  INFO(one.err << other.err);
  CHECK(one.code == 0);
  CHECK(other.code == 0);
  const Ended list = place.command({"list", "--json"});
  CHECK(list.code == 0);
  CHECK(fs::exists(fs::path(place.runs) / "sweeps.db"));
}

TEST_CASE(
    "a disk that is full for a trial stops the sweep with 4, and once there is room it goes on to the same table") {
  const auto noop_sweep = [](const Place& place) {
    return place.folder
        .write("noop.json", R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "device": "cpu",
      "parameters": {"x": {"values": [1, 2, 3, 4, 5, 6]}}})")
        .string();
  };
  const Place roomy;
  const std::vector<std::string> with_noop = {"--trainer", child("noop"), "--slots", "1"};
  const auto run_line = [&](const Place& place) {
    std::vector<std::string> line = place.line({"run", noop_sweep(place)});
    line.insert(line.end(), with_noop.begin(), with_noop.end());
    return line;
  };
  REQUIRE(Program(roomy.folder.path(), run_line(roomy)).wait().code == 0);

  const Place place;
  const std::string full = place.folder.write("full", "").string();
  const Ended stopped = Program(place.folder.path(), run_line(place), {"NO_ROOM=" + full}).wait();
  CHECK(stopped.code == 4);
  CHECK(
      stopped.err.ends_with("trial #2: the machine cannot run it (exit code 4): last-1.safetensors: cannot be written: "
                            "No space left on device, mend that and go on with `sweep resume`\n"));
  CHECK(place.csv() != roomy.csv());
  fs::remove(full);
  CHECK(Program(place.folder.path(), place.line({"resume"}), {"NO_ROOM=" + full}).wait().code == 0);
  CHECK(place.csv() == roomy.csv());
}

TEST_CASE("200 trials that do nothing leave no descriptor open, no zombie, and take less than 40 MB") {
  const Place place;
  const fs::path file = place.folder.path() / "noop.json";
  std::ofstream(file) << R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"}, "device": "cpu",
    "parameters": {"x": {"values": [)"
                      <<
      [] {
        std::string values = "0";
        for (int i = 1; i < 200; ++i) values += "," + std::to_string(i);
        return values;
      }() << "]}}}";
  Program program(place.folder.path(), place.line({"run", file.string(), "--trainer", child("noop"), "--slots", "2"}));
  std::size_t most_open = 0, most_zombies = 0;
  program.watch([&] {
    std::size_t zombies = 0;
    for (const pid_t child : children_of(program.pid())) {
      std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
      std::string text;
      std::getline(stat, text);
      zombies += text.find(") Z ") != std::string::npos;
    }
    most_open = std::max(most_open, open_in(program.pid()).value_or(0));
    most_zombies = std::max(most_zombies, zombies);
  });
  const Ended ended = program.wait();
  CHECK(ended.code == 0);
  // Sixteen that stay, six of each attempt, of which there are at most three with two slots, and two of a start or of a
  // look for strays.
  CHECK(most_open < 40);
  CHECK(most_zombies < 4);  // one that has just ended may not have been reaped yet
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(ended.peak_kib < 40 * 1024);
#endif
  const std::string csv = place.csv();
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 201);
}

TEST_CASE("a trainer that is not there is said at once, before anything is recorded") {
  const Place place;
  const Ended ended = Program(place.folder.path(), place.run_line({"--trainer", "/no/such/trainer"})).wait();
  CHECK(ended.code == 2);
  CHECK(ended.err == "/no/such/trainer: is no file, name a build of sweep-trainer\n");
  CHECK(!fs::exists(fs::path(place.runs) / "sweeps.db"));
}

TEST_CASE("a --runs folder may have any name: run, report and replay find the store there and nowhere else") {
  for (const std::string name : {"file:runs", "50%25 of them", "what?#1", "l\xc3\xa4ufe"}) {
    CAPTURE(name);
    const TemporaryFolder folder;
    const auto command = [&](std::vector<std::string> arguments) {  // in a folder of its own: the name is relative
      std::vector<std::string> line = {"/bin/sh", "-c", R"(cd "$0" && exec "$@")", folder.path(), sweep_program()};
      line.insert(line.end(), arguments.begin(), arguments.end());
      line.insert(line.end(), {"--runs", name});
      return Program(folder.path(), line).wait();
    };
    const Ended run = command({"run", kQuickstart, "--count", "1", "--device", "cpu"});
    INFO(run.err);
    CHECK(run.code == 0);
    CHECK(fs::exists(folder.path() / name / "sweeps.db"));
    const std::string csv = command({"report", "--format", "csv"}).out;
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 2);
    const Ended replay = command({"replay", "#0", "--device", "cpu"});
    INFO(replay.err);
    CHECK(replay.code == 0);
    CHECK(replay.out.find("identical") != std::string::npos);
    std::size_t entries = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.path()))
      entries += !entry.path().filename().string().starts_with("out-") &&
                 !entry.path().filename().string().starts_with("err-");
    CHECK(entries == 1);
  }
}
