// See store.h.
#include "sweep/store/store.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "protocol/files.h"
#include "sweep/store/event_text.h"
#include "sweep/store/schema.h"
#include "sweep/store/sqlite.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

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

std::vector<ReplayRecord> read_replays(Statement& read) {
  std::vector<ReplayRecord> replays;
  while (read.step())
    replays.push_back(
        {read.text(0), read.number(1), read.text(2), core::parse_json(read.text(3), "the table of replays")});
  return replays;
}

// The smallest text that is greater than every text that begins with `prefix`; prefixes are hex digits.
std::string after_prefix(std::string prefix) { return prefix + '\x7f'; }

}  // namespace

// What only a writer does; an older version that is read has not all of these columns.
struct Store::Writing {
  explicit Writing(Database& opened) : database(&opened) {}

  void write_row(std::int64_t sweep, std::uint64_t index, const TrialSummary& row) {
    put_trial.start().bind(sweep).bind(index).bind(row.trial).bind(std::int64_t{row.seed}).bind(row.attempts);
    put_trial.bind(row.phase).bind(row.outcome).bind(row.value).bind(row.epoch).bind(row.step).bind(row.last_step);
    put_trial.bind(row.seconds).bind(row.reused_from).bind(row.repeats).bind(row.detail).run();
  }

  Database* database;
  Statement add_event{*database,
                      "INSERT INTO events (sweep, trial_index, attempt, seq, kind, time_ms, line) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?)"};
  Statement put_trial{*database,
                      "INSERT INTO trials (sweep, trial_index, trial, seed, attempts, phase, outcome, value, epoch, "
                      "step, last_step, seconds, reused_from, repeats, detail) "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sweep, trial_index) DO UPDATE "
                      "SET attempts = excluded.attempts, phase = excluded.phase, outcome = excluded.outcome, "
                      "value = excluded.value, epoch = excluded.epoch, step = excluded.step, "
                      "last_step = excluded.last_step, seconds = excluded.seconds, "
                      "reused_from = excluded.reused_from, detail = excluded.detail"};
  Statement begin{*database, "BEGIN IMMEDIATE"};
  Statement end{*database, "COMMIT"};
};

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

  std::unique_ptr<Database> database;
  std::int64_t version = 0;
  Statement find_number{*database, "SELECT number FROM sweeps WHERE id = ?"};
  Statement find_result{
      *database,
      "SELECT outcome, sweeps.id, trial_index FROM trials JOIN sweeps ON sweeps.number = trials.sweep "
      "WHERE trial = ? AND sweeps.id != ? AND phase = 'ended' AND reused_from = '' AND attempts > 0 "
      "ORDER BY sweeps.number, trial_index"};
  std::unique_ptr<Writing> writing;  // where it is open for that

  bool is_open = false;    // between the first add() and commit()
  std::string open_sweep;  // of the last add(), and its number
  std::int64_t open_number = 0;

  void require_open(const std::string& sweep) {
    if (!is_open) {
      writing->begin.start().run();
      is_open = true;
    }
    if (sweep != open_sweep) {
      open_number = require(sweep);
      open_sweep = sweep;
    }
  }

  void roll_back() {
    if (is_open) sqlite3_exec(database->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    is_open = false;
  }
};

// Rolls back unless all went well.
struct Store::Guard {
  explicit Guard(Connection& c) : connection(c) {}
  ~Guard() {
    if (!done) connection.roll_back();
  }
  Connection& connection;
  bool done = false;
};

