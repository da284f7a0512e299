// The write-ahead log with a header and its page in one call: what others read of it, also where pages were written out
// before the end of a transaction, and written again.
#include "sweep/store/frame_writes.h"

#include <sqlite3.h>

#include <filesystem>
#include <string>

#include "tests/catch.h"
#include "tests/temporary_folder.h"

namespace {

struct Base {
  explicit Base(const std::filesystem::path& file) {
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    run("PRAGMA journal_mode = wal");
    run("PRAGMA synchronous = NORMAL");
    run("PRAGMA wal_autocheckpoint = 0");
  }
  ~Base() { sqlite3_close(handle); }
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;

  void run(const std::string& sql) {
    REQUIRE(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  std::string text(const std::string& sql) {
    std::string found;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) += values[0] ? values[0] : "null";
      return 0;
    };
    REQUIRE(sqlite3_exec(handle, sql.c_str(), keep, &found, nullptr) == SQLITE_OK);
    return found;
  }

  sqlite3* handle = nullptr;
};

}  // namespace

TEST_CASE("A log whose frames are written whole is read by others, transaction by transaction", "[store]") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "base";
  Base writer(file);
  writer.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
  sweep::write_frames_whole(writer.handle);
  sweep::write_frames_whole(writer.handle);  // once is enough
  Base reader(file);
  for (int i = 1; i <= 50; ++i) {
    writer.run("INSERT INTO t VALUES (" + std::to_string(i) + ", randomblob(700))");
    CHECK(reader.text("SELECT count(*) FROM t") == std::to_string(i));
  }
  CHECK(reader.text("PRAGMA integrity_check") == "ok");
  SECTION("after a transaction that was taken back") {
    writer.run("BEGIN; DELETE FROM t; ROLLBACK");
    reader.run("INSERT INTO t VALUES (51, 1)");
    writer.run("INSERT INTO t VALUES (52, 1)");
    CHECK(reader.text("SELECT count(*), max(a) FROM t") == "52");
  }
  SECTION("where the log begins anew") {
    writer.run("PRAGMA wal_checkpoint(RESTART)");
    writer.run("UPDATE t SET b = 1");
    CHECK(reader.text("SELECT sum(b) FROM t") == "50");
  }
  SECTION("where two write by turns") {
    sweep::write_frames_whole(reader.handle);
    for (int i = 0; i < 20; ++i) {
      writer.run("UPDATE t SET b = randomblob(800) WHERE a = " + std::to_string(1 + i));
      reader.run("UPDATE t SET b = randomblob(600) WHERE a = " + std::to_string(30 - i));
    }
  }
  CHECK(Base(file).text("PRAGMA integrity_check") == "ok");
}

TEST_CASE("A transaction that is larger than the cache, and writes its pages again, is whole", "[store]") {
  const TemporaryFolder folder;
  const auto file = folder.path() / "base";
  Base writer(file);
  writer.run("PRAGMA cache_size = 10");
  writer.run("CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
  sweep::write_frames_whole(writer.handle);
  writer.run("BEGIN");
  for (int i = 1; i <= 300; ++i) writer.run("INSERT INTO t VALUES (" + std::to_string(i) + ", randomblob(900))");
  for (int round = 0; round < 3; ++round) writer.run("UPDATE t SET b = randomblob(900)");
  writer.run("COMMIT");
  Base reader(file);
  CHECK(reader.text("SELECT count(*) FROM t") == "300");
  CHECK(reader.text("PRAGMA integrity_check") == "ok");
  // As after a crash: the log alone says what was committed.
  const auto copy = folder.path() / "copy";
  std::filesystem::copy_file(file, copy);
  std::filesystem::copy_file(file.string() + "-wal", copy.string() + "-wal");
  Base recovered(copy);
  CHECK(recovered.text("SELECT count(*), sum(length(b)) FROM t") == "300");
  CHECK(recovered.text("SELECT sum(length(b)) FROM t") == "270000");
  CHECK(recovered.text("PRAGMA integrity_check") == "ok");
}
