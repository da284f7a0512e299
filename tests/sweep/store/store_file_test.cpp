// The file of a store: what is none, what is damaged, what an older version made, and where it lies.
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "core/error.h"
#include "tests/catch.h"
#include "tests/skip.h"
#include "tests/sweep/store/stored.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Store;
using sweep::Study;
using sweep::StudyEvent;

namespace {

namespace fs = std::filesystem;

void sql(const fs::path& file, const char* statement) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, statement, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

// The store as version 1 made it: without target, repeats and program of a sweep.
void make_old(const fs::path& file) {
  for (const char* table : {"sweeps", "events", "trials", "replays"})
    sql(file, ("ALTER TABLE " + std::string(table) + " DROP COLUMN digest").c_str());
  sql(file, "ALTER TABLE trials DROP COLUMN events");
  sql(file, "ALTER TABLE trials DROP COLUMN outputs");
  sql(file, "DROP TABLE counts");
  sql(file, "ALTER TABLE trials DROP COLUMN repeats");
  sql(file, "ALTER TABLE trials DROP COLUMN detail");
  sql(file, "DROP TABLE outputs");
  sql(file, "DROP INDEX events_of_guard");
  sql(file, "ALTER TABLE sweeps DROP COLUMN target");
  sql(file, "ALTER TABLE sweeps DROP COLUMN repeats");
  sql(file, "ALTER TABLE sweeps DROP COLUMN program");
  sql(file, "PRAGMA user_version = 1");
}

std::string message_of_opening(const fs::path& runs, Store::Mode mode) {
  try {
    Store store(runs, mode);
    return "opened";
  } catch (const core::UserError& error) {
    return error.problems().front().problem;
  }
}

constexpr int kCannotMount = 1, kRead = 2, kNotRead = 3;

// In a process of its own, for which the folder lies on a file system that nobody can write.
int read_from_read_only_system(const fs::path& runs) {
  const pid_t child = ::fork();
  if (child == 0) {
    const char* folder = runs.c_str();
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount(folder, folder, nullptr, MS_BIND, nullptr) != 0 ||
        ::mount(nullptr, folder, nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      ::_exit(kCannotMount);
    try {
      ::_exit(Store(runs, Store::Mode::kReadOnly).sweeps().size() == 1 ? kRead : kNotRead);
    } catch (...) {
      ::_exit(kNotRead);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

const std::vector<std::string> kHostileNames = {
    "a b",   "100%",    "50%25",    "what?mode=memory",   "a#b", "l\xc3\xa4ufe", "\xff\xfe", "file:x",
    "-runs", "a&b=c;d", ":memory:", "file:///x?vfs=none", "\\",  "'\""};

}  // namespace

TEST_CASE("a folder without a store, another database, a text file and another version are named") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sweeps.db";
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadOnly) == "there is no store here");

  std::ofstream(file) << "this is no database, but long enough to look at: " << std::string(200, 'x');
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadWrite) == "is not a store");
  fs::remove(file);

  sql(file, "CREATE TABLE stamps (price)");
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadWrite) == "is a database, but not a store");
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadOnly) == "is a database, but not a store");
  fs::remove(file);

  Store(folder.path(), Store::Mode::kReadWrite);
  sql(file, "PRAGMA user_version = 99");
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadOnly) == "has schema version 99");
}

TEST_CASE("a store of version 1 is read as it is, and brought to the present version by the first writer") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sweeps.db";
  std::vector<StudyEvent> events = story();
  const std::vector<StudyEvent> more = {planned(2), ordered(2), ended(2, 0, Outcome::kFailed), repeat(3, 2)};
  events.insert(events.end(), more.begin(), more.end());
  std::vector<sweep::TrialSummary> rows;
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    store.add_sweep(record());
    Study study(loss());
    store.append(record().id, 123, events, study);
    rows = store.summaries(record().id);
    CHECK(rows[3].repeats == 2);
  }
  make_old(file);
  {
    const Store reader(folder.path(), Store::Mode::kReadOnly);
    CHECK(!reader.find_sweep(record().id)->target);
    CHECK(reader.find_sweep(record().id)->repeats == 1);
    CHECK(reader.sweeps().size() == 1);
    CHECK(lines(reader, record().id, sweep::Traces::kAll) == lines(events));
    Store writer(folder.path(), Store::Mode::kReadWrite);
    sweep::SweepRecord with = record("b");
    with.target = 0.5;
    writer.add_sweep(with);
    CHECK(writer.find_sweep("b")->target == 0.5);
    CHECK(writer.find_sweep(record().id)->repeats == 1);
    CHECK(writer.summaries(record().id) == rows);
    CHECK(lines(writer, record().id, sweep::Traces::kAll) == lines(events));
    CHECK(reader.sweeps().size() == 2);  // one that was open meanwhile
  }
  CHECK(message_of_opening(folder.path(), Store::Mode::kReadOnly) == "opened");
}

TEST_CASE("a damaged store is named as such") {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "sweeps.db";
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    store.add_sweep(record());
    Study study(loss());
    for (std::uint64_t i = 0; i < 400; ++i) store.append(record().id, 1, {planned(i)}, study);
  }
  const auto size = fs::file_size(file);
  std::fstream damage(file, std::ios::in | std::ios::out | std::ios::binary);
  damage.seekp(4096 * 2);
  damage << std::string(size - 4096 * 2, '\xAA');
  damage.close();
  const auto read = [&] {
    const Store store(folder.path(), Store::Mode::kReadOnly);
    lines(store, record().id, sweep::Traces::kAll);
  };
  CHECK_THROWS_AS(read(), core::UserError);
}

TEST_CASE("on a network file system the journal is a rollback journal") {
  CHECK(std::string(sweep::journal_mode(0xEF53)) == "wal");                           // ext4
  CHECK(std::string(sweep::journal_mode(0x6969)) == "delete");                        // NFS
  CHECK(std::string(sweep::journal_mode(static_cast<int>(0xFF534D42))) == "delete");  // CIFS, sign extended
}

TEST_CASE("a store lies in the folder that is named, whatever its name looks like, and is read there") {
  for (const std::string& name : kHostileNames) {
    CAPTURE(name);
    const TemporaryFolder folder;
    Store(folder.path() / name, Store::Mode::kReadWrite).add_sweep(record());
    CHECK(fs::file_size(folder.path() / name / "sweeps.db") > 0);
    CHECK(Store(folder.path() / name, Store::Mode::kReadOnly).sweeps().size() == 1);
  }
}

TEST_CASE("a store on a file system that nobody can write is read, whatever the name of its folder looks like") {
  for (const std::string& name : kHostileNames) {
    CAPTURE(name);
    const TemporaryFolder folder;
    Store(folder.path() / name, Store::Mode::kReadWrite).add_sweep(record());
    const int ended = read_from_read_only_system(folder.path() / name);
    if (ended == kCannotMount) skip("this user may mount nothing");
    CHECK(ended == kRead);
  }
}

TEST_CASE("Two who make a store at the same moment both have it", "[store]") {
  for (int round = 0; round < 20; ++round) {
    const TemporaryFolder folder;
    const auto make = [&] {
      Store store(folder.path(), Store::Mode::kReadWrite);
      return true;
    };
    std::future<bool> other = std::async(std::launch::async, make);
    CHECK(make());
    CHECK(other.get());
  }
}
