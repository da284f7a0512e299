// Real controllers and real trainers, killed at seeded random instants: the table is that of a sweep nobody disturbed,
// nothing runs again that was stored, nothing lives on. SWEEP_SOAK_KILLS asks for more kills than an ordinary run has.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "core/files.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/end_to_end/program.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kTrials = 40, kSlots = 2;
constexpr int kPartsBefore = 8;  // the beginning of a sweep, in times that a trial takes

int kills_wanted(int usual) {
  const char* more = std::getenv("SWEEP_SOAK_KILLS");
  return more == nullptr ? usual : std::atoi(more);
}

double seconds_since(Clock::time_point begun) { return std::chrono::duration<double>(Clock::now() - begun).count(); }

// A folder with a program that can be killed, a sweep file of forty trials (or another number), and as many --runs as
// are asked for.
class Survivors {
 public:
  explicit Survivors(int configurations = kTrials, int repeats = 1) {
    static int number = 0;
    mark_ = "SURVIVOR_MARK=" + std::to_string(::getpid()) + "-" + std::to_string(++number) + "-";
    fs::create_directory(place());
    fs::copy_file(child("survivor"), place() / "survivor");
    std::ofstream(place() / "sweep.json")
        << R"({"method": "grid", "metric": {"name": "loss", "goal": "minimize"}, "command": ["./survivor", "${args}"],)"
        << R"( "repeats": )" << repeats << R"(, "parameters": {"x": {"distribution": "int_uniform", "min": 1, "max": )"
        << configurations << "}}}";
  }

  fs::path place() const { return folder_.path() / "source"; }
  fs::path log(const std::string& runs) const { return folder_.path() / (runs + ".log"); }

  std::unique_ptr<Program> start(const std::string& runs, const std::string& arguments = "run sweep.json") const {
    const std::string line = "cd '" + place().string() + "' && exec env -i PATH=/usr/bin:/bin " + mark_ + runs +
                             " SURVIVOR_LOG='" + log(runs).string() + "' '" + sweep_program() + "' " + arguments +
                             " --runs '" + (folder_.path() / runs).string() + "'";
    return std::make_unique<Program>(folder_.path(), std::vector<std::string>{"/bin/sh", "-c", line});
  }
  Ended run(const std::string& runs, const std::string& arguments = "run sweep.json --slots 2 --quiet") const {
    return start(runs, arguments)->wait();
  }
  std::string csv(const std::string& runs) const { return run(runs, "report --format csv").out; }

  // Indices of the trials whose end the store holds.
  std::set<int> ended(const std::string& runs) const {
    std::set<int> indices;
    const Ended report = run(runs, "report --json");
    if (report.code != 0) return indices;  // killed before there was a store
    const core::Json json = core::parse_json(report.out, "report");
    for (const core::Json& row : json.at("trials")) indices.insert(row.at("index").get<int>());
    return indices;
  }
  // How often each trial was started, as the children say.
  std::map<int, int> starts(const std::string& runs) const {
    std::map<int, int> counts;
    std::ifstream in(log(runs));
    for (int index, attempt; in >> index >> attempt;) ++counts[index];
    return counts;
  }
  int all_starts(const std::string& runs) const {
    int all = 0;
    for (const auto& [index, count] : starts(runs)) all += count;
    return all;
  }

  std::vector<pid_t> living(const std::string& runs) const { return processes_with(mark_ + runs); }
  bool are_gone_in_two_seconds(const std::string& runs) const {
    const auto begun = Clock::now();
    while (!living(runs).empty())
      if (seconds_since(begun) > 2) return false;
    return true;
  }

 private:
  TemporaryFolder folder_;
  std::string mark_;
};

// What a sweep that nobody disturbs gives, and how long it takes.
struct Reference {
  std::string csv;
  double seconds = 0;
};
Reference reference(const Survivors& survivors) {
  const auto begun = Clock::now();
  const Ended ended = survivors.run("reference");
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  Reference found{survivors.csv("reference"), seconds_since(begun)};
  REQUIRE(survivors.all_starts("reference") == kTrials);
  REQUIRE(std::count(found.csv.begin(), found.csv.end(), '\n') == kTrials + 1);
  return found;
}

}  // namespace

