// Opening and writing; see store.h. Reading is in store_read.cpp.
#include "sweep/store/store.h"

#include <cstring>
#include <utility>

#include "protocol/files.h"
#include "sweep/store/connection.h"
#include "sweep/store/schema.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

// A transaction of its own, unless one is open already.
class OneStep {
 public:
  OneStep(Database& database, bool is_open) {
    if (!is_open) own_.emplace(database);
  }
  void commit() {
    if (own_) own_->commit();
  }

 private:
  std::optional<Transaction> own_;
};

}  // namespace

void Store::Connection::require_open(const std::string& sweep) {
  if (!is_open) {
    writing->begin.start().run();
    is_open = true;
    if (last_version != database->content_version()) next_event = writing->next_event();
  }
  if (sweep != open_sweep) {
    open_number = require(sweep);
    open_sweep = sweep;
  }
}

void Store::Connection::put_event(const StudyEvent& event, std::int64_t time_ms) {
  const EventText text = to_text(event);
  const std::optional<std::int64_t> attempt = text.attempt ? std::optional<std::int64_t>(*text.attempt) : std::nullopt;
  Statement& put = writing->add_event;
  put.start().bind(next_event++).bind(open_number).bind(text.index).bind(attempt);
  put.bind(text.seq).bind(text.kind).bind(time_ms).bind(text.line);
  bind_digest(put, Table::kEvents);
  put.run();
  ++more[text.index].events;
}

void Store::Connection::close() {
  writing->put_count(Table::kEvents, next_event - 1);
  writing->end.start().run();
  is_open = false;
  last_version = database->content_version();
}

void Store::Connection::roll_back() {
  if (is_open) sqlite3_exec(database->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  is_open = false;
  last_version.reset();
  more.clear();
}

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
  connection_ = std::make_unique<Connection>(mode == Mode::kReadOnly ? open_read_only(file) : open_for_writing(file));
  if (mode == Mode::kReadWrite)
    connection_->writing = std::make_unique<Writing>(*connection_->database);
  else
    connection_->turns.emplace(runs);
}

Store::~Store() = default;
Store::Store(Store&&) noexcept = default;

namespace {

void put_sweep(Database& database, const std::string& sql, std::int64_t number, const SweepRecord& sweep) {
  Statement add(database, sql.c_str());
  const auto text = [](const Json& json) { return core::canonical_json(json); };
  add.start().bind(number);
  add.bind(sweep.id).bind(sweep.name).bind(sweep.file).bind(sweep.text).bind(text(sweep.overrides));
  add.bind(text(sweep.identity)).bind(text(sweep.data)).bind(sweep.trainer_sha256).bind(text(sweep.provenance));
  add.bind(sweep.method).bind(sweep.seed).bind(text(sweep.metric ? sweep.metric->to_json() : Json(nullptr)));
  add.bind(sweep.trials).bind(sweep.created_ms).bind(sweep.target).bind(std::int64_t{sweep.repeats});
  add.bind(text(sweep.program));
  bind_digest(add, Table::kSweeps);
  add.run();
}

std::string replace_row(Table table) { return "REPLACE" + insert_row(table).substr(std::strlen("INSERT")); }

}  // namespace

void Store::add_sweep(const SweepRecord& sweep) {
  Database& database = *connection_->database;
  OneStep step(database, connection_->is_open);
  if (connection_->number_of(sweep.id)) return;
  const std::int64_t number = connection_->writing->next_number(Table::kSweeps);
  put_sweep(database, insert_row(Table::kSweeps), number, sweep);
  connection_->writing->put_count(Table::kSweeps, number);
  step.commit();
}

void Store::rename_sweep(const std::string& id, const std::string& name) {
  OneStep step(*connection_->database, connection_->is_open);
  SweepRecord sweep = *find_sweep(id);
  sweep.name = name;
  put_sweep(*connection_->database, replace_row(Table::kSweeps), connection_->require(id), sweep);
  step.commit();
}

void Store::add(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events, Study& study) {
  Guard guard(*connection_);
  connection_->require_open(sweep);
  for (const StudyEvent& event : events) {
    connection_->put_event(event, time_ms);
    study.apply(event);
  }
  guard.done = true;
}

void Store::add_alone(const std::string& sweep, const std::vector<StoredEvent>& events, const TrialState& trial) {
  Guard guard(*connection_);
  connection_->require_open(sweep);
  for (const StoredEvent& stored : events) connection_->put_event(stored.event, stored.time_ms);
  connection_->writing->write_row(connection_->open_number, trial.index, summarize(trial),
                                  std::exchange(connection_->more, {})[trial.index]);
  connection_->close();
  guard.done = true;
}

void Store::add_output(const std::string& sweep, std::uint64_t index, std::uint32_t attempt, const std::string& out,
                       const std::string& err) {
  if (out.empty() && err.empty()) return;
  Guard guard(*connection_);
  connection_->require_open(sweep);
  Statement find(*connection_->database,
                 "SELECT 1 FROM outputs WHERE sweep = ? AND trial_index = ? AND attempt = ? AND stream = ?");
  Statement put(*connection_->database, replace_row(Table::kOutputs).c_str());
  for (const auto& [stream, bytes] : {std::pair<std::int64_t, const std::string&>(1, out), {2, err}}) {
    if (bytes.empty()) continue;
    find.start().bind(connection_->open_number).bind(index).bind(std::int64_t{attempt}).bind(stream);
    if (!find.step()) ++connection_->more[index].outputs;
    put.start().bind(connection_->open_number).bind(index).bind(std::int64_t{attempt}).bind(stream).bind_bytes(bytes);
    bind_digest(put, Table::kOutputs);
    put.run();
  }
  guard.done = true;
}

std::set<std::uint64_t> Store::commit(Study& study) {
  if (!connection_->is_open) return {};
  Guard guard(*connection_);
  std::set<std::uint64_t> changed = study.take_changed();
  auto& more = connection_->more;
  for (const std::uint64_t index : changed) {
    const auto counted = more.extract(index);
    connection_->writing->write_row(connection_->open_number, index, summarize(*study.find(index)),
                                    counted ? counted.mapped() : RowCounts{});
  }
  Statement& add_to_count = connection_->writing->add_to_count;
  for (const auto& [index, count] : std::exchange(more, {}))
    add_to_count.start().bind(count.events).bind(count.outputs).bind(connection_->open_number).bind(index).run();
  connection_->close();
  guard.done = true;
  return changed;
}

void Store::require_in_place() const {
  if (!connection_->database->has_moved()) return;
  throw core::EnvironmentError(connection_->database->file().string(),
                               "was deleted, moved or replaced while it was used",
                               "put it back and go on with `sweep resume`: what was recorded since then runs again");
}

void Store::append(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events,
                   Study& study) {
  add(sweep, time_ms, events, study);
  commit(study);
}

void Store::add_replay(const ReplayRecord& replay) {
  OneStep step(*connection_->database, connection_->is_open);
  Statement add(*connection_->database, insert_row(Table::kReplays).c_str());
  const std::int64_t number = connection_->writing->next_number(Table::kReplays);
  add.start().bind(number).bind(replay.trial).bind(replay.time_ms);
  add.bind(replay.verdict).bind(core::canonical_json(replay.detail));
  bind_digest(add, Table::kReplays);
  add.run();
  connection_->writing->put_count(Table::kReplays, number);
  step.commit();
}

}  // namespace sweep
