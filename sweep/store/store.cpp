// See store.h.
#include "sweep/store/store.h"

#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "protocol/files.h"
#include "sweep/store/event_text.h"
#include "sweep/store/sqlite.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr std::int64_t kApplicationId = 0x73777031;
constexpr std::int64_t kSchemaVersion = 2;

constexpr char kSchema[] = R"(
CREATE TABLE sweeps (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, file TEXT NOT NULL, text TEXT NOT NULL,
  overrides TEXT NOT NULL, identity TEXT NOT NULL, data TEXT NOT NULL, trainer_sha256 TEXT NOT NULL,
  provenance TEXT NOT NULL, method TEXT NOT NULL, seed INTEGER NOT NULL, metric TEXT NOT NULL,
  trials INTEGER NOT NULL, created_ms INTEGER NOT NULL, target REAL, repeats INTEGER NOT NULL DEFAULT 1,
  program TEXT NOT NULL DEFAULT 'null');
CREATE TABLE events (
  number INTEGER PRIMARY KEY, sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, attempt INTEGER,
  seq INTEGER, kind TEXT NOT NULL, time_ms INTEGER NOT NULL, line TEXT NOT NULL);
CREATE INDEX events_of_trial ON events (sweep, trial_index, attempt, seq);
CREATE TABLE trials (
  sweep INTEGER NOT NULL REFERENCES sweeps, trial_index INTEGER NOT NULL, trial TEXT NOT NULL, seed INTEGER NOT NULL,
  attempts INTEGER NOT NULL, phase TEXT NOT NULL, outcome TEXT NOT NULL, value REAL, epoch INTEGER, step INTEGER,
  last_step INTEGER NOT NULL, seconds REAL NOT NULL, reused_from TEXT NOT NULL,
  PRIMARY KEY (sweep, trial_index)) WITHOUT ROWID;
CREATE INDEX trials_by_id ON trials (trial);
CREATE TABLE replays (
  number INTEGER PRIMARY KEY, trial TEXT NOT NULL, time_ms INTEGER NOT NULL, verdict TEXT NOT NULL,
  detail TEXT NOT NULL);
CREATE INDEX replays_by_trial ON replays (trial);
)";

// From version 1 to 2; what it leaves is what kSchema makes.
constexpr char kMigration[] = R"(
ALTER TABLE sweeps ADD COLUMN target REAL;
ALTER TABLE sweeps ADD COLUMN repeats INTEGER NOT NULL DEFAULT 1;
ALTER TABLE sweeps ADD COLUMN program TEXT NOT NULL DEFAULT 'null';
)";

// A store that is only read stays at its version.
std::string select_sweep(std::int64_t version, const char* rest) {
  return std::string(
             "SELECT id, name, file, text, overrides, identity, data, trainer_sha256, provenance, method, seed, "
             "metric, trials, created_ms, ") +
         (version >= 2 ? "target, repeats, program" : "NULL, 1, 'null'") + " FROM sweeps " + rest;
}

SweepRecord read_sweep(const Statement& row, const std::string& place) {
  const auto json = [&](int column) { return core::parse_json(row.text(column), place); };
  SweepRecord sweep{row.text(0),   row.text(1),    row.text(2),   row.text(3),
                    json(4),       json(5),        json(6),       row.text(7),
                    json(8),       row.text(9),    row.whole(10), std::nullopt,
                    row.whole(12), row.number(13), std::nullopt,  static_cast<std::uint32_t>(row.number(15)),
                    json(16)};
  if (const Json metric = json(11); !metric.is_null()) sweep.metric = protocol::Metric::from_json(metric, place);
  if (!row.is_null(14)) sweep.target = row.real(14);
  return sweep;
}

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::kWaiting:
      return "waiting";
    case Phase::kRunning:
      return "running";
    case Phase::kEnded:
      return "ended";
  }
  core::check(false, "no such phase");
  return {};
}

// The smallest text that is greater than every text that begins with `prefix`; prefixes are hex digits.
std::string after_prefix(std::string prefix) { return prefix + '\x7f'; }

// SQLite would wait for ever at a pipe.
void require_file(const fs::path& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
    throw core::UserError(file.string(), "is not a store", "name another folder with --runs");
}

std::unique_ptr<Database> open_read_only(const fs::path& file) {
  if (!fs::exists(file))
    throw core::UserError(file.string(), "there is no store here", "run a sweep first, or name its folder with --runs");
  require_file(file);
  auto database = std::make_unique<Database>(file, file.string(), SQLITE_OPEN_READONLY);
  // A folder that nobody may write has no place for the memory that WAL shares; then nobody writes the store either.
  if (sqlite3_exec(database->handle(), "SELECT 1 FROM sqlite_master", nullptr, nullptr, nullptr) == SQLITE_CANTOPEN)
    return std::make_unique<Database>(file, "file:" + file.string() + "?immutable=1", SQLITE_OPEN_READONLY);
  return database;
}

