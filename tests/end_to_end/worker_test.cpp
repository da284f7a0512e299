// Sweeps whose trials share a process, as a user runs them: the same table and the same events, whatever happens.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "sweep/store/store.h"
#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/temporary_folder.h"

namespace {

struct Place : RunsPlace {
  std::vector<std::string> run_line(bool reuse, const std::string& resources = "", const std::string& epochs = "2",
                                    const std::string& hidden = "8") {
    const std::string file = (folder.path() / ("sweep" + hidden + ".yaml")).string();
    std::ofstream(file) << "method: grid\ndata: builtin:images\nresources: {reuse_process: "
                        << (reuse ? "true" : "false") << resources << "}\nparameters:\n  epochs: {value: " << epochs
                        << "}\n  hidden: {value: [" << hidden << "]}\n  split: {values: [random, tail]}\n"
                        << "  validation_fraction: {values: [0.1, 0.25]}\n  learning_rate: {values: [0.1, 0.01]}\n";
    std::vector<std::string> words = line({"run", file, "--device", "cpu", "--slots", "2"});
    words.insert(words.begin(), {"/usr/bin/env", mark()});
    return words;
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
  bool all_end_soon() const { return none_lives_with(mark()); }
  // What the trainers said of each trial of each sweep, as it is stored: no time, no number of an attempt.
  std::map<std::string, std::vector<std::string>> said() const {
    const sweep::Store store(runs, sweep::Store::Mode::kReadOnly);
    std::map<std::string, std::vector<std::string>> lines;
    for (const sweep::SweepRecord& record : store.sweeps())
      store.read_events(record.id, /*with_trace=*/true, [&](const sweep::StoredEvent& stored) {
        if (const auto* said = std::get_if<sweep::TrainerSaid>(&stored.event))
          lines[record.id + "/" + std::to_string(said->index)].push_back(said->event.line());
      });
    return lines;
  }
  Ended run(std::vector<std::string> words) const { return Program(folder.path(), std::move(words)).wait(); }
};

// What trials with a process of their own give.
struct Fresh {
  std::string csv;
  std::map<std::string, std::vector<std::string>> said;
};

const Fresh& fresh() {
  static const Fresh given = [] {
    Place place;
    CHECK(place.run(place.run_line(false)).code == 0);
    return Fresh{place.csv(), place.said()};
  }();
  return given;
}

const std::string& fresh_table() { return fresh().csv; }

// The trainer, but the first of its workers answers with something else.
std::string liar(const Place& place) {
  const std::string script = (place.folder.path() / "liar").string(), told = (place.folder.path() / "told").string();
  std::ofstream(script) << "#!/bin/sh\nif [ \"$1\" = --serve ] && mkdir " << told << " 2>/dev/null; then\n"
                        << "  read -r order\n  echo 'no event' >> \"$SWEEP_EVENTS\"\n  exec sleep 100\nfi\n"
                        << "exec " << SWEEP_BINARY_DIR << "/bin/sweep-trainer \"$@\"\n";
  ::chmod(script.c_str(), 0700);
  return script;
}

}  // namespace

TEST_CASE("trials that share a process give the table that trials with one of their own give, and replay identically") {
  Place place;
  const Ended ended = place.run(place.run_line(true));
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(place.csv() == fresh_table());
  CHECK((place.said() == fresh().said));  // in brackets: they are long
  CHECK(std::count(fresh_table().begin(), fresh_table().end(), '\n') == 9);
  const std::string csv = place.csv();
  const std::string mark = "replay it: sweep replay ";
  const std::size_t at = ended.out.find(mark);
  REQUIRE(at != std::string::npos);
  const Ended replay = place.command({"replay", ended.out.substr(at + mark.size(), 16)});
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

TEST_CASE("a worker that is stopped by a signal is ended for its silence, and the table is the same") {
  Place place;
  // Long enough that on a busy machine nobody else is taken for silent.
  Program program(place.folder.path(), place.run_line(true, ", stall_timeout_s: 4, grace_s: 0.1"));
  bool stopped = false;
  program.watch([&] {
    if (stopped) return;
    for (const pid_t pid : place.workers())
      if (!stopped) stopped = ::kill(pid, SIGSTOP) == 0;
  });
  CHECK(stopped);
  CHECK(program.wait().code == 0);
  CHECK(place.csv() == fresh_table());
  CHECK(place.all_end_soon());
}

TEST_CASE("a controller that is killed or stopped leaves no worker, and the sweep goes on to the same table") {
  for (const int how : {SIGKILL, SIGINT}) {
    INFO(how);
    Place place;
    {
      Program program(place.folder.path(), place.run_line(true));
      REQUIRE(program.wait_until([&] { return !place.workers().empty(); }));
      program.signal(how);
      program.wait();
      CHECK(place.all_end_soon());
    }
    const Ended ended = place.run(place.run_line(true));
    INFO(ended.err);
    CHECK(ended.code == 0);
    CHECK(place.workers().empty());
    CHECK(place.csv() == fresh_table());
  }
}

TEST_CASE("two controllers with workers on one store record what each records alone") {
  Place place, other;
  CHECK(other.run(other.run_line(true, "", "2", "4")).code == 0);
  std::map<std::string, std::vector<std::string>> alone = other.said();
  alone.insert(fresh().said.begin(), fresh().said.end());
  {
    Program second(other.folder.path(), [&] {
      std::vector<std::string> line = other.run_line(true, "", "2", "4");
      std::replace(line.begin(), line.end(), other.runs, place.runs);
      return line;
    }());
    CHECK(place.run(place.run_line(true)).code == 0);
    CHECK(second.wait().code == 0);
  }
  CHECK((place.said() == alone));
}

TEST_CASE("a worker that answers with what is no event fails its trial, and the others have other workers") {
  Place place;
  std::vector<std::string> line = place.run_line(true);
  line.insert(line.end(), {"--trainer", liar(place)});
  const Ended ended = place.run(line);
  INFO(ended.err);
  CHECK(ended.code != 0);
  const std::string csv = place.csv();
  const auto count = [&](const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = csv.find(word); at != std::string::npos; at = csv.find(word, at + 1)) ++found;
    return found;
  };
  CHECK(count(",failed,") == 1);
  CHECK(count(",completed,") == 7);
  CHECK(place.all_end_soon());
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
  const Ended ended = place.command({"run", file});
  CHECK(ended.code == 2);
  CHECK(ended.err.find("'reuse_process' is for the built-in trainer, and the file names a program, remove one of the "
                       "two") != std::string::npos);
}