Store::Store(const fs::path& runs, Mode mode) {
  const fs::path file = runs / protocol::kStoreFile;
  auto database = mode == Mode::kReadOnly ? open_read_only(file) : open_for_writing(file);
  const std::int64_t version = check_version(*database);
  connection_ = std::make_unique<Connection>(std::move(database));
  connection_->version = version;
  if (mode == Mode::kReadWrite) connection_->writing = std::make_unique<Writing>(*connection_->database);
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

void Store::add(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events, Study& study) {
  Guard guard(*connection_);
  connection_->require_open(sweep);
  for (const StudyEvent& event : events) {
    const EventText text = to_text(event);
    const std::optional<std::int64_t> attempt =
        text.attempt ? std::optional<std::int64_t>(*text.attempt) : std::nullopt;
    connection_->writing->add_event.start()
        .bind(connection_->open_number)
        .bind(text.index)
        .bind(attempt)
        .bind(text.seq);
    connection_->writing->add_event.bind(text.kind).bind(time_ms).bind(text.line).run();
    study.apply(event);
  }
  guard.done = true;
}

void Store::add_output(const std::string& sweep, std::uint64_t index, std::uint32_t attempt, const std::string& out,
                       const std::string& err) {
  if (out.empty() && err.empty()) return;
  Guard guard(*connection_);
  connection_->require_open(sweep);
  Statement put(*connection_->database, "INSERT OR REPLACE INTO outputs VALUES (?, ?, ?, ?, ?)");
  for (const auto& [stream, bytes] : {std::pair<std::int64_t, const std::string&>(1, out), {2, err}})
    if (!bytes.empty())
      put.start()
          .bind(connection_->open_number)
          .bind(index)
          .bind(std::int64_t{attempt})
          .bind(stream)
          .bind_bytes(bytes)
          .run();
  guard.done = true;
}

std::set<std::uint64_t> Store::commit(Study& study) {
  if (!connection_->is_open) return {};
  Guard guard(*connection_);
  std::set<std::uint64_t> changed = study.take_changed();
  for (const std::uint64_t index : changed)
    connection_->writing->write_row(connection_->open_number, index, summarize(*study.find(index)));
  connection_->writing->end.start().run();
  connection_->is_open = false;
  guard.done = true;
  return changed;
}

void Store::append(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events,
                   Study& study) {
  add(sweep, time_ms, events, study);
  commit(study);
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

std::vector<std::uint64_t> Store::running_trials(const std::string& sweep) const {
  Statement read(*connection_->database,
                 "SELECT trial_index FROM trials WHERE sweep = ? AND phase = 'running' ORDER BY trial_index");
  std::vector<std::uint64_t> running;
  for (read.start().bind(connection_->require(sweep)); read.step();) running.push_back(read.whole(0));
  return running;
}

std::optional<std::int64_t> Store::last_event_ms(const std::string& sweep) const {
  // By the index over events, in which the row's number comes last: no row but the newest is read.
  Statement read(*connection_->database,
                 "SELECT time_ms FROM events WHERE number = (SELECT max(number) FROM events WHERE sweep = ?)");
  return read.start().bind(connection_->require(sweep)).step() ? std::optional(read.number(0)) : std::nullopt;
}

std::vector<SharedTrial> Store::shared_trials(const std::string& sweep, std::optional<std::uint64_t> index) const {
  return read_shared_trials(*connection_->database, connection_->require(sweep), index);
}

std::vector<TrainerSaid> Store::trial_events(const TrialPlace& place, bool with_trace) const {
  const std::int64_t number = connection_->require(place.sweep);
  Statement reused(*connection_->database,
                   "SELECT trial_index, attempt, seq, kind, line FROM events "
                   "WHERE sweep = ? AND trial_index = ? AND seq IS NULL AND kind IN ('reused', 'reopened') "
                   "ORDER BY number DESC LIMIT 1");
  if (reused.start().bind(number).bind(place.index).step() && reused.text(3) == "reused") {
    const auto event = std::get<TrialReused>(connection_->event_at(reused));
    return trial_events({event.from_sweep, event.from_index}, with_trace);
  }
  const std::string sql = std::string("SELECT trial_index, attempt, seq, kind, line FROM events ") +
                          "WHERE sweep = ? AND trial_index = ? AND seq IS NOT NULL " +
                          (with_trace ? "" : "AND kind != 'trace' ") + "ORDER BY attempt, number";
  Statement read(*connection_->database, sql.c_str());
  std::vector<TrainerSaid> events;
  for (read.start().bind(number).bind(place.index); read.step();)
    events.push_back(std::get<TrainerSaid>(connection_->event_at(read)));
  drop_overruled(events);
  return events;
}

std::vector<TrialSummary> Store::summaries(const std::string& sweep) const {
  std::vector<TrialSummary> rows;
  read_rows(sweep, [&](std::uint64_t, TrialSummary&& row) { rows.push_back(std::move(row)); });
  return rows;
}

void Store::read_rows(const std::string& sweep, const std::function<void(std::uint64_t, TrialSummary&&)>& visit) const {
  std::string sql =
      "SELECT trial, phase, outcome, reused_from, seed, attempts, last_step, value, epoch, step, seconds, trial_index";
  sql += has_whole_rows() ? ", repeats, detail" : ", NULL, ''";
  Statement read(*connection_->database, (sql + " FROM trials WHERE sweep = ? ORDER BY trial_index").c_str());
  const auto whole_or_nothing = [&](int column) {
    return read.is_null(column) ? std::nullopt : std::optional(read.whole(column));
  };
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    TrialSummary row;
    row.trial = read.text(0);
    row.phase = read.text(1);
    row.outcome = read.text(2);
    row.reused_from = read.text(3);
    row.seed = static_cast<std::uint32_t>(read.number(4));
    row.attempts = read.whole(5);
    row.last_step = read.whole(6);
    if (!read.is_null(7)) row.value = read.real(7);
    row.epoch = whole_or_nothing(8);
    row.step = whole_or_nothing(9);
    row.seconds = read.real(10);
    row.repeats = whole_or_nothing(12);
    row.detail = read.text(13);
    visit(read.whole(11), std::move(row));
  }
}

std::uint64_t Store::count_rows(const std::string& sweep) const {
  // Trials are planned in index order, and each has a row.
  Statement read(*connection_->database, "SELECT coalesce(max(trial_index) + 1, 0) FROM trials WHERE sweep = ?");
  return read.start().bind(connection_->require(sweep)).step() ? read.whole(0) : 0;
}

std::optional<std::uint64_t> Store::guard_lifted(const std::string& sweep) const {
  Statement read(
      *connection_->database,
      "SELECT kind, trial_index FROM events WHERE sweep = ? AND kind IN ('guard_lifted', 'reopened') ORDER BY number");
  std::optional<std::uint64_t> lifted;
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    if (read.text(0) == "guard_lifted")
      lifted = read.whole(1);
    else if (lifted && read.whole(1) <= *lifted)
      lifted.reset();
  }
  return lifted;
}

