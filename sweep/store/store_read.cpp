// Reading; see store.h. Every row is held against its digest as it is read.
#include <fmt/format.h>

#include <unordered_set>

#include "sweep/store/connection.h"
#include "sweep/study/printed.h"

namespace sweep {
namespace {

using core::Json;

// Of a row of select_rows(kSweeps).
SweepRecord read_sweep(const Statement& row, const Database& database) {
  require_intact(row, Table::kSweeps, database);
  const std::string place = database.file().string();
  const auto json = [&](int column) { return core::parse_json(row.text(column), place); };
  SweepRecord sweep{row.text(1),   row.text(2),    row.text(3),   row.text(4),
                    json(5),       json(6),        json(7),       row.text(8),
                    json(9),       row.text(10),   row.whole(11), std::nullopt,
                    row.whole(13), row.number(14), std::nullopt,  static_cast<std::uint32_t>(row.number(16)),
                    json(17)};
  if (const Json metric = json(12); !metric.is_null()) sweep.metric = protocol::Metric::from_json(metric, place);
  if (!row.is_null(15)) sweep.target = row.real(15);
  return sweep;
}

// A row of select_rows(kTrials): its trial's index, and what it says.
std::pair<std::uint64_t, TrialSummary> read_summary(const Statement& row, const Database& database) {
  RowReader reader(row);
  reader.skip(1);
  std::pair<std::uint64_t, TrialSummary> read;
  auto& [index, summary] = read;
  index = reader.whole();
  summary.trial = reader.text();
  summary.seed = static_cast<std::uint32_t>(reader.number());
  summary.attempts = reader.whole();
  summary.phase = reader.text();
  summary.outcome = reader.text();
  summary.value = reader.real_or_null();
  summary.epoch = reader.whole_or_null();
  summary.step = reader.whole_or_null();
  summary.last_step = reader.whole();
  summary.seconds = reader.real();
  summary.reused_from = reader.text();
  summary.repeats = reader.whole_or_null();
  summary.detail = reader.text();
  require_intact(row, Table::kTrials, reader, database);
  return read;
}

// Of a statement of select_rows(kReplays).
std::vector<ReplayRecord> read_replays(Statement& read, const Database& database) {
  std::vector<ReplayRecord> replays;
  while (read.step()) {
    require_intact(read, Table::kReplays, database);
    replays.push_back(
        {read.text(1), read.number(2), read.text(3), core::parse_json(read.text(4), database.file().string())});
  }
  return replays;
}

// Events as a statement gives them. An index that was damaged may lead to another trial's event, or to one twice.
class EventSequence {
 public:
  EventSequence(const Database& database, std::int64_t sweep, std::optional<std::uint64_t> index)
      : database_(database), sweep_(sweep), index_(index) {}

  void require_next(const Statement& row) {
    const bool is_ours = row.number(1) == sweep_ && (!index_ || row.whole(2) == *index_);
    if (!is_ours || !numbers_.insert(row.number(0)).second)
      refuse_damaged(fmt::format("event {} was found where another one must be", row.number(0)), database_);
  }

