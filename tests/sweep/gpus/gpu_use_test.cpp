// When a GPU is free for a trial.
#include "sweep/gpus/gpu_use.h"

#include "tests/catch.h"

using sweep::GpuAnswer;
using sweep::GpuTenants;
using sweep::judge_use;

namespace {

GpuAnswer look(double used_mib, std::vector<sweep::GpuProcess> processes = {}) {
  GpuAnswer answer;
  answer.gpus = {{.uuid = "GPU-a", .number = "1", .card = "GPU-a", .used_mib = used_mib},
                 {.uuid = "MIG-b", .number = "2:0", .card = "GPU-b"}};
  answer.processes = std::move(processes);
  return answer;
}

std::string text(const GpuAnswer& answer, const GpuTenants& tenants = {}) {
  return judge_use("GPU-a", answer, tenants).text;
}

const sweep::GpuProcess kStranger{
    .gpu = "GPU-a", .pid = 4711, .name = "python", .mib = 12595, .lives = true, .lineage = {4711, 4000, 1}};

}  // namespace

TEST_CASE("a GPU that nobody uses is free, whatever a desktop takes of it") {
  CHECK(text(look(4)).empty());
  CHECK(text(look(1024)).empty());
}

TEST_CASE("a process that is of no sweep's trial is named with its memory, the largest where there are several") {
  CHECK(text(look(13000, {kStranger})) == "python (pid 4711) holds 12.3 GiB");
  CHECK(judge_use("GPU-a", look(13000, {kStranger}), {}).who == "pid 4711");
  auto unknown = kStranger;
  unknown.pid = 12, unknown.name = "", unknown.mib.reset();
  CHECK(text(look(13000, {unknown})) == "a process (pid 12) holds an unknown amount of memory");
  CHECK(text(look(13000, {unknown, kStranger})) == "python (pid 4711) holds 12.3 GiB, and 1 more");
}

TEST_CASE("a process below a controller that runs a trial there is a sweep's") {
  CHECK(text(look(13000, {kStranger}), {.controllers = {4000}}).empty());
  CHECK(text(look(13000, {kStranger}), {.controllers = {4001}}) == "python (pid 4711) holds 12.3 GiB");
}

TEST_CASE("a process on another GPU, or on an unknown instance of one in MIG mode, stands in nobody's way") {
  auto other = kStranger;
  other.gpu = "GPU-b";
  CHECK(text(look(4, {other})).empty());
  CHECK(judge_use("MIG-b", look(4, {other}), {}).text.empty());
  other.gpu = "MIG-b";
  CHECK(judge_use("MIG-b", look(4, {other}), {}).text == "python (pid 4711) holds 12.3 GiB");
}

TEST_CASE("memory in use without a process is somebody's, unless a sweep's trial runs there") {
  CHECK(text(look(12595)) == "12.3 GiB are in use, by no process that nvidia-smi names");
  CHECK(text(look(12595), {.controllers = {4000}}).empty());
}

TEST_CASE("after a trial its memory must be free again") {
  const GpuTenants after = {.trial_just_ended = true, .mib_before_it = 300};
  CHECK(text(look(364), after).empty());
  CHECK(text(look(700), after) == "400 MiB of the trial that ended are not free yet");
  CHECK(judge_use("GPU-a", look(700), after).is_ours);
  CHECK(text(look(700), {.trial_just_ended = false, .mib_before_it = 300}).empty());
}

TEST_CASE("after a trial its processes must be gone, also where other trials share the GPU") {
  auto dead = kStranger;
  dead.lives = false;
  const GpuTenants after = {.controllers = {7}, .trial_just_ended = true};
  CHECK(text(look(13000, {dead}), after) == "the trial that ended (pid 4711) is not gone from it yet");
  CHECK(judge_use("GPU-a", look(13000, {dead}), after).is_ours);
  CHECK(!judge_use("GPU-a", look(13000, {kStranger}), after).is_ours);
}

TEST_CASE("a GPU of which nvidia-smi tells an error is not free, one of which it tells nothing is") {
  GpuAnswer answer = look(4);
  answer.gpus[0].problem = "memory.used: [Unknown Error]";
  CHECK(text(answer) == "nvidia-smi says memory.used: [Unknown Error]");
  CHECK(judge_use("GPU-z", answer, {}).text.empty());
}