void set_version(Database& database) {
  database.run(("PRAGMA user_version = " + std::to_string(kSchemaVersion)).c_str());
}

bool is_old(Database& database) {
  return database.number("PRAGMA application_id") == kApplicationId && database.number("PRAGMA user_version") == 1;
}

void create_schema(Database& database) {
  Transaction transaction(database);  // another controller may be doing the same: look again inside
  if (database.number("PRAGMA user_version") == 0 && database.number("SELECT count(*) FROM sqlite_master") == 0) {
    database.run(kSchema);
    database.run(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
    set_version(database);
  } else if (is_old(database)) {
    database.run(kMigration);
    set_version(database);
  }
  transaction.commit();
}

std::unique_ptr<Database> open_for_writing(const fs::path& file) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  if (error) throw core::EnvironmentError(file.parent_path().string(), "cannot be created: " + error.message());
  require_file(file);
  auto database = std::make_unique<Database>(file, file.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  struct statfs system {};
  const std::string mode = ::statfs(file.parent_path().c_str(), &system) == 0 ? journal_mode(system.f_type) : "wal";
  if (const std::string got = database->text(("PRAGMA journal_mode = " + mode).c_str()); got != mode)
    throw core::EnvironmentError(file.string(), "this file system cannot hold a store (journal mode '" + got + "')",
                                 "put it on a local disk with --runs");
  database->run("PRAGMA synchronous = NORMAL");
  create_schema(*database);
  return database;
}

// Returns the schema's version.
std::int64_t check_version(Database& database) {
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  const std::string place = database.file().string();
  if (application != kApplicationId)
    throw core::UserError(place, "is a database, but not a store", "name another folder with --runs");
  if (version < 1 || version > kSchemaVersion)
    throw core::UserError(
        place, "has schema version " + std::to_string(version),
        "this sweep reads versions up to " + std::to_string(kSchemaVersion) + ": use the one that wrote it");
  return version;
}

}  // namespace

struct Store::Connection {
  explicit Connection(std::unique_ptr<Database> opened) : database(std::move(opened)) {}

  // The number of a sweep, or nothing.
  std::optional<std::int64_t> number_of(const std::string& id) {
    find_number.start().bind(id);
    if (!find_number.step()) return std::nullopt;
    const std::int64_t number = find_number.number(0);
    find_number.start();
    return number;
  }

  std::int64_t require(const std::string& id) {
    const auto number = number_of(id);
    if (!number) throw core::UserError(database->file().string(), "holds no sweep " + id);
    return *number;
  }

  StudyEvent event_at(const Statement& row) const {  // trial_index, attempt, seq, kind, line
    EventText text;
    text.index = row.whole(0);
    if (!row.is_null(1)) text.attempt = static_cast<std::uint32_t>(row.number(1));
    if (!row.is_null(2)) text.seq = row.whole(2);
    text.kind = row.text(3);
    text.line = row.text(4);
    return from_text(text, database->file().string() + " event of trial " + std::to_string(text.index));
  }

  void write_row(std::int64_t sweep, std::uint64_t index, const TrialSummary& row) {
    put_trial.start().bind(sweep).bind(index).bind(row.trial).bind(std::int64_t{row.seed}).bind(row.attempts);
    put_trial.bind(row.phase).bind(row.outcome).bind(row.value).bind(row.epoch).bind(row.step).bind(row.last_step);
    put_trial.bind(row.seconds).bind(row.reused_from).run();
  }

