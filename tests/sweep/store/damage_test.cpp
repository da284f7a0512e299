// A store with one bit changed: whoever reads it is told, by the name of the row, and gets nothing of it.
#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "core/error.h"
#include "core/files.h"
#include "sweep/store/event_text.h"
#include "sweep/store/store.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Store;
using sweep::Study;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTrials = 6;
const std::vector<std::string> kSweeps = {"a1b2c3d4e5f60718", "b1b2c3d4e5f60718"};

sweep::SweepRecord record(const std::string& id) {
  sweep::SweepRecord sweep;
  sweep.id = id;
  sweep.name = "quick";
  sweep.file = "quick.json";
  sweep.text = "{\"method\": \"random\"}";
  sweep.overrides = core::Json::object();
  sweep.identity = {{"trainer", "t"}, {"numerics", "portable-1"}};
  sweep.provenance = {{"host", "h"}, {"git", nullptr}};
  sweep.method = "random";
  sweep.seed = 7;
  sweep.metric = loss();
  sweep.target = 0.125;
  sweep.trials = kTrials;
  return sweep;
}

void fill(const fs::path& runs) {
  Store store(runs, Store::Mode::kReadWrite);
  for (const std::string& id : kSweeps) {
    store.add_sweep(record(id));
    Study study(loss());
    for (std::uint64_t i = 0; i < kTrials; ++i) {
      store.add(id, 1000, {planned(i), ordered(i), started(i, 0, 0), trace(i, 0, 1, 40), metric(i, 0, 40, 0.5 + i)},
                study);
      store.add_output(id, i, 0, "printed on standard output", i % 2 == 0 ? "and on standard error" : "");
      store.append(id, 2000, {said(i, 0, protocol::OtherEvent{"mood"}), ended(i, 0, Outcome::kCompleted)}, study);
    }
  }
  for (int i = 0; i < 3; ++i) store.add_replay({"t0", 3000 + i, "identical", {{"steps", i}}});
}

// All that reports, replays and lists read, as one text.
std::string read_all(const fs::path& runs) {
  const Store store(runs, Store::Mode::kReadOnly);
  std::string all;
  for (const sweep::SweepRecord& sweep : store.sweeps())
    all +=
        core::canonical_json({sweep.id, sweep.name, sweep.file, sweep.text, sweep.overrides, sweep.identity, sweep.data,
                              sweep.trainer_sha256, sweep.provenance, sweep.method, sweep.seed, sweep.metric->to_json(),
                              sweep.trials, sweep.created_ms, *sweep.target, sweep.repeats, sweep.program});
  all += store.last_active_sweep()->id;
  const auto add = [&](const sweep::StudyEvent& event) {
    const sweep::EventText text = sweep::to_text(event);
    all += text.kind + text.line + std::to_string(text.index) + std::to_string(text.attempt.value_or(9));
  };
  for (const std::string& id : kSweeps) {
    for (const sweep::TrialSummary& row : store.summaries(id))
      all += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}", row.trial, row.phase, row.outcome, row.reused_from,
                         row.detail, row.seed, row.attempts, row.last_step, row.value.value_or(-1),
                         row.epoch.value_or(9), row.step.value_or(9), row.seconds);
    for (std::uint64_t i = 0; i < kTrials; ++i) {
      store.read_trial({id, i}, true, [&](const sweep::StoredEvent& stored) { add(stored.event); });
      for (const sweep::TrainerSaid& said : store.trial_events({id, i})) add(said);
      for (const int stream : {1, 2}) all += store.output({id, i}, 0, stream).value_or("none");
    }
    all += std::to_string(*store.last_event_ms(id));
  }
  for (const sweep::ReplayRecord& replay : store.replays("t0"))
    all += replay.trial + replay.verdict + std::to_string(replay.time_ms) + core::canonical_json(replay.detail);
  return all;
}

// What reading says of damage; empty where it says nothing.
std::string damage_found(const fs::path& runs) {
  try {
    read_all(runs);
  } catch (const core::UserError& error) {
    return error.problems().front().problem;
  }
  return "";
}

