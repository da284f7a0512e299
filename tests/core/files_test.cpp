// Whole files, read and durably written; messages of the three kinds of error.
#include "tests/catch.h"

#include <filesystem>

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

TEST_CASE("a user's error prints every problem, each as place: problem, remedy") {
  const core::UserError error({{"a.json:1:2", "no such key 'x'", "did you mean 'y'?", "{\"x\"\n ^"}, {"", "bad", "", ""}});
  CHECK(std::string(error.what()) == "a.json:1:2: no such key 'x', did you mean 'y'?\n{\"x\"\n ^\nbad");
}

TEST_CASE("the build knows its version and back ends") {
  CHECK(core::build().version == "0.1.0");
  CHECK(core::build().back_ends.substr(0, 3) == "cpu");
  CHECK_FALSE(core::build().git_commit.empty());
}
