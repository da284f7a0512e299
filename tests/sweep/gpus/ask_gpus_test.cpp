// nvidia-smi asked, where it answers and where it does not.
#include <fcntl.h>

#include <chrono>

#include "core/json.h"
#include "sweep/gpus/gpus.h"
#include "tests/catch.h"
#include "tests/fakes/fake_gpus.h"

using sweep::ask_gpus;
using sweep::GpuAnswer;

TEST_CASE("eight GPUs, of which one has two instances, one none, and one is lost") {
  const FakeGpus machine;
  machine.install();
  machine.use_memory(1, 310);
  const GpuAnswer answer = ask_gpus();
  CHECK(answer.problem.empty());
  REQUIRE(answer.gpus.size() == 9);
  CHECK(answer.gpus[1].used_mib == 310);
  CHECK(answer.gpus[4].uuid == machine.instance(0));
  CHECK(answer.gpus[5].number == "4:1");
  CHECK(answer.gpus[6].problem == "it is in MIG mode and has no instance");
  CHECK(answer.gpus[7].problem == "memory.total: [Unknown Error]");
  CHECK(answer.gpus[8].problem.empty());
  const core::Json json = sweep::gpus_json(answer.gpus);
  CHECK(json[0] == core::Json{{"number", "0"},
                              {"name", "NVIDIA A100-SXM4-40GB"},
                              {"uuid", machine.uuid(0)},
                              {"driver", "535.104"},
                              {"compute_capability", "8.0"},
                              {"memory_mb", 40960}});
  CHECK(json[4]["memory_mb"].is_null());
}

TEST_CASE("a process is found with the pids above it, one that is not here as such") {
  const FakeGpus machine;
  machine.install();
  machine.add_process(::getpid(), machine.uuid(2), 100, "/usr/bin/gpus_tests");
  machine.add_process(0x7ffffff0, machine.uuid(3), 100, "gone");
  const GpuAnswer answer = ask_gpus();
  REQUIRE(answer.processes.size() == 2);
  const sweep::GpuProcess& ours = answer.processes[answer.processes[0].pid == ::getpid() ? 0 : 1];
  const sweep::GpuProcess& other = answer.processes[answer.processes[0].pid == ::getpid() ? 1 : 0];
  CHECK(ours.lives);
  REQUIRE(ours.lineage.size() >= 2);
  CHECK(ours.lineage[1] == ::getppid());
  CHECK(!other.lives);
}

TEST_CASE("GPUs that are known are not listed again, and what was wrong with them is looked at anew") {
  const FakeGpus machine;
  machine.install();
  std::vector<sweep::Gpu> known = {ask_gpus().gpus.at(0)};
  known[0].problem = "was lost";
  std::filesystem::remove(machine.path() / "list");
  const GpuAnswer answer = ask_gpus(known);
  CHECK(answer.problem.empty());
  CHECK(answer.gpus.at(0).problem.empty());
  CHECK(answer.gpus.at(0).used_mib == 4);
}

TEST_CASE("an nvidia-smi that fails, talks nonsense or hangs is quoted") {
  const FakeGpus machine;
  machine.install();
  machine.fail(9, "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.");
  CHECK(ask_gpus().problem ==
        "`nvidia-smi -L` ended with exit code 9: NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA "
        "driver.");
  machine.fail(0, "No devices were found");
  CHECK(ask_gpus().problem == "`nvidia-smi -L` prints: No devices were found");
  machine.fail(0, "");
  CHECK(ask_gpus().problem == "`nvidia-smi -L` prints nothing");
  machine.mend();
  machine.hang();
  const GpuAnswer hanging = ask_gpus({}, std::chrono::milliseconds(100));
  CHECK(hanging.has_nvidia_smi);
  CHECK(hanging.problem == "`nvidia-smi -L` gave no answer within 0.1 s");
}

TEST_CASE("an old nvidia-smi that does not know the figures still says what GPUs there are") {
  const FakeGpus machine;
  machine.install();
  const auto known = ask_gpus().gpus;
  machine.fail(2, "Field \"compute_cap\" is not a valid field to query.");
  const GpuAnswer answer = ask_gpus({known[0]});
  CHECK(answer.gpus.size() == 1);
  CHECK(!answer.gpus[0].used_mib);
  CHECK(answer.problem.ends_with("ended with exit code 2: Field \"compute_cap\" is not a valid field to query."));
}

TEST_CASE("a look that nobody wants any more ends at once") {
  const FakeGpus machine;
  machine.install();
  machine.hang();
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  ::close(ends[1]);
  CHECK(!ask_gpus({}, std::chrono::minutes(10), ends[0]).problem.empty());
  ::close(ends[0]);
}

TEST_CASE("without an nvidia-smi there is no problem and no GPU") {
  const std::string before = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  const GpuAnswer answer = ask_gpus();
  ::setenv("PATH", before.c_str(), 1);
  CHECK(!answer.has_nvidia_smi);
  CHECK(answer.problem.empty());
  CHECK(answer.gpus.empty());
}
