// Who a user's program is, here and in its record, and what it is started with.
#include "sweep/dispatch/user_program.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using core::Json;
using sweep::ReadyProgram;

sweep::Spec spec_of(const Json& command) {
  const Json file = {{"method", "grid"},
                     {"metric", {{"name", "loss"}}},
                     {"compat", "wandb"},
                     {"command", command},
                     {"parameters", {{"x", {{"values", {1}}}}}}};
  return sweep::read_spec(core::canonical_json(file), "sweep.json");
}

// A folder with a script that a command names, and a file that it gives to it.
struct Project {
  TemporaryFolder folder;
  fs::path path = fs::canonical(folder.path());
  Project() {
    folder.write("train.sh", "echo loss=1\n");
    folder.write("lr.txt", "0.1\n");
  }
  Json relative() const { return {"/bin/sh", "train.sh", "--with=lr.txt", "${args}"}; }
  Json absolute() const {
    return {"/bin/sh", (path / "train.sh").string(), "--with=" + (path / "lr.txt").string(), "${args}"};
  }
  ReadyProgram find(const Json& command) const {
    return sweep::find_program(spec_of(command), path / "sweep.json", path, path / "runs");
  }
};

}  // namespace

TEST_CASE(
    "a program is the same in every folder, whether its command names the files of its folder by absolute paths") {
  const Project one, two;
  const std::string known = "program/1:7088505904e5a5eb11d9e084001eac34cdc1ffd9810afc20aaadb8674a128691";
  CHECK(one.find(one.relative()).identity() == known);
  CHECK(one.find(one.absolute()).identity() == known);
  CHECK(two.find(two.absolute()).identity() == known);
  CHECK(two.find(one.absolute()).identity() != known);
}

TEST_CASE("a record whose command has absolute paths, as older ones have, is that of the program where it was") {
  const Project project;
  ReadyProgram old = project.find(project.absolute());
  old.sources.command = project.absolute().get<std::vector<std::string>>();
  sweep::SweepRecord record;
  record.id = "0123456789abcdef";
  record.file = (project.path / "sweep.json").string();
  record.program = old.record();
  record.identity = {{"trainer", old.identity()}};
  REQUIRE(old.identity() != project.find(project.absolute()).identity());
  const auto find = [&](const Json& command) {
    return sweep::find_recorded_program(spec_of(command), record, project.path / "runs");
  };
  CHECK(find(project.absolute()).identity() == old.identity());
  CHECK(find(project.absolute()).record() == record.program);
  Json other = project.absolute();
  other.push_back("--more");
  CHECK_THROWS_WITH(find(other), Catch::Contains("its command or a template"));
  project.folder.write("lr.txt", "0.2\n");
  CHECK_THROWS_WITH(find(project.absolute()), Catch::Contains("lr.txt"));
}

TEST_CASE("a program with the stand-in for wandb is told the ranks that sweep itself was started with") {
  const Project project;
  ReadyProgram program = project.find(project.relative());
  program.modules = project.path / "modules";
  sweep::PlannedTrial trial;
  trial.config = {{"x", 1}};
  const auto told = [&] { return sweep::start_of(program, trial, project.path).environment; };
  for (const char* name : {"RANK", "LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"}) ::unsetenv(name);
  CHECK_FALSE(told().contains("SWEEP_OUTER_RANKS"));
  ::setenv("LOCAL_RANK", "0", 1);
  ::setenv("RANK", "1", 1);
  ::setenv("SLURM_PROCID", "3", 1);
  CHECK(told()["SWEEP_OUTER_RANKS"] == "RANK=1 SLURM_PROCID=3");
  for (const char* name : {"RANK", "LOCAL_RANK", "SLURM_PROCID"}) ::unsetenv(name);
}

TEST_CASE("a signal that asks to end ends a command under record and leaves out those after it, and stays") {
  sweep::UserProgram program;
  program.record = {{"/bin/sh", "-c", "echo first; exit 3"},
                    {"/bin/sh", "-c", "kill -TERM $PPID; exec sleep 1000"},
                    {"/bin/sh", "-c", "echo third"}};
  sigset_t term, before;
  ::sigemptyset(&term);
  ::sigaddset(&term, SIGTERM);
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &term, &before) == 0);
  const Json outputs = sweep::recorded_outputs(program);
  const timespec none{};
  CHECK(::sigtimedwait(&term, nullptr, &none) == SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(outputs.size() == 3);
  CHECK(outputs[0].at("code") == 3);
  CHECK(outputs[0].at("output") == "first\n");
  for (const int i : {1, 2}) {
    CHECK(outputs[i].at("command") == program.record[i]);
    CHECK(outputs[i].at("code").is_null());
    CHECK(outputs[i].at("output").is_null());
  }
}