 private:
  const Database& database_;
  std::int64_t sweep_;
  std::optional<std::uint64_t> index_;
  std::unordered_set<std::int64_t> numbers_;
};

// The smallest text that is greater than every text that begins with `prefix`; prefixes are hex digits.
std::string after_prefix(std::string prefix) { return prefix + '\x7f'; }

}  // namespace

std::optional<std::int64_t> Store::Connection::number_of(const std::string& id) {
  find_number.start().bind(id);
  if (!find_number.step()) return std::nullopt;
  const std::int64_t number = find_number.number(0);
  find_number.start();
  return number;
}

std::int64_t Store::Connection::require(const std::string& id) {
  if (const auto number = number_of(id)) return *number;
  require_intact_rows(Table::kSweeps);
  throw core::UserError(database->file().string(), "holds no sweep " + id);
}

StudyEvent Store::Connection::event_at(const Statement& row) const {
  require_intact(row, Table::kEvents, *database);
  EventText text;
  text.index = row.whole(2);
  if (!row.is_null(3)) text.attempt = static_cast<std::uint32_t>(row.number(3));
  if (!row.is_null(4)) text.seq = row.whole(4);
  text.kind = row.text(5);
  text.line = row.text(7);
  return from_text(text, database->file().string() + " event of trial " + std::to_string(text.index));
}

std::optional<SweepRecord> Store::find_sweep(const std::string& id) const {
  Statement find = connection_->prepare(Table::kSweeps, "WHERE id = ?");
  if (find.start().bind(id).step()) return read_sweep(find, *connection_->database);
  connection_->require_intact_rows(Table::kSweeps);
  return std::nullopt;
}

std::vector<SweepRecord> Store::sweeps() const {
  Statement all = connection_->prepare(Table::kSweeps, "ORDER BY number");
  std::vector<SweepRecord> sweeps;
  for (all.start(); all.step();) sweeps.push_back(read_sweep(all, *connection_->database));
  return sweeps;
}

std::optional<SweepRecord> Store::last_active_sweep() const {
  Statement newest = connection_->prepare(Table::kEvents, "ORDER BY number DESC LIMIT 1");
  if (newest.start().step()) require_intact(newest, Table::kEvents, *connection_->database);
  constexpr char kLastFirst[] =
      "ORDER BY number IS (SELECT sweep FROM events ORDER BY number DESC LIMIT 1) DESC, number DESC LIMIT 1";
  Statement find = connection_->prepare(Table::kSweeps, kLastFirst);
  if (!find.start().step()) return std::nullopt;
  return read_sweep(find, *connection_->database);
}

ReadingTurns::Turn Store::take_turn() const {
  return ReadingTurns::Turn(connection_->turns ? &*connection_->turns : nullptr);
}

void Store::read_events(const std::string& sweep, bool with_trace,
                        const std::function<void(const StoredEvent&)>& visit) const {
  read_events(sweep, with_trace ? Traces::kAll : Traces::kNone, visit);
}

void Store::read_events(const std::string& sweep, Traces traces,
                        const std::function<void(const StoredEvent&)>& visit) const {
  std::string rest = "WHERE sweep = ?1";
  if (traces == Traces::kNone) rest += " AND (kind != 'trace' OR seq IS NULL)";
  if (traces == Traces::kOfUnfinished)
    rest +=
        " AND (kind != 'trace' OR seq IS NULL OR trial_index IN "
        "(SELECT trial_index FROM trials WHERE sweep = ?1 AND phase != 'ended'))";
  const auto turn = take_turn();
  const std::int64_t number = connection_->require(sweep);
  connection_->require_all_rows(Table::kEvents, number, std::nullopt);
  Statement read = connection_->prepare(Table::kEvents, rest + " ORDER BY number");
  for (read.start().bind(number); read.step();) visit({sweep, read.number(6), connection_->event_at(read)});
}

void Store::read_trial(const TrialPlace& place, bool with_trace,
                       const std::function<void(const StoredEvent&)>& visit) const {
  const std::int64_t number = connection_->require(place.sweep);
  connection_->require_all_rows(Table::kEvents, number, place.index);
  Statement read = connection_->prepare(
      Table::kEvents, std::string("WHERE sweep = ? AND trial_index = ? ") +
                          (with_trace ? "" : "AND (kind != 'trace' OR seq IS NULL) ") + "ORDER BY number");
  EventSequence sequence(*connection_->database, number, place.index);
  for (read.start().bind(number).bind(place.index); read.step();) {
    sequence.require_next(read);
    visit({place.sweep, read.number(6), connection_->event_at(read)});
  }
}

std::vector<std::uint64_t> Store::running_trials(const std::string& sweep) const {
  Statement read = connection_->prepare(Table::kTrials, "WHERE sweep = ? AND phase = 'running' ORDER BY trial_index");
  std::vector<std::uint64_t> running;
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    require_intact(read, Table::kTrials, *connection_->database);
    running.push_back(read.whole(1));
  }
  return running;
}

