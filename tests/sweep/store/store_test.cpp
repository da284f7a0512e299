// The contract of a store: what is recorded comes back, to the bit; what is not a store is named.
#include "sweep/store/store.h"
#include "sweep/study/decide.h"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "core/error.h"
#include "sweep/store/event_text.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Store;
using sweep::Study;
using sweep::StudyEvent;

namespace {

namespace fs = std::filesystem;

sweep::SweepRecord record(const std::string& id = "a1b2c3d4e5f60718") {
  sweep::SweepRecord sweep;
  sweep.id = id;
  sweep.name = "quick";
  sweep.file = "quick.json";
  sweep.text = "{}";
  sweep.overrides = core::Json::object();
  sweep.identity = {{"trainer", "t"}};
  sweep.method = "random";
  sweep.seed = std::numeric_limits<std::uint64_t>::max();
  sweep.metric = loss();
  sweep.trials = 2;
  return sweep;
}

std::vector<StudyEvent> story() {
  sweep::TrialReused reused;
  reused.index = 1;
  reused.from_sweep = "b";
  reused.from_index = 4;
  reused.value = 0.1;
  reused.final_values = {{"loss", std::numeric_limits<double>::infinity()}};
  return {planned(0),
          planned(1),
          ordered(0),
          started(0, 0, 0),
          trace(0, 0, 1, 99),
          metric(0, 0, 1, 0.1),
          checkpoint(0, 0, 1),
          said(0, 0, protocol::OtherEvent{"mood"}),
          ended(0, 0, Outcome::kCompleted),
          reused};
}

std::vector<std::string> lines(const Store& store, const std::string& sweep, sweep::Traces traces) {
  std::vector<std::string> result;
  store.read_events(sweep, traces, [&](const sweep::StoredEvent& stored) {
    const sweep::EventText text = sweep::to_text(stored.event);
    result.push_back(text.kind + " " + std::to_string(text.index) + " " + text.line);
  });
  return result;
}

std::vector<std::string> lines(const std::vector<StudyEvent>& events) {
  std::vector<std::string> result;
  for (const StudyEvent& event : events) {
    const sweep::EventText text = sweep::to_text(event);
    result.push_back(text.kind + " " + std::to_string(text.index) + " " + text.line);
  }
  return result;
}

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

}  // namespace

TEST_CASE("what was recorded is there after reopening, in order and to the bit") {
  const TemporaryFolder folder;
  {
    Store store(folder.path(), Store::Mode::kReadWrite);
    store.add_sweep(record());
    Study study(loss());
    store.append(record().id, 123, story(), study);
  }
  const Store store(folder.path(), Store::Mode::kReadOnly);
  const auto sweep = store.find_sweep(record().id);
  REQUIRE(sweep.has_value());
  CHECK(sweep->seed == std::numeric_limits<std::uint64_t>::max());
  CHECK(sweep->metric == loss());
  CHECK(sweep->name == "quick");
  CHECK(lines(store, sweep->id, sweep::Traces::kAll) == lines(story()));
}

TEST_CASE("a sweep that is known already stays as it is") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  sweep::SweepRecord other = record();
  other.name = "other";
  store.add_sweep(other);
  CHECK(store.sweeps().size() == 1);
  CHECK(store.find_sweep(record().id)->name == "quick");
}

TEST_CASE("traces can be left out, or read only for trials that have not ended") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  Study study(loss());
  const std::vector<StudyEvent> events = {planned(0),
                                          planned(1),
                                          ordered(0),
                                          ordered(1),
                                          trace(0, 0, 1, 99),
                                          trace(1, 0, 1, 98),
                                          ended(0, 0, Outcome::kCompleted)};
  store.append(record().id, 1, events, study);
  CHECK(lines(store, record().id, sweep::Traces::kNone).size() == 5);
  CHECK(lines(store, record().id, sweep::Traces::kOfUnfinished).size() == 6);
  CHECK(lines(store, record().id, sweep::Traces::kAll).size() == 7);
}

TEST_CASE("the rows of trials say what a fold of the events says") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  Study study(loss());
  for (const StudyEvent& event : story()) store.append(record().id, 1, {event}, study);
  store.append(record().id, 1, {repeat(2, 0)}, study);

  Study anew(loss());
  store.read_events(record().id, /*with_trace=*/true,
                    [&](const sweep::StoredEvent& stored) { anew.apply(stored.event); });
  std::vector<sweep::TrialSummary> folded;
  for (const sweep::TrialState& trial : anew.trials()) folded.push_back(sweep::summarize(trial));
  CHECK(store.summaries(record().id) == folded);
}

