// What a process prints, kept in memory while it is little and in a file once it is more.
#include "sweep/launch/kept_output.h"

#include "core/files.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

using sweep::KeptOutput;

TEST_CASE("output that grows beyond memory after its file was begun is whole in the file, whenever that is written") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "attempt-0" / "stdout.log";
  const std::string line(2000, 'y');
  KeptOutput kept(file);
  kept.add(line);
  CHECK(kept.is_ahead_of_file());
  kept.write_file();
  CHECK_FALSE(kept.is_ahead_of_file());
  kept.add(line);
  kept.add(line);
  kept.write_file();  // a timer that was set before
  kept.add("end");
  kept.write_file();
  CHECK_FALSE(kept.is_ahead_of_file());
  CHECK(kept.take().empty());
  CHECK(kept.bytes() == 6003);
  CHECK(core::read_file(file, 10000) == line + line + line + "end");
}

TEST_CASE("output that stays little leaves no file") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "attempt-0" / "stdout.log";
  KeptOutput kept(file);
  kept.add("a line\n");
  kept.write_file();
  CHECK(std::filesystem::exists(file));
  CHECK(kept.take() == "a line\n");
  CHECK_FALSE(std::filesystem::exists(file.parent_path()));
}