std::optional<std::int64_t> Store::last_event_ms(const std::string& sweep) const {
  // By the index over events, in which the row's number comes last: no row but the newest is read.
  Statement read =
      connection_->prepare(Table::kEvents, "WHERE number = (SELECT max(number) FROM events WHERE sweep = ?)");
  if (!read.start().bind(connection_->require(sweep)).step()) return std::nullopt;
  require_intact(read, Table::kEvents, *connection_->database);
  return read.number(6);
}

std::vector<SharedTrial> Store::shared_trials(const std::string& sweep, std::optional<std::uint64_t> index) const {
  return read_shared_trials(*connection_->database, connection_->require(sweep), index);
}

std::vector<TrainerSaid> Store::trial_events(const TrialPlace& place, bool with_trace) const {
  const std::int64_t number = connection_->require(place.sweep);
  connection_->require_all_rows(Table::kEvents, number, place.index);
  Statement ours =
      connection_->prepare(Table::kEvents, "WHERE sweep = ? AND trial_index = ? AND seq IS NULL ORDER BY number DESC");
  bool is_settled = false;  // by the newest of these two kinds; the others are looked at for damage
  std::optional<TrialPlace> origin;
  for (ours.start().bind(number).bind(place.index); ours.step();) {
    const StudyEvent event = connection_->event_at(ours);
    const auto* reused = std::get_if<TrialReused>(&event);
    if (reused && !is_settled) origin = TrialPlace{reused->from_sweep, reused->from_index};
    is_settled = is_settled || reused || std::holds_alternative<TrialReopened>(event);
  }
  if (origin) return trial_events(*origin, with_trace);
  Statement read =
      connection_->prepare(Table::kEvents, std::string("WHERE sweep = ? AND trial_index = ? AND seq IS NOT NULL ") +
                                               (with_trace ? "" : "AND kind != 'trace' ") + "ORDER BY attempt, number");
  std::vector<TrainerSaid> events;
  EventSequence sequence(*connection_->database, number, place.index);
  for (read.start().bind(number).bind(place.index); read.step();) {
    sequence.require_next(read);
    events.push_back(std::get<TrainerSaid>(connection_->event_at(read)));
  }
  drop_overruled(events);
  return events;
}

std::vector<TrialSummary> Store::summaries(const std::string& sweep) const {
  std::vector<TrialSummary> rows;
  read_rows(sweep, [&](std::uint64_t, TrialSummary&& row) { rows.push_back(std::move(row)); });
  return rows;
}

void Store::read_rows(const std::string& sweep, const std::function<void(std::uint64_t, TrialSummary&&)>& visit) const {
  const auto turn = take_turn();
  const std::int64_t number = connection_->require(sweep);
  const Database& database = *connection_->database;
  // Trials are planned in index order, and each has a row; what is recorded while this reads may have one too many.
  Statement planned(*connection_->database, "SELECT coalesce(max(trial_index) + 1, 0) FROM events WHERE sweep = ?");
  const std::uint64_t least = planned.start().bind(number).step() && !connection_->is_open ? planned.whole(0) : 0;
  planned.start();
  const auto require_row = [&](std::uint64_t index, bool is_there) {
    if (!is_there) refuse_damaged(fmt::format("the row of trial {} of sweep {} is gone", index, sweep), database);
  };
  Statement read = connection_->prepare(Table::kTrials, "WHERE sweep = ? ORDER BY trial_index");
  std::uint64_t next = 0;
  for (read.start().bind(number); read.step(); ++next) {
    auto [index, row] = read_summary(read, database);
    require_row(next, index == next);
    visit(next, std::move(row));
  }
  require_row(next, next >= least);
}

