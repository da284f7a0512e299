// The contract of a store: what is recorded comes back, to the bit.
#include "sweep/store/store.h"

#include "core/error.h"
#include "sweep/study/decide.h"
#include "tests/catch.h"
#include "tests/sweep/store/stored.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Store;
using sweep::Study;
using sweep::StudyEvent;

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

TEST_CASE("a renamed sweep has its new name and is otherwise as it was, digest and events with it") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  store.add_sweep(record("b"));
  Study study(loss());
  store.append(record().id, 1, story(), study);
  store.rename_sweep(record().id, "quicker");
  CHECK(store.find_sweep(record().id)->name == "quicker");
  CHECK(store.find_sweep(record().id)->seed == record().seed);
  CHECK(store.find_sweep("b")->name == "quick");
  CHECK(store.sweeps().front().id == record().id);
  CHECK(lines(store, record().id, sweep::Traces::kAll) == lines(story()));
  CHECK(store.check().damaged.empty());
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

TEST_CASE("configurations are read by index, without any other event") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  store.add_sweep(record("b"));
  Study study(loss()), other(loss());
  std::vector<core::Json> configs;
  for (std::uint64_t index = 0; index < 3; ++index) {
    sweep::TrialPlanned event = planned(index);
    event.config = {{"x", index}, {"nested", {{"deep", 0.1}}}};
    configs.push_back(event.config);
    store.append(record().id, 1, {event, ordered(index), metric(index, 0, 1, 0.5)}, study);
    store.append("b", 1, {planned(index)}, other);
  }
  store.append(record().id, 1, {ended(0, 0, Outcome::kCompleted)}, study);
  CHECK(store.configs(record().id) == configs);
  CHECK(store.configs("b") == std::vector<core::Json>(3, core::Json::object()));
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

TEST_CASE("a trial that is recorded without those before it is read back by its index") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_sweep(record());
  std::vector<sweep::StoredEvent> stored;
  Study alone(sweep::Terms{.metric = loss(), .alone = true});
  for (StudyEvent event : {StudyEvent(planned(0)), StudyEvent(ordered(0)), StudyEvent(started(0, 0, 0)),
                           StudyEvent(metric(0, 0, 1, 0.1))}) {
    alone.apply(event);
    std::visit([](auto& e) { e.index = 1'000'000'000'000; }, event);
    stored.push_back({record().id, 5, event});
  }
  sweep::TrialState trial = *alone.find(0);
  trial.index = 1'000'000'000'000;
  store.add_alone(record().id, stored, trial);
  const sweep::TrialPlace place{record().id, trial.index};
  CHECK(store.has_row(place));
  CHECK_FALSE(store.has_row({record().id, 0}));
  CHECK(store.trial_events(place).size() == 2);
  std::size_t read = 0;
  store.read_trial(place, true,
                   [&](const sweep::StoredEvent& event) { read += trial_index(event.event) == trial.index; });
  CHECK(read == 4);
  CHECK(store.check().damaged.empty());
}

TEST_CASE("replays are kept beside the sweeps") {
  const TemporaryFolder folder;
  Store store(folder.path(), Store::Mode::kReadWrite);
  store.add_replay({"abc", 5, "identical", {{"steps", 7}}});
  REQUIRE(store.replays("abc").size() == 1);
  CHECK(store.replays("abc")[0].detail == core::Json{{"steps", 7}});
  CHECK(store.replays("abcd").empty());
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