struct Place {
  const char* table;
  const char* name;  // how a damaged row of it is named; the columns of the name itself may be the damaged ones
  std::vector<const char*> columns;
  std::vector<const char*> keys;  // by which rows are found: another key is no damaged row, but a row that is missing
};
const Place kPlaces[] = {
    {"sweeps",
     "sweep ",
     {"name", "file", "text", "overrides", "identity", "data", "trainer_sha256", "provenance", "method", "seed",
      "metric", "trials", "created_ms", "target", "repeats", "program", "digest"},
     {"number", "id"}},
    {"events", "event ", {"attempt", "seq", "kind", "time_ms", "line", "digest"}, {"number", "sweep", "trial_index"}},
    {"trials",
     "the row of trial ",
     {"trial", "seed", "attempts", "phase", "outcome", "value", "epoch", "step", "last_step", "seconds", "reused_from",
      "repeats", "detail", "digest"},
     {"sweep", "trial_index", "events"}},
    {"outputs", "what attempt 0 of trial ", {"bytes", "digest"}, {"sweep", "trial_index", "attempt", "stream"}},
    {"replays", "replay ", {"number", "time_ms", "verdict", "detail", "digest"}, {}},
};

// A statement's connection beside the store's.
class Sql {
 public:
  explicit Sql(const fs::path& file) { REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK); }
  ~Sql() { sqlite3_close(handle_); }

  // Flips one bit of a value in the row that stands `nth` in the table; false where it is null, empty or may not be
  // changed so. The statement that takes it back is left in `undo`.
  bool flip(const Place& place, const std::string& column, std::mt19937_64& random) {
    const std::string from = fmt::format("FROM {} ", place.table);
    const auto rows = static_cast<std::uint64_t>(std::stoll(text("SELECT count(*) " + from)));
    const std::string row = keys_of(place.table, random() % rows);
    const std::string type = text(fmt::format("SELECT typeof({}) {} WHERE {}", column, from, row));
    const std::string was = text(fmt::format("SELECT quote({}) {} WHERE {}", column, from, row));
    std::string is;
    if (type == "integer") {
      is = std::to_string(std::stoll(was) ^ static_cast<std::int64_t>(std::uint64_t{1} << (random() % 64)));
    } else if (type == "real") {
      const auto bits =
          std::bit_cast<std::uint64_t>(std::strtod(was.c_str(), nullptr)) ^ (std::uint64_t{1} << (random() % 64));
      is = fmt::format("{:.17g}", std::bit_cast<double>(bits));
      if (is.find_first_of("nf") != std::string::npos ||
          std::strtod(is.c_str(), nullptr) == std::strtod(was.c_str(), nullptr))
        return false;
    } else if (type == "text" || type == "blob") {
      std::string hex = text(fmt::format("SELECT hex({}) {} WHERE {}", column, from, row));
      if (hex.empty()) return false;
      constexpr char kDigits[] = "0123456789ABCDEF";
      char& digit = hex[random() % hex.size()];
      digit = kDigits[(std::string(kDigits).find(digit) ^ (1u << (random() % 4))) & 15];
      is = type == "text" ? "CAST(X'" + hex + "' AS TEXT)" : "X'" + hex + "'";
    } else {
      return false;
    }
    // A key that changes takes its row along: found again by its place, all else being the same.
    const std::string set = fmt::format("UPDATE {} SET {} = ", place.table, column);
    const bool is_key = row.find(column + " = ") != std::string::npos;
    undo = set + was + " WHERE " + (is_key ? replaced(row, column, is) : row);
    return run(set + is + " WHERE " + row);
  }

  bool run(const std::string& statement) {
    return sqlite3_exec(handle_, statement.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }

  std::string undo;

 private:
  static std::string replaced(std::string row, const std::string& column, const std::string& value) {
    const std::size_t at = row.find(column + " = ") + column.size() + 3;
    return row.replace(at, row.find(' ', at) - at, value);
  }

  std::string keys_of(const std::string& table, std::uint64_t nth) {
    const bool has_number = table != "trials" && table != "outputs";
    std::vector<std::string> keys = {"number"};
    if (!has_number) keys = {"sweep", "trial_index"};
    if (table == "outputs") keys.insert(keys.end(), {"attempt", "stream"});
    std::string row;
    for (const std::string& key : keys)
      row += fmt::format("{}{} = {} ", row.empty() ? "" : "AND ", key,
                         text(fmt::format("SELECT {} FROM {} LIMIT 1 OFFSET {}", key, table, nth)));
    return row;
  }

  std::string text(const std::string& statement) {
    sqlite3_stmt* prepared = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, statement.c_str(), -1, &prepared, nullptr) == SQLITE_OK);
    std::string result;
    if (sqlite3_step(prepared) == SQLITE_ROW && sqlite3_column_text(prepared, 0))
      result = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
    sqlite3_finalize(prepared);
    return result;
  }

  sqlite3* handle_ = nullptr;
};