TEST_CASE("killed controllers: the same table, nothing stored runs again, nothing lives on") {
  const Survivors survivors;
  const Reference undisturbed = reference(survivors);
  std::mt19937 random(20261126);
  const int kills = kills_wanted(25);
  int in_the_middle = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const std::string runs = "runs-" + std::to_string(kill);
    CAPTURE(kill);
    // As many trials have begun; a clock alone would meet nothing but a sweep's ends on a busy machine.
    const int part = static_cast<int>(random() % (kPartsBefore + kTrials));
    const int begun = std::max(0, part + 1 - kPartsBefore);
    const double rest = (begun == 0 ? part : 0) + static_cast<double>(random() % 10000) / 10000;
    const auto controller = survivors.start(runs, "run sweep.json --slots 2 --quiet");
    REQUIRE(controller->wait_until([&] { return survivors.all_starts(runs) >= begun; }));
    ::usleep(static_cast<useconds_t>(rest * undisturbed.seconds / kTrials * 1e6));
    controller->signal(SIGKILL);
    controller->wait();
    REQUIRE(survivors.are_gone_in_two_seconds(runs));
    const std::set<int> stored = survivors.ended(runs);
    const std::map<int, int> before = survivors.starts(runs);
    in_the_middle += !stored.empty() && stored.size() < kTrials;

    const Ended resumed = survivors.run(runs);
    INFO(resumed.err);
    REQUIRE(resumed.code == 0);
    REQUIRE(survivors.csv(runs) == undisturbed.csv);
    const std::map<int, int> now = survivors.starts(runs);
    for (const int index : stored) REQUIRE(now.at(index) == before.at(index));
    REQUIRE(survivors.all_starts(runs) <= kTrials + kSlots);
    REQUIRE(survivors.living(runs).empty());
  }
  CHECK(in_the_middle > kills / 2);  // or the instants were badly chosen
}

TEST_CASE("a sweep whose controller is killed again and again comes to its end with the same table") {
  const Survivors survivors;
  const Reference undisturbed = reference(survivors);
  std::mt19937 random(4);
  int kills = 0;
  for (;;) {
    const auto controller = survivors.start("runs", "run sweep.json --slots 2 --quiet");
    ::usleep(static_cast<useconds_t>(1e6 * undisturbed.seconds * (0.1 + static_cast<double>(random() % 1000) / 5000)));
    controller->signal(SIGKILL);
    if (controller->wait().code == 0) break;
    ++kills;
    REQUIRE(survivors.are_gone_in_two_seconds("runs"));
  }
  CAPTURE(kills);
  CHECK(kills > 2);
  CHECK(survivors.csv("runs") == undisturbed.csv);
  CHECK(survivors.all_starts("runs") <= kTrials + kSlots * kills);
}

