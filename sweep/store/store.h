// Events → SQLite → events: the only room that knows SQL. WAL, one writer, short transactions; readers never block a
// controller. The schema has a version: older ones are read, and brought to this one when opened for writing; newer
// ones are refused. Errors: EnvironmentError (locked, full, not writable), UserError (not a store, damaged, another
// schema version). Readers take turns (turns.h). Durability: what append() has recorded survives the death of the
// process; after a loss of power the last moments may be missing, and what is there is consistent.
//
// runs/sweeps.db, application_id 0x73777031 ("swp1"), user_version 5 (schema.cpp: what older ones lack):
//
//   sweeps    one row a sweep; columns as in SweepRecord, JSON as canonical text. `number` is the order of creation.
//   events    what happened, in order: number, sweep (sweeps.number), trial_index, attempt, seq, kind, time_ms, line.
//             seq IS NULL: the controller's event; kind and line as event_text.h says.
//             Else the trainer's line, in canonical form; kind is its event name.
//   trials    one row a trial of a sweep, kept in the transaction that records its events: trial (id), seed, attempts,
//             phase (waiting, running, ended), outcome, value, epoch, step, last_step, seconds, reused_from, repeats,
//             detail, events (how many the trial has). It says nothing that a fold of the events does not say; who
//             wants to rank the trials of a sweep, or to go on with it, reads these instead of the events.
//   outputs   what attempts printed, where that is little: sweep, trial_index, attempt, stream (1, 2), bytes.
//   replays   one row a replay: trial, time_ms, verdict, detail (JSON).
//   counts    how many sweeps, events and replays there are: table_name, number.
//
// Each row ends with `digest`, 64 bits over its columns (row_digest.h), but for `events` and `outputs` of trials: how
// many rows of these tables the trial has, held against the rows themselves. Whoever reads a row checks it: a damaged
// one is a UserError that names it, and nothing of it is used. A row of an older version has none, and is taken as it
// is. Sweeps, events and replays are numbered from 1 without a gap, and none is ever removed: one that is gone is
// noticed, also the last ones, and a number is never given again.
//
// Benefit: any SQLite shell reads it, also while a sweep runs. Downside: a trace is base64 inside JSON inside a row,
// half as large again as its numbers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/store/shared.h"
#include "sweep/store/turns.h"
#include "sweep/study/study.h"

namespace sweep {

/// What is recorded once a sweep.
struct SweepRecord {
  std::string id;
  std::string name;
  std::string file;            ///< as typed
  std::string text;            ///< the sweep file's text, whole: resume and replay read it again
  core::Json overrides;        ///< flags that changed the spec (--seed, --count, …), so that resume applies them too
  core::Json identity;         ///< trainer, data, numerics: SweepIdentity
  core::Json data;             ///< protocol::DataSource as JSON, or null
  std::string trainer_sha256;  ///< of the executable, kept under trainers/
  core::Json provenance;       ///< provenance/: machine, libraries, git
  std::string method;          ///< "grid", "random"
  std::uint64_t seed = 0;      ///< of the sweep, overrides applied
  std::optional<protocol::Metric> metric;
  std::uint64_t trials = 0;      ///< how many it has
  std::int64_t created_ms = 0;   ///< Unix time
  std::optional<double> target;  ///< of the metric
  std::uint32_t repeats = 1;     ///< trials of each configuration
  core::Json program;            ///< of a user's: where it was, what it is made of; null for the built-in trainer
};

struct StoredEvent {
  std::string sweep;
  std::int64_t time_ms = 0;  ///< Unix time at which it was recorded; informative, never compared
  StudyEvent event;
};

/// A replay of a trial: its own table, no part of any sweep.
struct ReplayRecord {
  std::string trial;
  std::int64_t time_ms = 0;
  std::string verdict;  ///< identical, different, not comparable, incomplete
  core::Json detail;
};

/// Where a trial stands: trials are shared between sweeps by id.
struct TrialPlace {
  std::string sweep;
  std::uint64_t index = 0;
};

/// A row of the table `trials`.
struct TrialSummary {
  std::string trial, phase, outcome, reused_from, detail;
  std::uint32_t seed = 0;
  std::uint64_t attempts = 0, last_step = 0;
  std::optional<double> value;
  std::optional<std::uint64_t> epoch, step, repeats;  ///< repeats: the earlier index that drew the same trial
  double seconds = 0;

  bool operator==(const TrialSummary&) const = default;
};

/// What the row of a trial in this state says. Requires: not forgotten (Study::forget).
TrialSummary summarize(const TrialState& trial);
/// The forgotten state that a row of an ended trial says. Errors: UserError where it is not one.
TrialState ended_state(TrialSummary row, std::uint64_t index);

/// What a look at every row found.
struct StoreCheck {
  std::uint64_t rows = 0;
  std::uint64_t without_digest = 0;  ///< rows of an older version: nothing can be said of them
  std::vector<std::string> damaged;  ///< one text for each row, or trial with too few or too many events
};

enum class Traces {
  kNone,
  kOfUnfinished,  ///< only those of trials that have not ended: what going on with a sweep needs
  kAll,
};

class Store {
 public:
  enum class Mode { kReadOnly, kReadWrite };