// From version 5 back.
void make_version_4(Sql& sql) {
  REQUIRE(sql.run("ALTER TABLE trials DROP COLUMN outputs"));
  REQUIRE(sql.run("DROP TABLE counts"));
  REQUIRE(sql.run("PRAGMA user_version = 4"));
}

std::vector<std::string> damaged_rows(const fs::path& runs) {
  return Store(runs, Store::Mode::kReadOnly).check().damaged;
}

}  // namespace

TEST_CASE("a bit that flips in any column of any row is noticed by whoever reads the row, and the row is named") {
  const TemporaryFolder folder;
  fill(folder.path());
  const std::string whole = read_all(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  std::mt19937_64 random(20261126);
  std::size_t flips = 0;
  for (int round = 0; round < 40; ++round)
    for (const Place& place : kPlaces) {
      for (const char* column : place.columns) {
        if (!sql.flip(place, column, random)) continue;
        ++flips;
        INFO(place.table << "." << column << ", undone by " << sql.undo.substr(0, 200));
        CHECK_THAT(damage_found(folder.path()), Catch::StartsWith(place.name));
        REQUIRE(sql.run(sql.undo));
      }
      for (const char* column : place.keys) {
        if (!sql.flip(place, column, random)) continue;
        ++flips;
        INFO(place.table << "." << column << ", undone by " << sql.undo.substr(0, 200));
        CHECK(damage_found(folder.path()) != "");
        REQUIRE(sql.run(sql.undo));
      }
    }
  CHECK(flips > 1000);
  CHECK(read_all(folder.path()) == whole);
}

TEST_CASE("a look at the whole store names every damaged row, also one that nobody would find any more") {
  const TemporaryFolder folder;
  fill(folder.path());
  const auto check = [&] { return Store(folder.path(), Store::Mode::kReadOnly).check(); };
  CHECK(check().damaged.empty());
  CHECK(check().without_digest == 0);
  CHECK(check().rows == 2 + 2 * kTrials * 7 + 2 * kTrials + 3 * kTrials + 3 + 3);
  Sql sql(folder.path() / "sweeps.db");
  REQUIRE(sql.run("UPDATE replays SET trial = 't1' WHERE number = 2"));
  REQUIRE(sql.run("UPDATE outputs SET stream = 3 WHERE sweep = 1 AND trial_index = 1"));
  REQUIRE(sql.run("UPDATE trials SET value = value + 1 WHERE sweep = 2 AND trial_index = 4"));
  REQUIRE(sql.run("DELETE FROM events WHERE number = (SELECT max(number) FROM events)"));
  REQUIRE(sql.run("DELETE FROM trials WHERE sweep = 1 AND trial_index = 5"));
  const std::vector<std::string> damaged = check().damaged;
  REQUIRE(damaged.size() == 7);
  CHECK(damaged[0] == "number 84 of the events is gone");
  CHECK_THAT(damaged[1], Catch::StartsWith("the row of trial 4 of sweep number 2 is not what was written"));
  CHECK_THAT(damaged[2], Catch::StartsWith("what attempt 0 of trial 1 of sweep number 1 printed is not"));
  CHECK_THAT(damaged[3], Catch::StartsWith("replay 2 of trial t1 is not what was written"));
  CHECK(damaged[4] == "trial 5 of sweep number 2: 7 events were recorded, and 6 are there");
  CHECK(damaged[5] == "trial 5 of sweep number 1: 0 events were recorded, and 7 are there");
  CHECK(damaged[6] == "trial 5 of sweep number 1: 0 outputs were recorded, and 1 are there");
  CHECK(damage_found(folder.path()) != "");
}

TEST_CASE("rows that were moved, lost or doubled are noticed, though each of them is whole") {
  const TemporaryFolder folder;
  fill(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  const auto found_after = [&](const std::string& change, const std::string& back) {
    REQUIRE(sql.run("SAVEPOINT before"));
    REQUIRE(sql.run(change));
    REQUIRE(sql.run("RELEASE before"));
    const std::string found = damage_found(folder.path());
    REQUIRE(sql.run(back));
    return found;
  };
  CHECK(found_after("UPDATE trials SET sweep = 77 WHERE sweep = 1 AND trial_index = 5",
                    "UPDATE trials SET sweep = 1 WHERE sweep = 77") ==
        "the row of trial 5 of sweep a1b2c3d4e5f60718 is gone");
  CHECK(found_after("UPDATE trials SET trial_index = 77 WHERE sweep = 1 AND trial_index = 2",
                    "UPDATE trials SET trial_index = 2 WHERE trial_index = 77") ==
        "the row of trial 2 of sweep a1b2c3d4e5f60718 is gone");
  CHECK(found_after("UPDATE events SET trial_index = 1 WHERE number = 3",
                    "UPDATE events SET trial_index = 0 WHERE number = 3") ==
        "trial 0 of sweep number 1: 7 events were recorded, and 6 are there");
  CHECK(damage_found(folder.path()) == "");
}

TEST_CASE("rows that are gone are named: one, the last ones, a whole sweep, and what says how many there are") {
  using Texts = std::vector<std::string>;
  const TemporaryFolder folder;
  fill(folder.path());
  { REQUIRE(Sql(folder.path() / "sweeps.db").run("PRAGMA journal_mode = delete")); }
  const auto found_without = [&](const Texts& gone) {
    const TemporaryFolder copy;
    fs::copy_file(folder.path() / "sweeps.db", copy.path() / "sweeps.db");
    Sql sql(copy.path() / "sweeps.db");
    for (const std::string& rows : gone) REQUIRE(sql.run("DELETE FROM " + rows));
    return damaged_rows(copy.path());
  };
  CHECK(found_without({"replays WHERE number = 2"}) == Texts{"number 2 of the replays is gone"});
  CHECK(found_without({"replays WHERE number = 3"}) == Texts{"number 3 of the replays is gone"});
  CHECK(found_without({"replays"}) == Texts{"numbers 1 to 3 of the replays are gone"});
  CHECK(found_without({"outputs WHERE sweep = 1 AND trial_index = 1"}) ==
        Texts{"trial 1 of sweep number 1: 1 outputs were recorded, and 0 are there"});
  CHECK(found_without({"outputs WHERE sweep = 1 AND trial_index = 2 AND stream = 2"}) ==
        Texts{"trial 2 of sweep number 1: 2 outputs were recorded, and 1 are there"});
  const std::string last = " WHERE sweep = 2 AND trial_index = 5", second = " WHERE sweep = 2";
  CHECK(found_without({"events" + last, "trials" + last, "outputs" + last}) ==
        Texts{"numbers 78 to 84 of the events are gone"});
  CHECK(found_without({"events" + second, "trials" + second, "outputs" + second, "sweeps WHERE number = 2"}) ==
        Texts{"number 2 of the sweeps is gone", "numbers 43 to 84 of the events are gone"});
  CHECK(found_without({"counts WHERE table_name = 'replays'"}) == Texts{"the number of replays is gone"});
}

TEST_CASE("a damaged row that says how many rows there are is named by whoever reads or writes by it") {
  const TemporaryFolder folder;
  fill(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  REQUIRE(sql.run("UPDATE counts SET number = number + 4 WHERE table_name = 'events'"));
  const std::vector<std::string> damaged = damaged_rows(folder.path());
  REQUIRE(damaged.size() == 1);
  CHECK_THAT(damaged[0], Catch::StartsWith("the number of events is not what was written: the digest of its contents"));
  Store store(folder.path(), Store::Mode::kReadWrite);
  Study study(loss());
  CHECK_THROWS_WITH(store.append(kSweeps[0], 5, {planned(kTrials)}, study), Catch::Contains("the number of events"));
}

TEST_CASE("the number of a row that is gone is not given again, so that its place stays empty") {
  const TemporaryFolder folder;
  fill(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  REQUIRE(sql.run("DELETE FROM replays WHERE number = 3"));
  REQUIRE(sql.run("DELETE FROM events WHERE number = 84"));
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_replay({"t0", 4000, "identical", core::Json::object()});
  store.add_sweep(record("c1b2c3d4e5f60718"));
  Study study(loss());
  store.append("c1b2c3d4e5f60718", 5, {planned(0)}, study);
  CHECK(store.check().damaged ==
        std::vector<std::string>{"number 84 of the events is gone", "number 3 of the replays is gone",
                                 "trial 5 of sweep number 2: 7 events were recorded, and 6 are there"});
}

TEST_CASE("what an attempt printed and is gone is missed by whoever asks for it") {
  const TemporaryFolder folder;
  fill(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  REQUIRE(sql.run("DELETE FROM outputs WHERE sweep = 1 AND trial_index = 1"));
  const Store store(folder.path(), Store::Mode::kReadOnly);
  CHECK_THROWS_WITH(store.output({kSweeps[0], 1}, 0, 1),
                    Catch::Contains("trial 1 of sweep number 1: 1 outputs were recorded, and 0 are there"));
  CHECK(store.output({kSweeps[1], 1}, 0, 2) == std::nullopt);
}

TEST_CASE("a store of version 4 is whole as it is, and its rows are counted from the first writer on") {
  const TemporaryFolder folder;
  fill(folder.path());
  Sql sql(folder.path() / "sweeps.db");
  make_version_4(sql);
  const std::string whole = read_all(folder.path());
  CHECK(damaged_rows(folder.path()).empty());
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    CHECK(store.check().damaged.empty());
    store.add_output(kSweeps[0], 0, 1, "of another attempt", "");
    Study study(loss());
    store.commit(study);
    CHECK(store.check().damaged.empty());
  }
  CHECK(read_all(folder.path()) == whole);
  REQUIRE(sql.run("DELETE FROM replays WHERE number = 3"));
  CHECK(damaged_rows(folder.path()) == std::vector<std::string>{"number 3 of the replays is gone"});
}

TEST_CASE("a bit that flips in the file is noticed, or changes nothing of what is read") {
  const TemporaryFolder folder, damaged;
  fill(folder.path());
  { Sql(folder.path() / "sweeps.db").run("PRAGMA journal_mode = delete"); }
  const std::string file = core::read_file(folder.path() / "sweeps.db");
  const std::string whole = read_all(folder.path());
  std::mt19937_64 random(1126);
  std::size_t noticed = 0;
  for (int i = 0; i < 1500; ++i) {
    std::string bytes = file;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1u << (random() % 8)));
    std::ofstream(damaged.path() / "sweeps.db", std::ios::binary) << bytes;
    INFO("byte " << at << " of " << bytes.size());
    try {
      const std::string read = read_all(damaged.path());
      CHECK(read == whole);
    } catch (const core::UserError&) {
      ++noticed;
    } catch (const core::EnvironmentError&) {
      ++noticed;
    }
  }
  CHECK(noticed > 200);
}

TEST_CASE("rows of a store of version 3 have no digest and are taken as they are, new ones beside them have one") {
  const TemporaryFolder folder;
  fill(folder.path());
  {
    Sql sql(folder.path() / "sweeps.db");
    make_version_4(sql);
    for (const char* table : {"sweeps", "events", "trials", "outputs", "replays"})
      REQUIRE(sql.run(fmt::format("ALTER TABLE {} DROP COLUMN digest", table)));
    REQUIRE(sql.run("ALTER TABLE trials DROP COLUMN events"));
    REQUIRE(sql.run("PRAGMA user_version = 3"));
  }
  const std::string whole = read_all(folder.path());
  CHECK(Store(folder.path(), Store::Mode::kReadOnly).check().without_digest > 100);
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    store.add_sweep(record("c1b2c3d4e5f60718"));
    Study study(loss());
    store.append("c1b2c3d4e5f60718", 5, {planned(0)}, study);
    const sweep::StoreCheck check = store.check();
    CHECK(check.damaged.empty());
    CHECK(check.rows - check.without_digest == 3 + 3);
  }
  Sql sql(folder.path() / "sweeps.db");
  REQUIRE(sql.run("UPDATE events SET time_ms = 7 WHERE number = 1"));
  CHECK(Store(folder.path(), Store::Mode::kReadOnly).check().damaged.empty());
  REQUIRE(sql.run("UPDATE events SET time_ms = 7 WHERE number = (SELECT max(number) FROM events)"));
  CHECK(Store(folder.path(), Store::Mode::kReadOnly).check().damaged.size() == 1);
}
