// Sweeps whose trials share a process, as a user runs them: the same table and the same events, whatever happens.
#include <signal.h>

#include <fstream>
#include <iterator>

#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/temporary_folder.h"

namespace {

struct Place {
  TemporaryFolder folder;
  std::string runs = (folder.path() / "runs").string();

  std::vector<std::string> run_line(bool reuse, const std::string& resources = "", const std::string& epochs = "2") {
    const std::string file = (folder.path() / "sweep.yaml").string();
    std::ofstream(file) << "method: grid\ndata: builtin:images\nresources: {reuse_process: "
                        << (reuse ? "true" : "false") << resources << "}\nparameters:\n  epochs: {value: " << epochs
                        << "}\n  hidden: {value: [8]}\n  split: {values: [random, tail]}\n"
                        << "  validation_fraction: {values: [0.1, 0.25]}\n  learning_rate: {values: [0.1, 0.01]}\n";
    return {"/usr/bin/env", mark(), sweep_program(), "run", file, "--runs", runs, "--device", "cpu", "--slots", "2"};
  }
  // What this sweep starts has it in its environment, and no other process of the machine.
  std::string mark() const { return "SHARED_PROCESS_TEST=" + folder.path().string(); }
  std::vector<pid_t> workers() const {
    std::vector<pid_t> found;
    for (const pid_t pid : processes_with(mark())) {
      std::ifstream command("/proc/" + std::to_string(pid) + "/cmdline");
      const std::string words{std::istreambuf_iterator<char>(command), {}};
      if (words.find("--serve") != std::string::npos) found.push_back(pid);
    }
    return found;
  }
  Ended run(std::vector<std::string> line) { return Program(folder.path(), std::move(line)).wait(); }
  std::string csv() { return run({sweep_program(), "report", "--format", "csv", "--runs", runs}).out; }
};

const std::string& fresh_table() {
  static const std::string csv = [] {
    Place place;
    CHECK(place.run(place.run_line(false)).code == 0);
    return place.csv();
  }();
  return csv;
}

}  // namespace

TEST_CASE("trials that share a process give the table that trials with one of their own give, and replay identically") {
  Place place;
  const Ended ended = place.run(place.run_line(true));
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(place.csv() == fresh_table());
  CHECK(std::count(fresh_table().begin(), fresh_table().end(), '\n') == 9);
  const std::string csv = place.csv();
  const std::string mark = "replay it: sweep replay ";
  const std::size_t at = ended.out.find(mark);
  REQUIRE(at != std::string::npos);
  const Ended replay =
      place.run({sweep_program(), "replay", ended.out.substr(at + mark.size(), 16), "--runs", place.runs});
  INFO(replay.out + replay.err);
  CHECK(replay.code == 0);
}

TEST_CASE("a worker that is killed costs one attempt, and the table is the same") {
  Place place;
  Program program(place.folder.path(), place.run_line(true));
  bool killed = false;
  program.watch([&] {
    if (killed) return;
    for (const pid_t pid : place.workers())
      if (!killed) killed = ::kill(pid, SIGKILL) == 0;
  });
  CHECK(killed);
  CHECK(program.wait().code == 0);
  CHECK(place.csv() == fresh_table());
}

TEST_CASE("a killed controller leaves no worker, and the sweep goes on to the same table") {
  Place place;
  {
    Program program(place.folder.path(), place.run_line(true));
    REQUIRE(program.wait_until([&] { return !place.workers().empty(); }));
    program.signal(SIGKILL);
    program.wait();
  }
  const Ended ended = place.run(place.run_line(true));
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(place.workers().empty());
  CHECK(place.csv() == fresh_table());
}

TEST_CASE("a trial that runs too long ends its worker, and only its own") {
  Place place;
  const Ended ended = place.run(place.run_line(true, ", timeout_s: 0.3, grace_s: 0", "100000"));
  CHECK(ended.code != 0);
  CHECK(place.csv().find("timed_out") != std::string::npos);
}

TEST_CASE("a user's program is no worker: the sweep file says so") {
  Place place;
  const std::string file = (place.folder.path() / "own.yaml").string();
  std::ofstream(file) << "method: grid\nprogram: /bin/true\nresources: {reuse_process: true}\n"
                      << "parameters: {x: {value: 1}}\n";
  const Ended ended = place.run({sweep_program(), "run", file, "--runs", place.runs});
  CHECK(ended.code == 2);
  CHECK(ended.err.find("'reuse_process' is for the built-in trainer, and the file names a program, remove one of the "
                       "two") != std::string::npos);
}