  /// Opens runs/sweeps.db; kReadWrite creates it.
  Store(const std::filesystem::path& runs, Mode mode);
  /// Where it is read only: what reads rows by the thousand has a turn by itself; whoever does more than one such thing
  /// takes one for all, and lets it go before anything that may take long or wait, such as printing.
  ReadingTurns::Turn take_turn() const;
  ~Store();
  Store(Store&&) noexcept;

  void add_sweep(const SweepRecord& sweep);  ///< no change where it is known
  /// Requires: the store knows the sweep.
  void rename_sweep(const std::string& id, const std::string& name);
  std::optional<SweepRecord> find_sweep(const std::string& id) const;
  std::vector<SweepRecord> sweeps() const;  ///< oldest first
  /// The sweep of the newest event: the one that was run or gone on with last, whenever it was created. Where nothing
  /// has happened yet, the newest.
  std::optional<SweepRecord> last_active_sweep() const;

  /// Records all of `events` and applies them to `study`, the fold of this sweep so far, in a transaction that lasts
  /// until commit(). Requires: the sweep is known; one study between two commits. Where it throws, nothing since the
  /// last commit is recorded, and `study` is of no use any more.
  void add(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events, Study& study);
  /// Records one trial of a sweep without those before it, as a capsule holds it: its events, and the row of `trial`,
  /// which is their fold. Requires: the sweep is known, and has none of its trials here; nothing is open since the last
  /// commit.
  void add_alone(const std::string& sweep, const std::vector<StoredEvent>& events, const TrialState& trial);
  /// What an attempt printed, in the same transaction; empty streams are left out.
  void add_output(const std::string& sweep, std::uint64_t index, std::uint32_t attempt, const std::string& out,
                  const std::string& err);
  /// Records what was added since the last call, with the rows of the trials that changed; returns their indices.
  std::set<std::uint64_t> commit(Study& study);
  /// Errors: EnvironmentError where its file was deleted or replaced since it was opened: what is recorded from then on
  /// is lost.
  void require_in_place() const;
  /// add() and commit().
  void append(const std::string& sweep, std::int64_t time_ms, const std::vector<StudyEvent>& events, Study& study);

  /// Calls `visit` for each event of the sweep, in order. Without trace events where `with_trace` is false.
  void read_events(const std::string& sweep, bool with_trace,
                   const std::function<void(const StoredEvent&)>& visit) const;
  void read_events(const std::string& sweep, Traces traces, const std::function<void(const StoredEvent&)>& visit) const;
  /// The same for one trial.
  void read_trial(const TrialPlace& place, bool with_trace, const std::function<void(const StoredEvent&)>& visit) const;
  /// The trainer's events of one trial of one sweep, by attempt and then as they came, trace included; printed metrics
  /// only where they count (study/printed.h: seq then begins anew with the first event that was not printed). Of a
  /// trial whose result was reused: those of the trial that ran.
  std::vector<TrainerSaid> trial_events(const TrialPlace& place, bool with_trace = true) const;

  /// The rows of the sweep's trials, by index.
  std::vector<TrialSummary> summaries(const std::string& sweep) const;
  /// The same, one after another.
  void read_rows(const std::string& sweep, const std::function<void(std::uint64_t, TrialSummary&&)>& visit) const;
  std::uint64_t count_rows(const std::string& sweep) const;
  bool has_row(const TrialPlace& place) const;
  /// The configurations of the sweep's planned trials, by index.
  std::vector<core::Json> configs(const std::string& sweep) const;
  /// Up to which index the guard was passed over, as far as no trial up to there was reopened since.
  std::optional<std::uint64_t> guard_lifted(const std::string& sweep) const;
  /// Whether the rows are whole: those of an older version that is only read are not.
  bool has_whole_rows() const;
  /// What an attempt printed, where the store holds it: stream 1 is standard output, 2 standard error.
  std::optional<std::string> output(const TrialPlace& place, std::uint32_t attempt, int stream) const;
  /// Which trials run, as recorded: after a crash nobody runs these; by index.
  std::vector<std::uint64_t> running_trials(const std::string& sweep) const;
  /// When the newest event of the sweep was recorded.
  std::optional<std::int64_t> last_event_ms(const std::string& sweep) const;
  /// What ran in this sweep and in another one as well, or of it the trial of one index.
  std::vector<SharedTrial> shared_trials(const std::string& sweep, std::optional<std::uint64_t> index = {}) const;
  /// Places of trials whose id begins with `prefix`, newest sweep last.
  std::vector<std::pair<std::string, TrialPlace>> find_trials(const std::string& prefix) const;
  /// A sweep of this store, other than `sweep`, in which the trial ran and ended with a result that may be reused: a
  /// determined outcome other than `failed`, whose cause may have been mended.
  std::optional<TrialPlace> find_result(const std::string& trial, const std::string& sweep) const;

  void add_replay(const ReplayRecord& replay);
  std::vector<ReplayRecord> replays(const std::string& trial) const;
  /// Of every trial that the sweep has, wherever it ran; oldest first.
  std::vector<ReplayRecord> replays_of(const std::string& sweep) const;

  /// Holds every row of the store against its digest, and the events of each trial against their number.
  StoreCheck check() const;

 private:
  struct Connection;
  struct Writing;
  struct Guard;
  std::unique_ptr<Connection> connection_;
};

/// "wal", or "delete" (a rollback journal) on a network file system, whose kind statfs(2) gives in f_type: WAL needs
/// memory that all processes share.
const char* journal_mode(long file_system_type);

}  // namespace sweep