std::uint64_t Store::count_rows(const std::string& sweep) const {
  Statement read(*connection_->database, "SELECT coalesce(max(trial_index) + 1, 0) FROM trials WHERE sweep = ?");
  return read.start().bind(connection_->require(sweep)).step() ? read.whole(0) : 0;
}

bool Store::has_row(const TrialPlace& place) const {
  Statement read(*connection_->database, "SELECT 1 FROM trials WHERE sweep = ? AND trial_index = ?");
  return read.start().bind(connection_->require(place.sweep)).bind(place.index).step();
}

std::vector<core::Json> Store::configs(const std::string& sweep) const {
  const auto turn = take_turn();
  // By the index over events: neither attempt nor seq is what a planned trial has.
  Statement read = connection_->prepare(
      Table::kEvents, "WHERE sweep = ? AND attempt IS NULL AND seq IS NULL AND kind = 'planned' ORDER BY trial_index");
  std::vector<Json> configs;
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    StudyEvent event = connection_->event_at(read);
    auto* const planned = std::get_if<TrialPlanned>(&event);
    if (!planned || planned->index != configs.size())
      refuse_damaged(fmt::format("event {} was found where trial {} is planned", read.number(0), configs.size()),
                     *connection_->database);
    configs.push_back(std::move(planned->config));
  }
  return configs;
}

std::optional<std::uint64_t> Store::guard_lifted(const std::string& sweep) const {
  Statement read =
      connection_->prepare(Table::kEvents, "WHERE sweep = ? AND kind IN ('guard_lifted', 'reopened') ORDER BY number");
  std::optional<std::uint64_t> lifted;
  for (read.start().bind(connection_->require(sweep)); read.step();) {
    require_intact(read, Table::kEvents, *connection_->database);
    if (read.text(5) == "guard_lifted")
      lifted = read.whole(2);
    else if (lifted && read.whole(2) <= *lifted)
      lifted.reset();
  }
  return lifted;
}

bool Store::has_whole_rows() const { return connection_->version >= 3; }

std::optional<std::string> Store::output(const TrialPlace& place, std::uint32_t attempt, int stream) const {
  if (connection_->version < 3) return std::nullopt;
  Statement read =
      connection_->prepare(Table::kOutputs, "WHERE sweep = ? AND trial_index = ? AND attempt = ? AND stream = ?");
  const std::int64_t number = connection_->require(place.sweep);
  read.start().bind(number).bind(place.index).bind(std::int64_t{attempt});
  if (read.bind(std::int64_t{stream}).step()) {
    require_intact(read, Table::kOutputs, *connection_->database);
    return read.bytes(4);
  }
  connection_->require_intact_rows(Table::kOutputs);
  connection_->require_all_rows(Table::kOutputs, number, place.index);
  return std::nullopt;
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
    require_intact(read, Table::kTrials, *connection_->database);
    const auto outcome = protocol::outcome_named(read.text(6));
    if (!outcome || !protocol::info(*outcome).determined || *outcome == protocol::Outcome::kFailed) continue;
    const std::uint64_t index = read.whole(1);
    Statement id(*connection_->database, "SELECT id FROM sweeps WHERE number = ?");
    core::check(id.start().bind(read.number(0)).step(), "a row of a sweep that is not there");
    TrialPlace place{id.text(0), index};
    read.start();  // a statement in the middle of its rows would keep a transaction open
    return place;
  }
  return std::nullopt;
}

std::vector<ReplayRecord> Store::replays(const std::string& trial) const {
  Statement read = connection_->prepare(Table::kReplays, "WHERE trial = ? ORDER BY number");
  read.start().bind(trial);
  return read_replays(read, *connection_->database);
}

std::vector<ReplayRecord> Store::replays_of(const std::string& sweep) const {
  Statement read = connection_->prepare(
      Table::kReplays,
      "WHERE trial IN (SELECT trial FROM trials WHERE sweep = ? AND trial = replays.trial) ORDER BY number");
  read.start().bind(connection_->require(sweep));
  return read_replays(read, *connection_->database);
}

}  // namespace sweep