TEST_CASE("reopened trials, passed guards and other retries are read back as they were, rows and fold alike") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  sweep::AttemptEnded crashed = ended(0, 0, Outcome::kKilled);
  crashed.retries = 0;
  sweep::AttemptEnded no_room = ended(1, 0, Outcome::kOutOfMemory);
  no_room.shared_gpu = true;
  const std::vector<StudyEvent> events = {planned(0),
                                          planned(1),
                                          repeat(2, 0),
                                          ordered(0),
                                          trace(0, 0, 1, 99),
                                          checkpoint(0, 0, 1),
                                          crashed,
                                          ordered(1),
                                          no_room,
                                          sweep::TrialReopened{0, "on demand"},
                                          sweep::GuardLifted{1},
                                          ordered(0, 1),
                                          started(0, 1, 1),
                                          metric(0, 1, 2, 0.5)};
  Study study(loss());
  for (const StudyEvent& event : events) store.append(record().id, 1, {event}, study);
  CHECK(lines(store, record().id, sweep::Traces::kAll) == lines(events));
  CHECK(lines(store, record().id, sweep::Traces::kOfUnfinished) == lines(events));  // #0 waits again, its trace with it

  Study anew(loss());
  store.read_events(record().id, /*with_trace=*/true,
                    [&](const sweep::StoredEvent& stored) { anew.apply(stored.event); });
  std::vector<sweep::TrialSummary> folded;
  for (const sweep::TrialState& trial : anew.trials()) folded.push_back(sweep::summarize(trial));
  CHECK(store.summaries(record().id) == folded);
  CHECK(folded[0].attempts == 2);
  CHECK(folded[0].phase == "running");
  CHECK(folded[1].phase == "waiting");
  CHECK(folded[2].phase == "waiting");
  CHECK(anew.find(0)->attempts[0].retries == 0);
  CHECK(must_be_alone(*anew.find(1)));
}

TEST_CASE("of a trial that took another sweep's result and was reopened, the events are its own") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  sweep::SweepRecord other = record();
  other.id = "0123456789abcdef";
  store.add_sweep(other);
  store.add_sweep(record());
  Study ran(loss()), study(loss());
  store.append(other.id, 1, {planned(0), ordered(0), metric(0, 0, 1, 0.5), ended(0, 0, Outcome::kCompleted)}, ran);
  sweep::TrialReused reused;
  reused.from_sweep = other.id;
  store.append(record().id, 1, {planned(0), reused}, study);
  CHECK(store.trial_events({record().id, 0}).size() == 1);
  store.append(record().id, 1, {sweep::TrialReopened{0, "on demand"}}, study);
  CHECK(store.summaries(record().id)[0].reused_from.empty());
  CHECK(store.trial_events({record().id, 0}).empty());
  store.append(record().id, 1, {ordered(0), metric(0, 0, 1, 0.25), metric(0, 0, 2, 0.125)}, study);
  CHECK(store.trial_events({record().id, 0}).size() == 2);
}

TEST_CASE("a transaction that fails leaves nothing behind") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  Study study(loss());
  CHECK_THROWS_AS(store.append(record().id, 1, {planned(0), planned(5)}, study), core::UserError);
  CHECK(lines(store, record().id, sweep::Traces::kAll).empty());
}

TEST_CASE("a reader sees what is committed while a writer is in the middle") {
  const TemporaryFolder folder;
  Store writer(folder.path(), Store::Mode::kReadWrite);
  writer.add_sweep(record());
  Study study(loss());
  writer.append(record().id, 1, {planned(0)}, study);
  const Store reader(folder.path(), Store::Mode::kReadOnly);
  CHECK(lines(reader, record().id, sweep::Traces::kAll).size() == 1);
  writer.append(record().id, 1, {planned(1)}, study);
  CHECK(lines(reader, record().id, sweep::Traces::kAll).size() == 2);
  reader.read_events(record().id, true, [&](const sweep::StoredEvent&) {
    writer.append(record().id, 1, {planned(study.trials().size())}, study);  // a reader never blocks a controller
  });
  CHECK(study.trials().size() == 4);
}

TEST_CASE("a result is found in other sweeps only, and only one that may be reused") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  const auto run = [&](const std::string& sweep, Outcome outcome) {
    store.add_sweep(record(sweep));
    Study study(loss());
    store.append(sweep, 1, {planned(0), ordered(0), metric(0, 0, 1, 0.5), ended(0, 0, outcome)}, study);
  };
  run("0000000000000001", Outcome::kFailed);
  run("0000000000000002", Outcome::kTimedOut);
  CHECK(!store.find_result("trial0", "x"));
  run("0000000000000003", Outcome::kCompleted);
  CHECK(store.find_result("trial0", "x")->sweep == "0000000000000003");
  CHECK(!store.find_result("trial0", "0000000000000003"));
  CHECK(store.find_trials("tri").size() == 3);
}

