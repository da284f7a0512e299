// Sweeps on GPUs as a user sees them, with an nvidia-smi of our own and scripts for trainers: who gets which GPU, who
// waits for whom, and what is said where there is none.
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/fakes/fake_gpus.h"
#include "tests/sweep/commands/shop.h"

namespace fs = std::filesystem;

namespace {

// Writes down on which device it began and ended, and holds memory there meanwhile, as nvidia-smi sees it.
constexpr char kTrainer[] = R"sh(#!/bin/sh
gpu=$CUDA_VISIBLE_DEVICES
now() { cut -d' ' -f1 /proc/uptime; }
echo "$gpu|$$|500|sh" > "$FAKE_GPUS/new.$$" && mv "$FAKE_GPUS/new.$$" "$FAKE_GPUS/apps/trial-$$"
echo "begin $$ $PPID $gpu $(now)" >> "$FAKE_GPUS/log"
sleep ${PAUSE:-0.15}
echo loss=1
echo "end $$ $PPID $gpu $(now)" >> "$FAKE_GPUS/log"
)sh";

std::string sweep_file(const std::string& name, int trials, int slots_per_gpu = 1, const std::string& device = "cuda") {
  core::Json values = core::Json::array();
  for (int i = 0; i < trials; ++i) values.push_back(i);
  return core::canonical_json({{"method", "grid"},
                               {"name", name},
                               {"device", device},
                               {"resources", {{"slots_per_gpu", slots_per_gpu}}},
                               {"metric", {{"name", "loss"}, {"goal", "minimize"}}},
                               {"command", {"./train.sh", "${args}"}},
                               {"parameters", {{"x", {{"values", values}}}}}});
}

struct Machine : Shop {
  explicit Machine(const std::string& file = sweep_file("gpus", 6), const std::string& script = kTrainer)
      : Shop(script, file) {}

  Said on_gpus(const std::string& arguments, const std::string& more = "") const {
    return sweep(arguments, gpus.environment() + " " + more);
  }

  FakeGpus gpus;
};

struct Span {
  std::string gpu;
  int controller = 0;
  double begin = 0, end = 0;
};

// By pid; of trials that were killed the end is the beginning.
std::map<int, Span> spans(const FakeGpus& gpus) {
  std::map<int, Span> spans;
  std::ifstream log(gpus.path() / "log");
  std::string what, gpu;
  for (int pid = 0, controller = 0; log >> what >> pid >> controller >> gpu;) {
    Span& span = spans[pid];
    span.gpu = gpu;
    span.controller = controller;
    log >> span.end;
    if (what == "begin") span.begin = span.end;
  }
  return spans;
}

// The largest part of one device that trials took at once. /proc/uptime has hundredths: what ends and begins in the
// same one is not at once.
double most_at_once(const std::map<int, Span>& spans, const std::function<double(const Span&)>& share) {
  double most = 0;
  for (const auto& [pid, span] : spans) {
    double sum = 0;
    for (const auto& [other_pid, other] : spans)
      if (other.gpu == span.gpu && (pid == other_pid || (other.begin <= span.begin && span.begin < other.end)))
        sum += share(other);
    most = std::max(most, sum);
  }
  return most;
}
double most_at_once(const std::map<int, Span>& spans) {
  return most_at_once(spans, [](const Span&) { return 1.0; });
}

std::set<std::string> used(const FakeGpus& gpus) {
  std::set<std::string> names;
  for (const auto& [pid, span] : spans(gpus)) names.insert(span.gpu);
  return names;
}

// A `sweep` that runs beside the test, in a folder of its own.
class Controller {
 public:
  Controller(const Machine& machine, const std::string& name, const std::string& arguments,
             const std::string& environment = "")
      : errors_(machine.path() / (name + ".err")) {
    const std::string command = "cd '" + machine.path().string() + "' && exec env -i PATH=\"$PATH\" " +
                                machine.gpus.environment() + " " + environment + " '" SWEEP_BINARY_DIR "/bin/sweep' " +
                                arguments + " --runs runs-" + name + " >/dev/null 2>'" + errors_.string() +
                                "' </dev/null";
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~Controller() { end(SIGKILL); }

  int end(int signal = 0) {
    if (pid_ <= 0) return code_;
    if (signal != 0) ::kill(pid_, signal);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int pid() const { return pid_; }
  std::string errors() const {
    std::ostringstream text;
    text << std::ifstream(errors_).rdbuf();
    return text.str();
  }
  // Waits until `what` stands among its messages.
  bool says(const std::string& what) const {
    return eventually([&] { return has(errors(), what); });
  }
  static bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds())
      if (std::chrono::steady_clock::now() > until)
        return false;
      else
        ::usleep(5000);
    return true;
  }

