// A capsule as it is meant: made in one folder, replayed where there is nothing but itself and the two programs.
#include <grp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "core/digest.h"
#include "core/files.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/end_to_end/program.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

namespace {

namespace fs = std::filesystem;

const fs::path kTrainer = fs::path(sweep_program()).parent_path() / "sweep-trainer";

// A folder in which the quickstart ran, one trial of it.
struct Maker {
  TemporaryFolder folder;

  Maker() {
    const std::string quickstart = std::string(SWEEP_SOURCE_DIR) + "/sweeps/quickstart.json";
    const Ended ran = sweep({"run", quickstart, "--count", "1", "--device", "cpu", "--quiet"});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
  }
  Ended sweep(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), sweep_program());
    arguments.insert(arguments.end(), {"--runs", (folder.path() / "runs").string()});
    return Program(folder.path(), arguments).wait();
  }
  fs::path capsule(std::vector<std::string> flags = {}) const {
    const fs::path file = folder.path() / "one.capsule";
    flags.insert(flags.begin(), {"export", "#0", "-o", file.string()});
    const Ended ended = sweep(flags);
    INFO(ended.err);
    REQUIRE(ended.code == 0);
    return file;
  }
};

std::vector<fs::path> libraries_of(const fs::path& program, const fs::path& folder) {
  const Ended ldd = Program(folder, {"/usr/bin/ldd", program.string()}).wait();
  std::vector<fs::path> libraries;
  std::istringstream words(ldd.out);
  for (std::string word; words >> word;)
    if (word.starts_with('/')) libraries.emplace_back(word);
  return libraries;
}

// Copied through links, to where the dynamic loader looks for it.
void put(const fs::path& file, const fs::path& root) {
  const fs::path target = root / file.relative_path();
  fs::create_directories(target.parent_path());
  fs::copy_file(file, target, fs::copy_options::skip_existing);
}

// Two programs, their libraries, a capsule, and nothing else: no /proc, no /dev.
void furnish(const fs::path& root, const fs::path& capsule, const fs::path& work) {
  fs::create_directories(root / "bin");
  fs::create_directories(root / "tmp");
  for (const fs::path& program : {fs::path(sweep_program()), kTrainer}) {
    fs::copy_file(program, root / "bin" / program.filename());
    for (const fs::path& library : libraries_of(program, work)) put(library, root);
  }
  fs::copy_file(capsule, root / "one.capsule");
}

// How this user gets a program into `root`: as root by itself, else with a user namespace; nothing where neither works.
std::vector<std::string> way_into(const fs::path& root, const fs::path& work) {
  const std::vector<std::vector<std::string>> ways = {
      {"/usr/sbin/chroot", root.string()},
      {"/usr/bin/unshare", "--user", "--map-root-user", "--root=" + root.string()}};
  for (std::vector<std::string> way : ways) {
    std::vector<std::string> line = way;
    line.insert(line.end(), {"/bin/sweep", "--version"});
    if (fs::exists(way.front()) && Program(work, line).wait().code == 0) return way;
  }
  return {};
}

}  // namespace

TEST_CASE("a capsule made in one folder replays identically in an empty root with the two programs alone") {
  const Maker maker;
  const fs::path root = maker.folder.path() / "root", work = maker.folder.path();
  furnish(root, maker.capsule(), work);
  std::vector<std::string> line = way_into(root, work);
  if (line.empty()) skip("neither chroot nor a user namespace is allowed here");
  line.insert(line.end(), {"/bin/sweep", "replay", "/one.capsule", "--json"});
  const Ended ended = Program(work, line, {"TMPDIR=/tmp"}).wait();
  INFO(ended.err);
  REQUIRE(ended.code == 0);
  const core::Json replayed = core::parse_json(ended.out, "replay");
  CHECK(replayed["verdict"] == "identical");
  CHECK(replayed["compared"]["steps"].get<int>() > 0);
  CHECK(replayed["compared"]["digests"] == 1);
  CHECK(fs::is_empty(root / "tmp"));  // nothing is left behind
}

TEST_CASE("a capsule replays in an empty folder, and what it held is gone afterwards") {
  const Maker maker;
  const fs::path file = maker.capsule();
  const TemporaryFolder elsewhere;
  fs::create_directory(elsewhere.path() / "tmp");
  const std::string temporary = "TMPDIR=" + (elsewhere.path() / "tmp").string();
  const Ended ended = Program(elsewhere.path(), {sweep_program(), "replay", file.string()}, {temporary}).wait();
  INFO(ended.out + ended.err);
  CHECK(ended.code == 0);
  CHECK(ended.out.starts_with("capsule "));
  CHECK(ended.out.find(": 5 parts, none changed\nidentical: trial ") != std::string::npos);
  CHECK(fs::is_empty(elsewhere.path() / "tmp"));

  // The same under --runs, which gets no store.
  const std::string runs = (elsewhere.path() / "mine").string();
  CHECK(
      Program(elsewhere.path(), {sweep_program(), "replay", file.string(), "--runs", runs}, {temporary}).wait().code ==
      0);
  CHECK(fs::is_empty(runs));
}

TEST_CASE("a trainer that came in a capsule runs only where that was asked for") {
  const Maker maker;
  const fs::path file = maker.capsule({"--with-trainer"});
  const TemporaryFolder elsewhere;
  const std::vector<std::string> line = {sweep_program(), "replay", file.string()};
  const std::string none = "SWEEP_TRAINER=" + (elsewhere.path() / "none").string();
  const Ended refused = Program(elsewhere.path(), line, {none}).wait();
  CHECK(refused.code == 4);
  CHECK(refused.out.empty());
  const std::string digest = core::sha256_file(kTrainer);
  CHECK(refused.err.find("(executable " + digest +
                         "), and here is no trainer, the capsule holds it: --trust-trainer "
                         "lets it run, if you trust who made the capsule\n") != std::string::npos);

  std::vector<std::string> trusting = line;
  trusting.push_back("--trust-trainer");
  const Ended trusted = Program(elsewhere.path(), trusting, {none}).wait();
  INFO(trusted.err);
  CHECK(trusted.code == 0);
}
