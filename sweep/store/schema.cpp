// See schema.h.
#include "sweep/store/schema.h"

#include <fmt/format.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "sweep/store/frame_writes.h"
#include "sweep/store/rows.h"
#include "sweep/store/store.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kApplicationId = 0x73777031;

constexpr char kSchema[] = R"(
CREATE TABLE sweeps (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL,
  overrides TEXT NOT NULL, identity TEXT NOT NULL, data TEXT NOT NULL, trainer_sha256 TEXT NOT NULL,
  provenance TEXT NOT NULL, method TEXT NOT NULL, seed INTEGER NOT NULL, metric TEXT NOT NULL,
  trials INTEGER NOT NULL, created_ms INTEGER NOT NULL, target REAL, repeats INTEGER NOT NULL DEFAULT 1,
  program TEXT NOT NULL DEFAULT 'null', digest INTEGER);
CREATE TABLE events (
  number INTEGER PRIMARY KEY, sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, attempt INTEGER,
  seq INTEGER, kind TEXT NOT NULL, time_ms INTEGER NOT NULL, line TEXT NOT NULL,
  digest INTEGER);
CREATE INDEX events_of_trial ON events (sweep, trial_index, attempt, seq);
CREATE INDEX events_of_guard ON events (sweep, number) WHERE kind IN ('guard_lifted', 'reopened');
CREATE TABLE trials (
  sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, trial TEXT NOT NULL, seed INTEGER NOT NULL,
  attempts INTEGER NOT NULL, phase TEXT NOT NULL, outcome TEXT NOT NULL, value REAL, epoch INTEGER, step INTEGER,
  last_step INTEGER NOT NULL, seconds REAL NOT NULL, reused_from TEXT NOT NULL, repeats INTEGER,
  detail TEXT NOT NULL DEFAULT '', digest INTEGER, events INTEGER, outputs INTEGER,
  PRIMARY KEY (sweep, trial_index)) WITHOUT ROWID;
CREATE INDEX trials_by_id ON trials (trial);
CREATE TABLE outputs (
  sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, attempt INTEGER NOT NULL,
  stream INTEGER NOT NULL, bytes BLOB NOT NULL, digest INTEGER, PRIMARY KEY (sweep, trial_index, attempt, stream)) WITHOUT ROWID;
CREATE TABLE replays (
  number INTEGER PRIMARY KEY, trial TEXT NOT NULL, time_ms INTEGER NOT NULL, verdict TEXT NOT NULL,
  detail TEXT NOT NULL, digest INTEGER);
CREATE INDEX replays_by_trial ON replays (trial);
CREATE TABLE counts (
  table_name TEXT PRIMARY KEY, number INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;
)";

// From version 1 to 2: targets, replicates and programs of sweeps.
constexpr char kToVersion2[] = R"(
ALTER TABLE sweeps ADD COLUMN target REAL;
ALTER TABLE sweeps ADD COLUMN repeats INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sweeps ADD COLUMN program TEXT NOT NULL DEFAULT 'null';
)";

// From version 2 to 3: rows that need no event beside them, and what attempts printed.
constexpr char kToVersion3[] = R"(
CREATE INDEX events_of_guard ON events (sweep, number) WHERE kind IN ('guard_lifted', 'reopened');
ALTER TABLE trials ADD COLUMN repeats INTEGER;
ALTER TABLE trials ADD COLUMN detail TEXT NOT NULL DEFAULT '';
UPDATE trials SET
  repeats = (SELECT json_extract(line, '$.repeats') FROM events AS e WHERE e.sweep = trials.sweep AND
             e.trial_index = trials.trial_index AND e.seq IS NULL AND e.kind = 'planned'),
  detail = coalesce((SELECT json_extract(line, '$.detail') FROM events AS e WHERE e.sweep = trials.sweep AND
             e.trial_index = trials.trial_index AND e.seq IS NULL AND e.kind IN ('ended', 'reused') AND
             trials.phase = 'ended' ORDER BY number DESC LIMIT 1), '');
UPDATE trials SET detail = (SELECT ran.detail FROM trials AS ran WHERE ran.sweep = trials.sweep AND
             ran.trial_index = trials.repeats) WHERE repeats IS NOT NULL AND phase = 'ended';
CREATE TABLE outputs (
  sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, attempt INTEGER NOT NULL,
  stream INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (sweep, trial_index, attempt, stream)) WITHOUT ROWID;
)";

// From version 3 to 4: digests, null in the rows that are there. Trials that are there get no number of events either.
constexpr char kToVersion4[] = R"(
ALTER TABLE sweeps ADD COLUMN digest INTEGER;
ALTER TABLE events ADD COLUMN digest INTEGER;
ALTER TABLE trials ADD COLUMN digest INTEGER;
ALTER TABLE trials ADD COLUMN events INTEGER;
ALTER TABLE outputs ADD COLUMN digest INTEGER;
ALTER TABLE replays ADD COLUMN digest INTEGER;
)";

// From version 4 to 5: how many rows there are. Trials that are there get no number of outputs.
constexpr char kToVersion5[] = R"(
ALTER TABLE trials ADD COLUMN outputs INTEGER;
CREATE TABLE counts (
  table_name TEXT PRIMARY KEY, number INTEGER NOT NULL, digest INTEGER NOT NULL) WITHOUT ROWID;
)";

