// What a Store holds: the open database and the statements that are used over and over. Shared by store.cpp, which
// writes, and store_read.cpp; nobody else includes it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "sweep/store/event_text.h"
#include "sweep/store/rows.h"
#include "sweep/store/schema.h"
#include "sweep/store/sqlite.h"
#include "sweep/store/store.h"

namespace sweep {

// Of the rows that belong to a trial.
struct RowCounts {
  std::int64_t events = 0, outputs = 0;
};

// What only a writer does; an older version that is read has not all of these columns.
struct Store::Writing {
  explicit Writing(Database& opened) : database(&opened) {}

  void write_row(std::int64_t sweep, std::uint64_t index, const TrialSummary& row, const RowCounts& more) {
    put_trial.start().bind(sweep).bind(index).bind(row.trial).bind(std::int64_t{row.seed}).bind(row.attempts);
    put_trial.bind(row.phase).bind(row.outcome).bind(row.value).bind(row.epoch).bind(row.step).bind(row.last_step);
    put_trial.bind(row.seconds).bind(row.reused_from).bind(row.repeats).bind(row.detail);
    bind_digest(put_trial, Table::kTrials);
    put_trial.bind(more.events).bind(more.outputs).run();
  }

  /// What `counts` says of a table, 0 where it says nothing. Errors: UserError where the row is damaged.
  std::int64_t counted(Table table) {
    find_count.start().bind(name(table));
    std::int64_t number = 0;
    if (find_count.step()) {
      require_intact(find_count, Table::kCounts, *database);
      number = find_count.number(1);
    }
    find_count.start();
    return number;
  }

  /// The number that the next row gets: where the last ones are gone, their places stay empty. Requires: a transaction
  /// is open.
  std::int64_t next_number(Table table) {
    const std::string newest = fmt::format("SELECT coalesce(max(number), 0) FROM {}", name(table));
    return std::max(counted(table), database->number(newest.c_str())) + 1;
  }
  /// The same of an event, for every transaction: of `counts` only the first one asks, and of the table those before
  /// which somebody else wrote.
  std::int64_t next_event() {
    if (!counted_events) counted_events = counted(Table::kEvents);
    const std::int64_t newest = last_event.start().step() ? last_event.number(0) : 0;
    last_event.start();
    return std::max(*counted_events, newest) + 1;
  }

  void put_count(Table table, std::int64_t number) {
    put_number.start().bind(name(table)).bind(number);
    bind_digest(put_number, Table::kCounts);
    put_number.run();
  }

  Database* database;
  Statement add_event{*database, insert_row(Table::kEvents).c_str()};
  Statement last_event{*database, "SELECT max(number) FROM events"};
  std::optional<std::int64_t> counted_events;  // when this connection first wrote
  Statement find_count{*database, select_rows(Table::kCounts, kSchemaVersion, "WHERE table_name = ?").c_str()};
  Statement put_number{*database, "UPDATE counts SET number = ?2, digest = ?3 WHERE table_name = ?1 AND number < ?2"};
  // A row of an older version does not know how many events or outputs it has: null, and null + n is null.
  Statement put_trial{
      *database,
      "INSERT INTO trials (sweep, trial_index, trial, seed, attempts, phase, outcome, value, epoch, "
      "step, last_step, seconds, reused_from, repeats, detail, digest, events, outputs) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sweep, trial_index) DO "
      "UPDATE SET attempts = excluded.attempts, phase = excluded.phase, outcome = excluded.outcome, "
      "value = excluded.value, epoch = excluded.epoch, step = excluded.step, "
      "last_step = excluded.last_step, seconds = excluded.seconds, "
      "reused_from = excluded.reused_from, detail = excluded.detail, digest = excluded.digest, "
      "events = trials.events + excluded.events, outputs = trials.outputs + excluded.outputs"};
  Statement add_to_count{*database,
                         "UPDATE trials SET events = events + ?, outputs = outputs + ? "
                         "WHERE sweep = ? AND trial_index = ?"};
  Statement begin{*database, "BEGIN IMMEDIATE"};
  Statement end{*database, "COMMIT"};
};

struct Store::Connection {
  explicit Connection(std::unique_ptr<Database> opened)
      : database(std::move(opened)), version(check_version(*database)) {}

  // The number of a sweep, or nothing.
  std::optional<std::int64_t> number_of(const std::string& id);
  std::int64_t require(const std::string& id);

  /// The event of a row of select_rows(kEvents). Errors: UserError where the row is damaged.
  StudyEvent event_at(const Statement& row) const;
  /// Errors: UserError where the rows of the sweep's trials, or that of one, count not as many rows of kEvents or
  /// kOutputs as there are.
  void require_all_rows(Table table, std::int64_t sweep, std::optional<std::uint64_t> index);
  /// Errors: UserError. What was looked for and is not there may be there under a damaged name, or gone.
  void require_intact_rows(Table table);
  /// Looks at every row: what is wrong with it, and between which rows others are missing.
  void check_rows(Table table, StoreCheck& found);
  std::int64_t count_of(Table table, StoreCheck& found);

  // SELECT of every column of a table.
  std::string select(Table table, const std::string& rest) const { return select_rows(table, version, rest); }
  Statement prepare(Table table, const std::string& rest) { return Statement(*database, select(table, rest).c_str()); }

  void require_open(const std::string& sweep);
  /// Requires: require_open(), as close().
  void put_event(const StudyEvent& event, std::int64_t time_ms);
  void close();
  void roll_back();

  std::unique_ptr<Database> database;
  std::int64_t version;
  Statement find_number{*database, "SELECT number FROM sweeps WHERE id = ?"};
  Statement find_result{*database,
                        select_rows(Table::kTrials, version,
                                    "JOIN sweeps ON sweeps.number = trials.sweep WHERE trial = ? AND sweeps.id != ? "
                                    "AND phase = 'ended' AND reused_from = '' AND attempts > 0 "
                                    "ORDER BY sweeps.number, trial_index")
                            .c_str()};
  std::unique_ptr<Writing> writing;   // where it is open for that
  std::optional<ReadingTurns> turns;  // where it is not

  bool is_open = false;    // between the first add() and commit()
  std::string open_sweep;  // of the last add(), and its number
  std::int64_t open_number = 0;
  std::int64_t next_event = 0;              // in the open transaction
  std::optional<unsigned> last_version;     // after the last transaction of this connection that wrote events
  std::map<std::uint64_t, RowCounts> more;  // of each trial, since the last commit
};

}  // namespace sweep
