// Where an export is written: whole or not at all, and in nobody's place but an earlier export's.
#include "sweep/exports/target.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/files.h"
#include "protocol/files.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;
using sweep::ExportTarget;

namespace {

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

void write(const fs::path& path, ExportTarget::Kind kind, bool force, const std::string& contents) {
  ExportTarget target(path, kind, force);
  if (kind == ExportTarget::Kind::kFolder) {
    target.add(protocol::kExportFile, contents);
    target.add("a/b/c", "1");
    target.add("a/b/d", "2");
    target.add_folder("empty");
    CHECK(target.files() == 3);
    CHECK(target.bytes() == contents.size() + 2);
  } else {
    target.append(sweep::kExportFileBegin);
    target.append(contents);
  }
  CHECK(fs::exists(path) == force);  // an old one stays until the new one is whole
  target.commit();
}

std::string refusal(const fs::path& path, ExportTarget::Kind kind, bool force) {
  try {
    ExportTarget target(path, kind, force);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "was taken";
}

constexpr auto kFolder = ExportTarget::Kind::kFolder, kFile = ExportTarget::Kind::kFile;

}  // namespace

TEST_CASE("a folder appears whole, with the folders between, and nothing beside it") {
  const TemporaryFolder place;
  write(place.path() / "new" / "export", kFolder, false, "first");
  CHECK(names_in(place.path() / "new") == std::vector<std::string>{"export"});
  CHECK(names_in(place.path() / "new" / "export") == std::vector<std::string>{"a", "empty", protocol::kExportFile});
  CHECK(core::read_file(place.path() / "new" / "export" / "a" / "b" / "d") == "2");
}

TEST_CASE("a file that is longer than the buffer is written whole") {
  const TemporaryFolder place;
  std::string expected(sweep::kExportFileBegin);
  {
    ExportTarget target(place.path() / "journal", kFile, false);
    target.append(sweep::kExportFileBegin);
    for (int i = 0; i < 100'000; ++i) {
      const std::string line = "line " + std::to_string(i) + "\n";
      target.append(line);
      expected += line;
    }
    CHECK(!fs::exists(place.path() / "journal"));
    target.commit();
    CHECK(target.files() == 1);
    CHECK(target.bytes() == expected.size());
  }
  CHECK(core::read_file(place.path() / "journal") == expected);
  CHECK(names_in(place.path()) == std::vector<std::string>{"journal"});
}

TEST_CASE("what was begun and not brought to its end leaves nothing") {
  const TemporaryFolder place;
  {
    ExportTarget folder(place.path() / "a", kFolder, false), file(place.path() / "b", kFile, false);
    folder.add("x/y", "z");
    file.append("z");
  }
  CHECK(fs::is_empty(place.path()));
}

TEST_CASE("what is there already is refused, and with force only an earlier export is replaced, and kept") {
  const TemporaryFolder place;
  const fs::path folder = place.path() / "folder", file = place.path() / "file";
  write(folder, kFolder, false, "first");
  write(file, kFile, false, "first");
  CHECK(refusal(folder, kFolder, false) ==
        folder.string() + ": is there already, name another path with -o, or replace it with --force");
  CHECK(refusal(file, kFile, false) ==
        file.string() + ": is there already, name another path with -o, or replace it with --force");
  CHECK(refusal(file, kFolder, true) ==
        file.string() +
            ": is no folder that an export wrote, and --force replaces nothing else, name another path with -o");
  CHECK(refusal(folder, kFile, true) ==
        folder.string() +
            ": is no file that an export wrote, and --force replaces nothing else, name another path with -o");
  write(folder, kFolder, true, "second");
  write(file, kFile, true, "second");
  CHECK(core::read_file(folder / protocol::kExportFile) == "second");
  CHECK(core::read_file(file).ends_with("second"));
  CHECK(names_in(place.path()) == std::vector<std::string>{"file", "file.old", "folder", "folder.old"});
  CHECK(core::read_file(folder.string() + ".old/" + protocol::kExportFile) == "first");
  CHECK(core::read_file(file.string() + ".old").ends_with("first"));
  write(folder, kFolder, true, "third");
  CHECK(core::read_file(folder.string() + ".old2/" + protocol::kExportFile) == "second");

  place.write("mine/thesis.tex", "years of work");
  place.write("sweeps.db", "SQLite format 3");
  fs::create_directory_symlink(folder, place.path() / "link");
  for (const char* name : {"mine", "link", "sweeps.db"}) {
    INFO(name);
    for (const auto kind : {kFolder, kFile})
      CHECK(refusal(place.path() / name, kind, true).find("and --force replaces nothing else") != std::string::npos);
  }
  CHECK(core::read_file(place.path() / "mine" / "thesis.tex") == "years of work");
}

TEST_CASE("what a killed export left is taken away by the next one to the same path, and nothing else") {
  const TemporaryFolder place;
  const auto killed = [&](const char* name, ExportTarget::Kind kind) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ExportTarget target(place.path() / name, kind, false);
      if (kind == kFolder) target.add("x/y", "z");
      ::raise(SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
  };
  killed("a", kFolder);
  killed("b", kFile);
  CHECK(names_in(place.path()).size() == 2);
  place.write("a.sweep-export-notes", "mine");
  place.write("a.tmp4711", "mine");
  place.write("elsewhere/x", "mine");
  fs::create_directory_symlink(place.path() / "elsewhere", place.path() / "a.sweep-export-1-0");
  {
    ExportTarget living(place.path() / "a", kFolder, false);  // another one writes to the same path
    living.add("x", "y");
    CHECK(names_in(place.path()).size() == 6);  // with what is left of b
    write(place.path() / "b", kFile, false, "");
    write(place.path() / "a", kFolder, false, "");
    living.add("still", "there");
  }
  CHECK(names_in(place.path()) ==
        std::vector<std::string>{"a", "a.sweep-export-1-0", "a.sweep-export-notes", "a.tmp4711", "b", "elsewhere"});
  CHECK(core::read_file(place.path() / "elsewhere" / "x") == "mine");
}

TEST_CASE("exports that replace one another at the same time keep every earlier one") {
  const TemporaryFolder place;
  constexpr int kWriters = 4, kEach = 12;
  write(place.path() / "a", kFile, false, "first");
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    children.push_back(::fork());
    REQUIRE(children.back() >= 0);
    if (children.back() != 0) continue;
    int written = 0;
    for (int i = 0; i < kEach; ++i) {
      ExportTarget target(place.path() / "a", kFile, true);
      target.append(sweep::kExportFileBegin);
      target.commit();
      ++written;
    }
    ::_exit(written);
  }
  std::size_t written = 1;
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    written += static_cast<std::size_t>(WEXITSTATUS(status));
  }
  CHECK(written == 1 + kWriters * kEach);
  CHECK(names_in(place.path()).size() == written);
}