// SQLite would wait for ever at a pipe.
void require_file(const fs::path& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
    throw core::UserError(file.string(), "is not a store", "name another folder with --runs");
}

void set_version(Database& database) {
  database.run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
}

bool is_old(Database& database) {
  const std::int64_t version = database.number("PRAGMA user_version");
  return database.number("PRAGMA application_id") == kApplicationId && version >= 1 && version < kSchemaVersion;
}

// While another one does the same to a store that is not there yet SQLite is busy at once, and does not wait.
std::string set_journal_mode(Database& database, const std::string& mode) {
  const auto until = std::chrono::steady_clock::now() + Database::kPatience;
  for (;; std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
    try {
      return database.text(("PRAGMA journal_mode = " + mode).c_str());
    } catch (const core::EnvironmentError&) {
      const bool is_busy = (sqlite3_errcode(database.handle()) & 0xff) == SQLITE_BUSY;
      if (!is_busy || std::chrono::steady_clock::now() >= until) throw;
    }
  }
}

void count_rows(Database& database) {
  Statement put(database, insert_row(Table::kCounts).c_str());
  for (const Table table : kNumbered) {
    const std::string newest = fmt::format("SELECT coalesce(max(number), 0) FROM {}", name(table));
    put.start().bind(name(table)).bind(database.number(newest.c_str()));
    bind_digest(put, Table::kCounts);
    put.run();
  }
}

void create_schema(Database& database) {
  Transaction transaction(database);  // another controller may be doing the same: look again inside
  if (database.number("PRAGMA user_version") == 0 && database.number("SELECT count(*) FROM sqlite_master") == 0) {
    database.run(kSchema);
    count_rows(database);
    database.run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    set_version(database);
  } else if (is_old(database)) {
    const std::int64_t version = database.number("PRAGMA user_version");
    if (version < 2) database.run(kToVersion2);
    if (version < 3) database.run(kToVersion3);
    if (version < 4) database.run(kToVersion4);
    database.run(kToVersion5);
    count_rows(database);
    set_version(database);
  }
  transaction.commit();
}

}  // namespace

const char* journal_mode(long file_system_type) {
  // NFS, SMB, SMB2, CIFS, 9P, FUSE (sshfs), Lustre, GPFS, Ceph, AFS, BeeGFS, PanFS. Source: statfs(2), linux/magic.h.
  constexpr std::array<unsigned long, 12> kNetwork = {0x6969,     0x517B,     0xFE534D42, 0xFF534D42,
                                                      0x01021997, 0x65735546, 0x0BD00BD0, 0x47504653,
                                                      0x00C36400, 0x5346414F, 0x19830326, 0xAAD7AAEA};
  const auto type = static_cast<unsigned long>(file_system_type) & 0xFFFFFFFFu;
  return std::find(kNetwork.begin(), kNetwork.end(), type) != kNetwork.end() ? "delete" : "wal";
}

std::unique_ptr<Database> open_read_only(const fs::path& file) {
  if (!fs::exists(file))
    throw core::UserError(file.string(), "there is no store here", "run a sweep first, or name its folder with --runs");
  require_file(file);
  auto database = std::make_unique<Database>(file, core::file_uri(file), SQLITE_OPEN_READONLY);
  // A folder that nobody may write has no place for the memory that WAL shares; then nobody writes the store either.
  if (sqlite3_exec(database->handle(), "SELECT 1 FROM sqlite_master", nullptr, nullptr, nullptr) == SQLITE_CANTOPEN)
    return std::make_unique<Database>(file, core::file_uri(file) + "?immutable=1", SQLITE_OPEN_READONLY);
  return database;
}

std::unique_ptr<Database> open_for_writing(const fs::path& file) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) throw core::EnvironmentError(file.parent_path().string(), "cannot be created: " + error.message());
  require_file(file);
  auto database = std::make_unique<Database>(file, core::file_uri(file), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  struct statfs system {};
  const std::string mode = ::statfs(file.parent_path().c_str(), &system) == 0 ? journal_mode(system.f_type) : "wal";
  if (const std::string got = set_journal_mode(*database, mode); got != mode)
    throw core::EnvironmentError(file.string(), "this file system cannot hold a store (journal mode '" + got + "')",
                                 "put it on a local disk with --runs");
  database->run("PRAGMA synchronous = NORMAL");
  database->run(
      "PRAGMA wal_autocheckpoint = 4000");  // pages: each time is two syncs, and writes every page that changed
  create_schema(*database);
  if (mode == "wal") write_frames_whole(database->handle());
  return database;
}

std::int64_t check_version(Database& database) {
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  const std::string place = database.file().string();
  if (application == 0 && version == 0 && database.number("SELECT count(*) FROM sqlite_master") == 0)
    throw core::UserError(place, "there is no store here yet", "run a sweep first, or name its folder with --runs");
  if (application != kApplicationId)
    throw core::UserError(place, "is a database, but not a store", "name another folder with --runs");
  if (version < 1 || version > kSchemaVersion)
    throw core::UserError(
        place, "has schema version " + std::to_string(version),
        "this sweep reads versions up to " + std::to_string(kSchemaVersion) + ": use the one that wrote it");
  return version;
}

}  // namespace sweep
