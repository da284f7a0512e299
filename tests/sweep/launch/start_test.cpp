// A child that waits for the word to become its program, asleep or for a moment awake.
#include "sweep/launch/start.h"

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/catch.h"
#include "tests/skip.h"

namespace {

using std::chrono::milliseconds;

double cpu_seconds_of(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  REQUIRE(::clock_getcpuclockid(pid, &clock) == 0);
  REQUIRE(::clock_gettime(clock, &used) == 0);
  return static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
}

// The third word of its stat: S where it sleeps. Its name, the second, is this program's, which has no blank.
std::string state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  file >> number >> name >> state;
  return state;
}

bool sleeps_soon(pid_t pid) {
  for (int i = 0; i < 5000 && state_of(pid) != "S"; ++i) std::this_thread::sleep_for(milliseconds(1));
  return state_of(pid) == "S";
}

}  // namespace

TEST_CASE("a child that is told to be ready begins at the word, at once or later, and however often it was told") {
  const auto pause = GENERATE(milliseconds(0), milliseconds(1), milliseconds(20));
  const int times = GENERATE(0, 1, 3);
  const bool waits = GENERATE(true, false);
  const sweep::Pipe out = sweep::make_pipe();
  sweep::Child child({{"/bin/echo", "here"}, {}, out.write_end.get()}, sweep::Begin::kWhenTold);
  if (waits) CHECK(sleeps_soon(child.pid()));
  for (int i = 0; i < times; ++i) child.ready();
  std::this_thread::sleep_for(pause);
  child.go();
  char block[16] = {};
  CHECK(::read(out.read_end.get(), block, sizeof block) == 5);
  CHECK(std::string(block) == "here\n");
  int status = -1;
  CHECK(::waitpid(child.pid(), &status, 0) == child.pid());
  CHECK(status == 0);
}

TEST_CASE("a child whose word does not come is awake for a moment, on another processor than who told it, and sleeps") {
  const auto on = [](pid_t pid, int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return ::sched_setaffinity(pid, sizeof set, &set) == 0;
  };
  cpu_set_t before;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  std::vector<int> processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &before)) processors.push_back(i);
  if (processors.size() < 2) skip("one processor");
  const bool on_another = GENERATE(true, false);

  sweep::Child child({{"/bin/true"}, {}}, sweep::Begin::kWhenTold);
  CHECK(sleeps_soon(child.pid()));
  CHECK(on(child.pid(), processors[on_another ? 1 : 0]));
  CHECK(on(0, processors[0]));
  const double used_before = cpu_seconds_of(child.pid());
  for (int i = 0; i < 20; ++i) {
    child.ready();
    std::this_thread::sleep_for(milliseconds(5));
  }
  CHECK(sleeps_soon(child.pid()));
  const double used = cpu_seconds_of(child.pid()) - used_before;
  CHECK(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(used < (on_another ? 0.03 : 0.003));
  if (on_another) CHECK(used > 0.001);
  ::kill(child.pid(), SIGKILL);
  CHECK(::waitpid(child.pid(), nullptr, 0) == child.pid());
}