bool Store::has_whole_rows() const { return connection_->version >= 3; }

std::optional<std::string> Store::output(const TrialPlace& place, std::uint32_t attempt, int stream) const {
  if (connection_->version < 3) return std::nullopt;
  Statement read(*connection_->database,
                 "SELECT bytes FROM outputs WHERE sweep = ? AND trial_index = ? AND attempt = ? AND stream = ?");
  read.start().bind(connection_->require(place.sweep)).bind(place.index).bind(std::int64_t{attempt});
  if (!read.bind(std::int64_t{stream}).step()) return std::nullopt;
  return read.bytes(0);
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
  Statement& read = connection_->find_result;
  for (read.start().bind(trial).bind(sweep); read.step();) {
    const auto outcome = protocol::outcome_named(read.text(0));
    if (!outcome || !protocol::info(*outcome).determined || *outcome == protocol::Outcome::kFailed) continue;
    TrialPlace place{read.text(1), read.whole(2)};
    read.start();  // a statement in the middle of its rows would keep a transaction open
    return place;
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
  read.start().bind(trial);
  return read_replays(read);
}

std::vector<ReplayRecord> Store::replays_of(const std::string& sweep) const {
  Statement read(*connection_->database,
                 "SELECT trial, time_ms, verdict, detail FROM replays "
                 "WHERE trial IN (SELECT trial FROM trials WHERE sweep = ? AND trial = replays.trial) ORDER BY number");
  read.start().bind(connection_->require(sweep));
  return read_replays(read);
}

}  // namespace sweep