 private:
  fs::path errors_;
  pid_t pid_ = -1;
  int code_ = -1;
};

}  // namespace

TEST_CASE("every trial gets one GPU by its UUID, and no GPU two trials at once") {
  const Machine machine(sweep_file("gpus", 9));
  const Said said = machine.on_gpus("run sweep.json --gpus 0,1,GPU-7");
  INFO(said.err);
  CHECK(said.code == 0);
  const auto trials = spans(machine.gpus);
  CHECK(trials.size() == 9);
  CHECK(most_at_once(trials) == 1);
  CHECK(used(machine.gpus) == std::set<std::string>{machine.gpus.uuid(0), machine.gpus.uuid(1), machine.gpus.uuid(7)});
}

TEST_CASE("a GPU in MIG mode runs a trial on each of its instances, and is of another model than a whole one") {
  const Machine machine(sweep_file("mig", 4));
  const Said said = machine.on_gpus("run sweep.json --gpus 4");
  INFO(said.err);
  CHECK(said.code == 0);
  CHECK(most_at_once(spans(machine.gpus)) == 1);
  CHECK(used(machine.gpus) == std::set<std::string>{machine.gpus.instance(0), machine.gpus.instance(1)});
  const Said mixed = machine.on_gpus("run sweep.json --gpus 0,4:1");
  CHECK(mixed.code == 2);
  CHECK(has(mixed.err, "the GPUs are of 2 models, and results depend on the model"));
}

TEST_CASE("slots_per_gpu trials share a GPU, and no more") {
  const Machine machine(sweep_file("shared", 8, 2));
  CHECK(machine.on_gpus("run sweep.json --gpus 0,1", "PAUSE=0.4").code == 0);
  CHECK(most_at_once(spans(machine.gpus)) == 2);
}

TEST_CASE("CUDA_VISIBLE_DEVICES limits a sweep without --gpus, and may leave it no GPU") {
  const Machine machine(sweep_file("visible", 3));
  CHECK(machine.on_gpus("run sweep.json", "CUDA_VISIBLE_DEVICES=2,1,9,0").code == 0);
  CHECK(used(machine.gpus) == std::set<std::string>{machine.gpus.uuid(2), machine.gpus.uuid(1)});
  const Said none = machine.on_gpus("run sweep.json --runs other", "CUDA_VISIBLE_DEVICES=");
  CHECK(none.code == 4);
  CHECK(has(none.err, "device cuda: CUDA_VISIBLE_DEVICES= names none of this machine's: 0 (NVIDIA A100"));
}