TEST_CASE("killed trainers are tried again, and the table is the same") {
  const Survivors survivors;
  const Reference undisturbed = reference(survivors);
  std::mt19937 random(7);
  std::set<std::string> killed;  // each trial once: one more try is what it has
  const int rounds = std::max(1, kills_wanted(25) / 25);
  for (int round = 0; round < rounds; ++round) {
    const std::string runs = "runs-" + std::to_string(round);
    killed.clear();
    const auto controller = survivors.start(runs, "run sweep.json --slots 2 --quiet");
    controller->watch([&] {
      if (random() % 4 != 0) return;
      for (const pid_t pid : survivors.living(runs)) {
        std::ifstream in("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
        const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
        const std::size_t at = all.find("SWEEP_TRIAL_ID=");
        if (at == std::string::npos || ::getpgid(pid) != pid) continue;
        if (!killed.insert(all.substr(at, all.find('\0', at) - at)).second) continue;
        ::kill(pid, SIGKILL);
        return;
      }
    });
    const Ended ended = controller->wait();
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    REQUIRE(killed.size() > 5);
    REQUIRE(survivors.csv(runs) == undisturbed.csv);
    REQUIRE(survivors.living(runs).empty());
  }
}

TEST_CASE(
    "when the disk is full the trials are stopped, the exit code is 4, and the sweep goes on with the same table") {
  const Survivors survivors;
  const Reference undisturbed = reference(survivors);
  // The address sanitizer insists on being the first library; that it comes before the C library is what it needs.
  const std::string preload = std::string("ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD='") + SWEEP_BINARY_DIR +
                              "/tests/fakes/full_disk.so' ";
  int failures = 0;
  for (int at = 1;; at += at < 100 ? 10 : 100) {  // hundreds of writes; the first make the store
    const std::string runs = "runs-" + std::to_string(at);
    CAPTURE(at);
    const std::string line = "cd '" + survivors.place().string() + "' && exec env -i PATH=/usr/bin:/bin " + preload +
                             "FULL_DISK_AT=" + std::to_string(at) + " SURVIVOR_LOG='" + survivors.log(runs).string() +
                             "' '" + sweep_program() + "' run sweep.json --slots 2 --quiet --runs '" +
                             (survivors.place().parent_path() / runs).string() + "'";
    const Ended ended = Program(survivors.place().parent_path(), {"/bin/sh", "-c", line}).wait();
    if (ended.code == 0) break;
    ++failures;
    CAPTURE(ended.err);
    REQUIRE(ended.code == 4);
    REQUIRE(ended.err.find("sweeps.db: the disk is full, free some space and go on with `sweep resume`") !=
            std::string::npos);
    REQUIRE(survivors.living(runs).empty());
    const std::set<int> stored = survivors.ended(runs);
    const std::map<int, int> before = survivors.starts(runs);
    REQUIRE(survivors.run(runs).code == 0);
    REQUIRE(survivors.csv(runs) == undisturbed.csv);
    const std::map<int, int> now = survivors.starts(runs);
    for (const int index : stored) REQUIRE(now.at(index) == before.at(index));
  }
  CHECK(failures > 10);
}

TEST_CASE("the table of a sweep with repeats is the same with one, two and eight slots, killed and resumed") {
  constexpr int kConfigurations = 7, kRepeats = 3, kAll = kConfigurations * kRepeats;
  const Survivors survivors(kConfigurations, kRepeats);
  std::mt19937 random(11);
  int interrupted = 0;
  std::string table;
  for (const int slots : {1, 2, 8}) {
    CAPTURE(slots);
    const std::string runs = "slots-" + std::to_string(slots), killed = "killed-" + std::to_string(slots);
    const std::string run = "run sweep.json --quiet --slots " + std::to_string(slots);
    const Ended ended = survivors.run(runs, run);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    if (table.empty()) table = survivors.csv(runs);
    REQUIRE(table.starts_with("rank,trial,index,replicate,outcome,loss,std,n,epoch,step,x\n1,"));
    REQUIRE(std::count(table.begin(), table.end(), '\n') == kConfigurations + 1);
    REQUIRE(survivors.csv(runs) == table);

    for (int kill = 0; kill < 2; ++kill) {
      const auto controller = survivors.start(killed, run);
      const int before = survivors.all_starts(killed), more = 1 + static_cast<int>(random() % 5);
      REQUIRE(controller->wait_until([&] { return survivors.all_starts(killed) >= std::min(before + more, kAll); }));
      ::usleep(static_cast<useconds_t>(random() % 20'000));
      controller->signal(SIGKILL);
      interrupted += controller->wait().code != 0;
      REQUIRE(survivors.are_gone_in_two_seconds(killed));
    }
    REQUIRE(survivors.run(killed, "run sweep.json --quiet --slots " + std::to_string(9 - slots)).code == 0);
    REQUIRE(survivors.csv(killed) == table);
    REQUIRE(survivors.living(killed).empty());
  }
  CHECK(interrupted > 3);  // or the instants were badly chosen
}