TEST_CASE("the events of a reused trial are those of the trial that ran") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record("b"));
  store.add_sweep(record("a"));
  Study first(loss()), second(loss());
  store.append("b", 1, {planned(0), ordered(0), metric(0, 0, 1, 0.5), ended(0, 0, Outcome::kCompleted)}, first);
  sweep::TrialReused reused;
  reused.from_sweep = "b";
  store.append("a", 1, {planned(0), reused}, second);
  CHECK(store.trial_events({"a", 0}).size() == 1);
}

TEST_CASE("replays are kept beside the sweeps") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_replay({"abc", 5, "identical", {{"steps", 7}}});
  REQUIRE(store.replays("abc").size() == 1);
  CHECK(store.replays("abc")[0].detail == core::Json{{"steps", 7}});
  CHECK(store.replays("abcd").empty());
}

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

TEST_CASE("a sweep's target, repeats and program come back, to the bit") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  sweep::SweepRecord with = record();
  with.target = 0.1 + 0.2;
  with.repeats = 3;
  with.program = {{"folder", "/somewhere"}};
  store.add_sweep(with);
  store.add_sweep(record("b"));
  CHECK(store.find_sweep(with.id)->target == 0.1 + 0.2);
  CHECK(store.find_sweep(with.id)->repeats == 3);
  CHECK(store.find_sweep(with.id)->program == with.program);
  CHECK(!store.find_sweep("b")->target);
  CHECK(store.find_sweep("b")->repeats == 1);
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

TEST_CASE("printed metrics that an event of the program's own overruled are not among a trial's events") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  Study study(loss());
  const auto numbered = [](sweep::TrainerSaid said, std::uint64_t seq) {
    said.event.seq = seq;
    return said;
  };
  const std::vector<StudyEvent> events = {planned(0),
                                          ordered(0),
                                          numbered(printed(0, 0, 1, 0.5), 0),
                                          ended(0, 0, Outcome::kKilled),
                                          ordered(0, 1),
                                          numbered(printed(0, 1, 1, 0.5), 0),
                                          numbered(printed(0, 1, 2, 0.5), 1),
                                          numbered(started(0, 1, 0), 0),
                                          numbered(metric(0, 1, 1, 0.25), 1),
                                          ended(0, 1, Outcome::kCompleted)};
  for (const StudyEvent& event : events) store.append(record().id, 1, {event}, study);
  const std::vector<sweep::TrainerSaid> said = store.trial_events({record().id, 0});
  REQUIRE(said.size() == 3);
  CHECK(sweep::is_printed(said[0].event));
  CHECK(said[1].event.line() == started(0, 1, 0).event.line());
  CHECK(said[2].event.seq == 1);

  Study anew(loss());
  store.read_events(record().id, true, [&](const sweep::StoredEvent& stored) { anew.apply(stored.event); });
  CHECK(anew.find(0)->value == 0.25);
  CHECK(store.summaries(record().id)[0] == sweep::summarize(*anew.find(0)));
}

TEST_CASE("the rows of a sweep that its target ended say what a fold says, surplus among them") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  const sweep::Terms terms{.metric = loss(), .target = 0.5, .repeats = 2};
  Study study(terms);
  std::vector<StudyEvent> events;
  for (std::uint64_t i = 0; i < 8; ++i) events.push_back(planned(i));
  for (const std::uint64_t i : {7, 5, 3, 4, 2, 0, 1}) {
    events.push_back(ordered(i));
    events.push_back(metric(i, 0, 1, 0.25));
    events.push_back(ended(i, 0, i == 7 ? Outcome::kCancelled : Outcome::kCompleted));
  }
  for (const StudyEvent& event : events) store.append(record().id, 1, {event}, study);
  CHECK(study.ended_at() == 1u);
  Study anew(terms);
  store.read_events(record().id, true, [&](const sweep::StoredEvent& stored) { anew.apply(stored.event); });
  std::vector<sweep::TrialSummary> folded;
  for (const sweep::TrialState& trial : anew.trials()) folded.push_back(sweep::summarize(trial));
  CHECK(store.summaries(record().id) == folded);
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

TEST_CASE("the sweep that was active last is that of the newest event, and before any event the newest") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  CHECK(!store.last_active_sweep());
  store.add_sweep(record("a"));
  store.add_sweep(record("b"));
  CHECK(store.last_active_sweep()->id == "b");
  Study a(loss()), b(loss());
  store.append("b", 1, {planned(0)}, b);
  store.append("a", 1, {planned(0)}, a);
  CHECK(store.last_active_sweep()->id == "a");
  store.append("b", 1, {planned(1)}, b);
  CHECK(store.last_active_sweep()->id == "b");
}
