// A file that did not change is not read again, and one that did is.
#include "core/known_digests.h"

#include <sys/stat.h>

#include <fstream>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace {

// With times far enough back for a later change to show.
fs::path write(const fs::path& file, const std::string& text, int minutes_ago = 60) {
  std::ofstream(file, std::ios::binary) << text;
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::minutes(minutes_ago));
  return file;
}

// Another digest for every file of a known one: only what is not read gives it.
void forge(const fs::path& known) {
  core::Json all = core::parse_json(core::read_file(known), "known");
  for (auto& [path, look] : all["files"].items()) look[5] = "forged";
  all["sha256"] = core::sha256_hex(core::canonical_json(all["files"]));
  std::ofstream(known) << core::canonical_json(all);
}

}  // namespace

TEST_CASE("the digest of a large file that did not change comes from the file of known digests") {
  const TemporaryFolder folder;
  const fs::path known = folder.path() / "digests.json", large = folder.path() / "large",
                 small = folder.path() / "small";
  const std::string text(1u << 20, 'x');
  write(large, text);
  write(small, "x");
  struct stat state {};
  REQUIRE(stat(large.c_str(), &state) == 0);
  // A change of times is a change, too: the file is settled once they lie back.
  timespec now{};
  do clock_gettime(CLOCK_REALTIME, &now);
  while (now.tv_sec * 1000 + now.tv_nsec / 1'000'000 <
         state.st_ctim.tv_sec * 1000 + state.st_ctim.tv_nsec / 1'000'000 + 150);
  {
    core::KnownDigests digests(known);
    CHECK(digests.of(large) == core::sha256_hex(text));
    CHECK(digests.of(small) == core::sha256_hex("x"));
    digests.save();
  }
  forge(known);
  CHECK(core::KnownDigests(known).of(large) == "forged");
  CHECK(core::KnownDigests(known).of(small) == core::sha256_hex("x"));

  write(large, std::string(1u << 20, 'y'));
  CHECK(core::KnownDigests(known).of(large) == core::sha256_hex(std::string(1u << 20, 'y')));
}

TEST_CASE("a file of known digests that is damaged counts as empty, and one that cannot be written is no error") {
  const TemporaryFolder folder;
  const fs::path known = folder.path() / "digests.json", file = write(folder.path() / "file", "x");
  for (const char* text : {"", "{", "{\"files\":{},\"sha256\":\"0\"}", "{\"files\":{\"/x\":[1]},\"sha256\":1}", "[]"}) {
    std::ofstream(known) << text;
    CHECK(core::KnownDigests(known).of(file) == core::sha256_hex("x"));
  }
  core::KnownDigests nowhere(folder.path() / "file" / "digests.json");
  CHECK(nowhere.of(file) == core::sha256_hex("x"));
  nowhere.save();
  CHECK_THROWS_AS(nowhere.of(folder.path()), core::UserError);
}