TEST_CASE("what came to be there while an export was written is not replaced") {
  const TemporaryFolder place;
  ExportTarget folder(place.path() / "a", kFolder, false), file(place.path() / "b", kFile, false);
  place.write("a/mine", "x");
  place.write("b", "y");
  for (ExportTarget* target : {&folder, &file}) CHECK_THROWS_AS(target->commit(), core::UserError);
  CHECK(core::read_file(place.path() / "a" / "mine") == "x");
  CHECK(core::read_file(place.path() / "b") == "y");
}

TEST_CASE("a path that names nothing new is refused, one that cannot be is the machine's fault") {
  const TemporaryFolder place;
  for (const char* path : {"", ".", "..", "/", "a/.."}) {
    INFO(path);
    CHECK(refusal(path, kFolder, true) ==
          "--output: '" + std::string(path == std::string("/") ? "/" : path) + "' is no name of a new file or folder");
  }
  place.write("file", "x");
  for (const auto kind : {kFolder, kFile}) {
    CHECK_THROWS_AS(ExportTarget(place.path() / "file" / "x", kind, false), core::EnvironmentError);
    CHECK_THROWS_AS(ExportTarget(place.path() / std::string(300, 'x'), kind, false), core::EnvironmentError);
  }
  CHECK(names_in(place.path()) == std::vector<std::string>{"file"});
}
