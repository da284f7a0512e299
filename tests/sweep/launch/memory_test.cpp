// Memory limits: the cgroups on a folder that looks like their file system, the sampling on real processes.
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/files.h"
#include "sweep/launch/memory.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;
using sweep::CgroupHome;

namespace {

// A tree of three cgroups, in which memory is given from the middle one downwards.
struct Tree : TemporaryFolder {
  Tree() {
    fs::create_directories(own());
    for (const fs::path& folder : {path(), path() / "user", own()}) {
      write(folder / "cgroup.procs", "");
      write(folder / "cgroup.subtree_control", folder == path() / "user" ? "cpu memory pids\n" : "\n");
    }
  }
  fs::path own() const { return path() / "user" / "session"; }
  static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
};

}  // namespace

TEST_CASE("attempts get their cgroups in the nearest folder that gives memory to its own") {
  const Tree tree;
  const auto home = CgroupHome::find(tree.own(), tree.path());
  REQUIRE(home.has_value());
  CHECK(home->folder() == tree.path() / "user");
  Tree::write(tree.path() / "user" / "cgroup.subtree_control", "cpu pids\n");
  CHECK(!CgroupHome::find(tree.own(), tree.path()));
}

TEST_CASE("a cgroup that cannot be limited is none, and what dead controllers left is removed") {
  const Tree tree;
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  const fs::path user = tree.path() / "user";
  const fs::path stale = user / ("sweep-" + std::to_string(dead) + "-0");
  const fs::path ours = user / ("sweep-" + std::to_string(::getpid()) + "-7"), foreign = user / "sweep-of-dust";
  for (const fs::path& folder : {stale, ours, foreign}) fs::create_directory(folder);
  auto home = CgroupHome::find(tree.own(), tree.path());
  REQUIRE(home.has_value());
  CHECK(!fs::exists(stale));
  CHECK(fs::exists(ours));
  CHECK(fs::exists(foreign));
  // In a folder that is none of the kernel's no file is there to be written.
  CHECK(!home->make(1 << 20).has_value());
  CHECK(!fs::exists(user / ("sweep-" + std::to_string(::getpid()) + "-0")));
}

TEST_CASE("the verdict of a cgroup is what the kernel counted") {
  const TemporaryFolder folder;
  sweep::AttemptCgroup cgroup(folder.path() / "sweep-1-0");
  fs::create_directory(cgroup.folder());
  CHECK(!cgroup.was_exceeded());
  Tree::write(cgroup.folder() / "memory.events", "low 0\nhigh 0\nmax 12\noom 0\noom_kill 0\n");
  CHECK(!cgroup.was_exceeded());
  Tree::write(cgroup.folder() / "memory.events", "low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\n");
  CHECK(cgroup.was_exceeded());
  Tree::write(cgroup.folder() / "memory.max", "1000\n");
  CHECK(cgroup.most_bytes() == 1000);
  Tree::write(cgroup.folder() / "memory.peak", "1200\n");
  CHECK(cgroup.most_bytes() == 1200);
  Tree::write(cgroup.folder() / "cgroup.procs", "");
  CHECK(cgroup.take(4711));
  CHECK(core::read_file(cgroup.folder() / "cgroup.procs") == "4711");
}