TEST_CASE(
    "an nvidia-smi that fails is quoted, ends a sweep that asks for a GPU and leaves the CPU to one that does not") {
  const Machine machine(sweep_file("failing", 1, 1, "auto"), "#!/bin/sh\necho loss=1\n");
  machine.gpus.fail(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.");
  const std::string quoted = "`nvidia-smi -L` ended with exit code 9: NVIDIA-SMI has failed because it";
  for (const char* flag : {"--gpus 0", "--device cuda"}) {
    const Said said = machine.on_gpus(std::string("run sweep.json ") + flag);
    CHECK(said.code == 4);
    CHECK(has(said.err, quoted));
  }
  const Said automatic = machine.on_gpus("run sweep.json");
  CHECK(automatic.code == 0);
  CHECK(has(automatic.err, "GPUs: " + quoted));
  CHECK(has(automatic.err, ", so the trials run on the CPU"));
}

TEST_CASE("a broken GPU is passed over with a word, unless it is asked for") {
  const Machine machine(sweep_file("broken", 1, 1, "auto"));
  const Said said = machine.on_gpus("run sweep.json", "CUDA_VISIBLE_DEVICES=6,0");
  CHECK(said.code == 0);
  CHECK(has(said.err, "GPU 6: is not used: memory.total: [Unknown Error]"));
  CHECK(used(machine.gpus) == std::set<std::string>{machine.gpus.uuid(0)});
  CHECK(machine.on_gpus("run sweep.json --gpus 6").code == 4);
}

TEST_CASE("two controllers on one machine share its GPUs and never a slot, and say whom they wait for") {
  const Machine machine(sweep_file("two", 8));
  Controller first(machine, "first", "run sweep.json --gpus 0,1"),
      second(machine, "second", "run sweep.json --gpus 0,1");
  const int pids[] = {first.pid(), second.pid()};
  CHECK(first.end() == 0);
  CHECK(second.end() == 0);
  const auto trials = spans(machine.gpus);
  CHECK(trials.size() == 16);
  CHECK(most_at_once(trials) == 1);
  const std::string said = first.errors() + second.errors();
  CHECK((has(said, "waits for GPU 0: another sweep (pid " + std::to_string(pids[0]) + ") holds it") ||
         has(said, "waits for GPU 0: another sweep (pid " + std::to_string(pids[1]) + ") holds it")));
}

TEST_CASE("a sweep that wants a GPU alone and one that shares it are never on it together") {
  const Machine machine(sweep_file("alone", 5));
  machine.write("shared.json", sweep_file("shared", 10, 2));
  Controller alone(machine, "alone", "run sweep.json --gpus 0"), shared(machine, "shared", "run shared.json --gpus 0");
  const int alone_pid = alone.pid();
  CHECK(alone.end() == 0);
  CHECK(shared.end() == 0);
  const auto trials = spans(machine.gpus);
  CHECK(trials.size() == 15);
  CHECK(most_at_once(trials, [&](const Span& s) { return s.controller == alone_pid ? 1.0 : 0.5; }) == 1);
}

TEST_CASE("a controller that is killed frees its slots, and who waited for them goes on") {
  const Machine machine(sweep_file("killed", 2));
  Controller first(machine, "first", "run sweep.json --gpus 0", "PAUSE=600");
  REQUIRE(Controller::eventually([&] { return spans(machine.gpus).size() == 1; }));
  const int trial = spans(machine.gpus).begin()->first;
  Controller second(machine, "second", "run sweep.json --gpus 0");
  CHECK(second.says("waits for GPU 0: another sweep (pid " + std::to_string(first.pid()) + ") holds it"));
  CHECK(spans(machine.gpus).size() == 1);
  first.end(SIGKILL);
  CHECK(second.end() == 0);
  CHECK(spans(machine.gpus).size() == 3);
  CHECK(::kill(trial, 0) != 0);
}

TEST_CASE("a GPU that somebody uses is waited for, which is said once, and used when it is free") {
  const Machine machine(sweep_file("busy", 2));
  machine.gpus.add_process(4711, machine.gpus.uuid(0), 12595, "/usr/bin/python");
  Controller controller(machine, "busy", "run sweep.json --gpus 0");
  const std::string waits = "waits for GPU 0: python (pid 4711) holds 12.3 GiB\n";
  CHECK(controller.says(waits));
  machine.gpus.add_process(4711, machine.gpus.uuid(0), 1024, "/usr/bin/python");
  CHECK(!fs::exists(machine.gpus.path() / "log"));
  machine.gpus.remove_process(4711);
  CHECK(controller.end() == 0);
  CHECK(spans(machine.gpus).size() == 2);
  const std::string said = controller.errors();
  CHECK(said.find("waits for") == said.rfind("waits for"));
}

TEST_CASE("what is waited for is progress under --json, and so is its end") {
  const Machine machine(sweep_file("json", 2));
  machine.gpus.add_process(4711, machine.gpus.uuid(0), 12595, "python");
  Controller controller(machine, "json", "run sweep.json --gpus 0 --json");
  CHECK(controller.says(R"({"for":["GPU 0: python (pid 4711) holds 12.3 GiB"],"progress":"waits"})"));
  machine.gpus.remove_process(4711);
  CHECK(controller.end() == 0);
  CHECK(has(controller.errors(), R"({"for":[],"progress":"waits"})"));
}

TEST_CASE("a busy GPU is used without a look where that is asked for, and ends a sweep that refuses one") {
  const Machine machine(sweep_file("policy", 3));
  machine.gpus.add_process(4711, machine.gpus.uuid(0), 12595, "python");
  const Said refused = machine.on_gpus("run sweep.json --gpus 0,1 --busy-gpus refuse");
  CHECK(refused.code == 4);
  CHECK(has(refused.err, "--busy-gpus refuse: GPU 0: python (pid 4711) holds 12.3 GiB, choose others with --gpus"));
  CHECK(machine.on_gpus("list").code == 0);
  CHECK(!fs::exists(machine.gpus.path() / "log"));
  fs::remove(machine.gpus.path() / "calls");
  CHECK(machine.on_gpus("run sweep.json --gpus 0 --busy-gpus use").code == 0);
  CHECK(machine.gpus.calls() == 3);  // what there is
  CHECK(machine.on_gpus("run sweep.json --gpus 1 --busy-gpus refuse --runs other").code == 0);
}

TEST_CASE("the next trial waits until the memory of the one before is free") {
  const Machine machine(sweep_file("memory", 2), std::string(kTrainer) +
                                                     "echo 5000 > \"$FAKE_GPUS/new.$$\"\n"
                                                     "mv \"$FAKE_GPUS/new.$$\" \"$FAKE_GPUS/used/$gpu\"\n");
  Controller controller(machine, "memory", "run sweep.json --gpus 0");
  CHECK(controller.says("waits for GPU 0: 4.9 GiB of the trial that ended are not free yet\n"));
  CHECK(spans(machine.gpus).size() == 1);
  machine.gpus.use_memory(0, 20);
  CHECK(controller.end() == 0);
  CHECK(spans(machine.gpus).size() == 2);
}

TEST_CASE("doctor shows GPUs and instances, who uses them, and what is broken") {
  const Machine machine(sweep_file("doctor", 1));
  machine.gpus.add_process(4711, machine.gpus.uuid(0), 12595, "python");
  machine.gpus.add_process(4712, machine.gpus.uuid(4), 10, "other");
  Controller controller(machine, "doctor", "run sweep.json --gpus 1", "PAUSE=600");
  REQUIRE(Controller::eventually([&] { return spans(machine.gpus).size() == 1; }));
  const Said said = machine.on_gpus("doctor");
  INFO(said.out);
  CHECK(said.code == 4);
  const std::string model = ": NVIDIA A100-SXM4-40GB";
  CHECK(has(said.out, "BAD  GPUs       9\n  GPU 0" + model + " (" + machine.gpus.uuid(0) +
                          "), 40.0 GiB memory, 4 MiB in use, 0 % busy, compute capability 8.0, driver 535.104\n"
                          "    python (pid 4711) holds 12.3 GiB\n  GPU 1"));
  CHECK(has(said.out, "    slot 0 of 1: a sweep (pid " + std::to_string(controller.pid()) + ")\n"));
  CHECK(has(said.out, "  GPU 4:1" + model + " MIG 3g.20gb (" + machine.gpus.instance(1) +
                          "), compute capability 8.0, driver 535.104\n"
                          "    other (pid 4712) holds 10 MiB, on this or another instance of the GPU\n"));
  CHECK(has(said.out, "; cannot be used: memory.total: [Unknown Error]\n"));
  const core::Json json = core::parse_json(machine.on_gpus("doctor --json").out, "doctor");
  const core::Json& gpus = json.at("findings").at("GPUs").at("detail");
  REQUIRE(gpus.size() == 9);
  CHECK(gpus[0].at("processes") == core::parse_json(R"([{"mb": 12595.0, "name": "python", "pid": 4711}])", ""));
  CHECK(gpus[1].at("slots")[0].at("pid") == controller.pid());
  CHECK(gpus[7].at("problem") == "memory.total: [Unknown Error]");
}
