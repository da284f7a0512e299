// Whole files, read and durably written; messages of the three kinds of error.
#include "tests/catch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/version.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

TEST_CASE("a written file reads back and leaves no temporary file behind") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "new" / "file";
  const std::string contents("a\0b\n", 4);
  core::write_file_durably(file, "old");
  core::write_file_durably(file, contents);
  CHECK(core::read_file(file) == contents);
  CHECK(std::distance(fs::directory_iterator(file.parent_path()), fs::directory_iterator{}) == 1);
}

TEST_CASE("a process that is killed while it writes leaves the old file, and nothing else") {
  const TemporaryFolder folder;
  for (const char* name : {"old", "new"}) {
    if (name == std::string("old")) folder.write(name, "old");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const struct rlimit most { 4096, 4096 };
      ::setrlimit(RLIMIT_FSIZE, &most);
      ::signal(SIGXFSZ, SIG_DFL);  // kills at the byte after the last one
      core::write_file_durably(folder.path() / name, std::string(100'000, 'x'));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
  }
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator{}) == 1);
  CHECK(core::read_file(folder.path() / "old") == "old");
}

TEST_CASE("a file that cannot be written leaves the old one and says why") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "taken";
  fs::create_directories(file / "inside");
  CHECK_THROWS_AS(core::write_file_durably(file, "x"), core::EnvironmentError);
  CHECK(fs::is_directory(file));
}

TEST_CASE("a device is written to and stays a device, and a link stays a link") {
  core::write_file_durably("/dev/null", "x");
  CHECK(fs::is_character_file("/dev/null"));
  const TemporaryFolder folder;
  fs::create_symlink(folder.path() / "real", folder.path() / "link");
  core::write_file_durably(folder.path() / "link", "x");
  CHECK(fs::is_symlink(folder.path() / "link"));
  CHECK(core::read_file(folder.path() / "real") == "x");
}

TEST_CASE("reading names the file that is missing or is a folder") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(core::read_file(folder.path() / "none"),
                    (folder.path() / "none").string() + ": cannot be read: No such file or directory");
  CHECK_THROWS_WITH(core::read_file(folder.path()), folder.path().string() + ": is a folder, name a file");
}

TEST_CASE("a device and a pipe are refused at once, read or digested, and so is a file beyond the limit") {
  const TemporaryFolder folder;
  const std::string pipe = (folder.path() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string& place : {std::string("/dev/zero"), pipe}) {
    const std::string message = place + ": is a device, a pipe or a socket, name a regular file";
    CHECK_THROWS_WITH(core::read_file(place), message);
    CHECK_THROWS_WITH(core::sha256_file(place), message);
  }
  const std::string sparse = folder.write("sparse", "").string();
  fs::resize_file(sparse, std::uintmax_t{1} << 40);
  const std::string message = sparse + ": has 1099511627776 bytes, at most 67108864 bytes are allowed here";
  CHECK_THROWS_WITH(core::read_file(sparse, 67108864), message);
  CHECK_THROWS_WITH(core::sha256_file(sparse, 67108864), message);
}

TEST_CASE("a file of exactly the limit is read, and so is one whose size the system does not know") {
  const TemporaryFolder folder;
  CHECK(core::read_file(folder.write("file", "12345"), 5) == "12345");
  CHECK_THROWS_AS(core::read_file(folder.path() / "file", 4), core::UserError);
  CHECK(core::read_file("/proc/self/comm") == "core_tests\n");
  CHECK_THROWS_WITH(core::read_file("/proc/self/comm", 3),
                    "/proc/self/comm: grows while it is read, at most 3 bytes are allowed here");
}

TEST_CASE("a user's error prints every problem, each as place: problem, remedy") {
  const core::UserError error(
      {{"a.json:1:2", "no such key 'x'", "did you mean 'y'?", "{\"x\"\n ^"}, {"", "bad", "", ""}});
  CHECK(std::string(error.what()) == "a.json:1:2: no such key 'x', did you mean 'y'?\n{\"x\"\n ^\nbad");
}

TEST_CASE("the build knows its version and back ends") {
  CHECK(core::build().version == "0.1.0");
  CHECK(core::build().back_ends.substr(0, 3) == "cpu");
  CHECK_FALSE(core::build().git_commit.empty());
}

TEST_CASE("a file that is written durably has its permissions before it has its name") {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "program";
  core::write_file_durably(file, "#!/bin/sh\nexit 7\n", 0555);
  using std::filesystem::perms;
  const auto any_write = perms::owner_write | perms::group_write | perms::others_write;
  CHECK((std::filesystem::status(file).permissions() & any_write) == perms::none);
  CHECK((std::filesystem::status(file).permissions() & perms::owner_exec) != perms::none);
  core::write_file_durably(file, "#!/bin/sh\nexit 8\n", 0555);
  CHECK(core::read_file(file) == "#!/bin/sh\nexit 8\n");
}

TEST_CASE(
    "a path as a URI is absolute, and a byte that has a meaning there or is no ASCII is written with a percent sign") {
  CHECK(core::file_uri("/runs/a-b_c.d~/Z9") == "file:///runs/a-b_c.d~/Z9");
  CHECK(core::file_uri("/a b/100%/what?#1:;&=+") == "file:///a%20b/100%25/what%3F%231%3A%3B%26%3D%2B");
  CHECK(core::file_uri("/l\xc3\xa4ufe/\xff") == "file:///l%C3%A4ufe/%FF");
  CHECK(core::file_uri("file:x") == core::file_uri(std::filesystem::current_path()) + "/file%3Ax");
}