  std::unique_ptr<Database> database;
  std::int64_t version = kSchemaVersion;
  Statement find_number{*database, "SELECT number FROM sweeps WHERE id = ?"};
  Statement add_event{*database,
                      "INSERT INTO events (sweep, trial_index, attempt, seq, kind, time_ms, line) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?)"};
  Statement put_trial{*database, "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
};

const char* journal_mode(long file_system_type) {
  // NFS, SMB, SMB2, CIFS, 9P, FUSE (sshfs), Lustre, GPFS, Ceph, AFS, BeeGFS, PanFS. Source: statfs(2), linux/magic.h.
  constexpr std::array<unsigned long, 12> kNetwork = {0x6969,     0x517B,     0xFE534D42, 0xFF534D42,
                                                      0x01021997, 0x65735546, 0x0BD00BD0, 0x47504653,
                                                      0x00C36400, 0x5346414F, 0x19830326, 0xAAD7AAEA};
  const auto type = static_cast<unsigned long>(file_system_type) & 0xFFFFFFFFu;
  return std::find(kNetwork.begin(), kNetwork.end(), type) != kNetwork.end() ? "delete" : "wal";
}

TrialSummary summarize(const TrialState& trial) {
  TrialSummary row;
  row.trial = trial.trial;
  row.phase = name(trial.phase);
  row.outcome = trial.outcome ? protocol::name(*trial.outcome) : "";
  row.reused_from = trial.reused_from;
  row.seed = trial.seed;
  row.attempts = trial.attempts.size();
  row.last_step = trial.last_step;
  if (trial.value && std::isfinite(*trial.value)) row.value = trial.value;  // SQLite has no NaN
  row.epoch = trial.epoch;
  row.step = trial.step;
  row.seconds = trial.seconds;
  return row;
}

Store::Store(const fs::path& runs, Mode mode) {
  const fs::path file = runs / protocol::kStoreFile;
  auto database = mode == Mode::kReadOnly ? open_read_only(file) : open_for_writing(file);
  const std::int64_t version = check_version(*database);
  connection_ = std::make_unique<Connection>(std::move(database));
  connection_->version = version;
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

void Store::add_sweep(const SweepRecord& sweep) {
  Statement add(*connection_->database,
                "INSERT INTO sweeps (id, name, file, text, overrides, identity, data, trainer_sha256, provenance, "
                "method, seed, metric, trials, created_ms, target, repeats, program) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO NOTHING");
  const auto text = [](const Json& json) { return core::canonical_json(json); };
  add.start().bind(sweep.id).bind(sweep.name).bind(sweep.file).bind(sweep.text).bind(text(sweep.overrides));
  add.bind(text(sweep.identity)).bind(text(sweep.data)).bind(sweep.trainer_sha256).bind(text(sweep.provenance));
  add.bind(sweep.method).bind(sweep.seed).bind(text(sweep.metric ? sweep.metric->to_json() : Json(nullptr)));
  add.bind(sweep.trials).bind(sweep.created_ms).bind(sweep.target).bind(std::int64_t{sweep.repeats});
  add.bind(text(sweep.program)).run();
}

std::optional<SweepRecord> Store::find_sweep(const std::string& id) const {
  Statement find(*connection_->database, select_sweep(connection_->version, "WHERE id = ?").c_str());
  if (!find.start().bind(id).step()) return std::nullopt;
  return read_sweep(find, connection_->database->file().string());
}

std::vector<SweepRecord> Store::sweeps() const {
  Statement all(*connection_->database, select_sweep(connection_->version, "ORDER BY number").c_str());
  std::vector<SweepRecord> sweeps;
  for (all.start(); all.step();) sweeps.push_back(read_sweep(all, connection_->database->file().string()));
  return sweeps;
}

std::optional<SweepRecord> Store::last_active_sweep() const {
  constexpr char kLastFirst[] =
      "ORDER BY number IS (SELECT sweep FROM events ORDER BY number DESC LIMIT 1) DESC, number DESC LIMIT 1";
  Statement find(*connection_->database, select_sweep(connection_->version, kLastFirst).c_str());
  if (!find.start().step()) return std::nullopt;
  return read_sweep(find, connection_->database->file().string());
}

void Store::append(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events,
                   Study& study) {
  Transaction transaction(*connection_->database);
  const std::int64_t number = connection_->require(sweep);
  for (const StudyEvent& event : events) {
    const EventText text = to_text(event);
    const std::optional<std::int64_t> attempt =
        text.attempt ? std::optional<std::int64_t>(*text.attempt) : std::nullopt;
    connection_->add_event.start().bind(number).bind(text.index).bind(attempt).bind(text.seq).bind(text.kind);
    connection_->add_event.bind(time_ms).bind(text.line).run();
    study.apply(event);
  }
  for (const std::uint64_t index : study.take_changed())
    connection_->write_row(number, index, summarize(*study.find(index)));
  transaction.commit();
}

void Store::read_events(const std::string& sweep, bool with_trace,
                        const std::function<void(const StoredEvent&)>& visit) const {
  read_events(sweep, with_trace ? Traces::kAll : Traces::kNone, visit);
}

void Store::read_events(const std::string& sweep, Traces traces,
                        const std::function<void(const StoredEvent&)>& visit) const {
  std::string sql = "SELECT trial_index, attempt, seq, kind, line, time_ms FROM events WHERE sweep = ?1";
  if (traces == Traces::kNone) sql += " AND (kind != 'trace' OR seq IS NULL)";
  if (traces == Traces::kOfUnfinished)
    sql +=
        " AND (kind != 'trace' OR seq IS NULL OR trial_index IN "
        "(SELECT trial_index FROM trials WHERE sweep = ?1 AND phase != 'ended'))";
  sql += " ORDER BY number";
  Statement read(*connection_->database, sql.c_str());
  for (read.start().bind(connection_->require(sweep)); read.step();)
    visit({sweep, read.number(5), connection_->event_at(read)});
}

void Store::read_trial(const TrialPlace& place, bool with_trace,
                       const std::function<void(const StoredEvent&)>& visit) const {
  std::string sql =
      "SELECT trial_index, attempt, seq, kind, line, time_ms FROM events WHERE sweep = ? AND trial_index = ?";
  if (!with_trace) sql += " AND (kind != 'trace' OR seq IS NULL)";
  sql += " ORDER BY number";
  Statement read(*connection_->database, sql.c_str());
  for (read.start().bind(connection_->require(place.sweep)).bind(place.index); read.step();)
    visit({place.sweep, read.number(5), connection_->event_at(read)});
}

std::vector<TrainerSaid> Store::trial_events(const TrialPlace& place) const {
  const std::int64_t number = connection_->require(place.sweep);
  Statement reused(*connection_->database,
                   "SELECT trial_index, attempt, seq, kind, line FROM events "
                   "WHERE sweep = ? AND trial_index = ? AND seq IS NULL AND kind IN ('reused', 'reopened') "
                   "ORDER BY number DESC LIMIT 1");
  if (reused.start().bind(number).bind(place.index).step() && reused.text(3) == "reused") {
    const auto event = std::get<TrialReused>(connection_->event_at(reused));
    return trial_events({event.from_sweep, event.from_index});
  }
  Statement read(*connection_->database,
                 "SELECT trial_index, attempt, seq, kind, line FROM events "
                 "WHERE sweep = ? AND trial_index = ? AND seq IS NOT NULL ORDER BY attempt, number");
  std::vector<TrainerSaid> events;
  for (read.start().bind(number).bind(place.index); read.step();)
    events.push_back(std::get<TrainerSaid>(connection_->event_at(read)));
  drop_overruled(events);
  return events;
}

std::vector<TrialSummary> Store::summaries(const std::string& sweep) const {
  Statement read(*connection_->database,
                 "SELECT trial, phase, outcome, reused_from, seed, attempts, last_step, value, epoch, step, seconds "
                 "FROM trials WHERE sweep = ? ORDER BY trial_index");
  std::vector<TrialSummary> rows;
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    TrialSummary row{
        read.text(0),  read.text(1),  read.text(2), read.text(3), static_cast<std::uint32_t>(read.number(4)),
        read.whole(5), read.whole(6), {},           {},           {},
        read.real(10)};
    if (!read.is_null(7)) row.value = read.real(7);
    if (!read.is_null(8)) row.epoch = read.whole(8);
    if (!read.is_null(9)) row.step = read.whole(9);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<std::pair<std::string, TrialPlace>> Store::find_trials(const std::string& prefix) const {
  Statement read(*connection_->database,
                 "SELECT trial, sweeps.id, trial_index FROM trials JOIN sweeps ON sweeps.number = trials.sweep "
                 "WHERE trial >= ?1 AND trial < ?2 ORDER BY sweeps.number, trial_index");
  std::vector<std::pair<std::string, TrialPlace>> places;
  for (read.start().bind(prefix).bind(after_prefix(prefix)); read.step();)
    places.push_back({read.text(0), {read.text(1), read.whole(2)}});
  return places;
}

std::optional<TrialPlace> Store::find_result(const std::string& trial, const std::string& sweep) const {
  Statement read(*connection_->database,
                 "SELECT outcome, sweeps.id, trial_index FROM trials JOIN sweeps ON sweeps.number = trials.sweep "
                 "WHERE trial = ? AND sweeps.id != ? AND phase = 'ended' AND reused_from = '' AND attempts > 0 "
                 "ORDER BY sweeps.number, trial_index");
  for (read.start().bind(trial).bind(sweep); read.step();) {
    const auto outcome = protocol::outcome_named(read.text(0));
    if (!outcome || !protocol::info(*outcome).determined || *outcome == protocol::Outcome::kFailed) continue;
    return TrialPlace{read.text(1), read.whole(2)};
  }
  return std::nullopt;
}

void Store::add_replay(const ReplayRecord& replay) {
  Statement add(*connection_->database, "INSERT INTO replays (trial, time_ms, verdict, detail) VALUES (?, ?, ?, ?)");
  add.start()
      .bind(replay.trial)
      .bind(replay.time_ms)
      .bind(replay.verdict)
      .bind(core::canonical_json(replay.detail))
      .run();
}

std::vector<ReplayRecord> Store::replays(const std::string& trial) const {
  Statement read(*connection_->database,
                 "SELECT trial, time_ms, verdict, detail FROM replays WHERE trial = ? ORDER BY number");
  std::vector<ReplayRecord> replays;
  for (read.start().bind(trial); read.step();)
    replays.push_back({read.text(0), read.number(1), read.text(2),
                       core::parse_json(read.text(3), connection_->database->file().string())});
  return replays;
}

}  // namespace sweep
