// What the room finds out about a folder before there is a store in it.
#include "sweep/store/probe.h"

#include <filesystem>

#include "tests/catch.h"
#include "tests/temporary_folder.h"

TEST_CASE("a probe of a folder tells SQLite's version and times, leaves nothing, and says where no store can be") {
  const TemporaryFolder folder;
  const sweep::StoreProbe probe = sweep::probe_store(folder.path());
  CHECK(probe.problem.empty());
  CHECK(probe.sqlite.starts_with("3."));
  CHECK((probe.journal == "wal" || probe.journal == "delete"));
  CHECK(probe.commit_ms > 0);
  CHECK(probe.durable_ms > 0);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(sweep::probe_store("/proc").problem.starts_with("/proc: cannot be written: "));
}
