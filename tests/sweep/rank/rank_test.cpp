// The rules of the leaderboard, a sentence each.
#include <limits>

#include "sweep/rank/rank.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"

using protocol::Outcome;
using sweep::rank;
using sweep::Row;
using sweep::Standing;
using sweep::Study;

namespace {

// "1:#3 2:#0 -:#1": rank and index of every row.
std::string order(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (!text.empty()) text += ' ';
    text += (row.rank ? std::to_string(*row.rank) : "-") + ":#" + std::to_string(row.trial->index);
  }
  return text;
}

}  // namespace

TEST_CASE("a metric to maximise ranks the largest value first") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5);
  sample::run(study, 1, 0.9);
  sample::run(study, 2, 0.7);
  CHECK(order(rank(study)) == "1:#1 2:#2 3:#0");
}

TEST_CASE("a metric to minimise ranks the smallest value first") {
  Study study(sample::loss());
  sample::run(study, 0, 0.5);
  sample::run(study, 1, -0.9);
  sample::run(study, 2, 0.7);
  CHECK(order(rank(study)) == "1:#1 2:#0 3:#2");
}

TEST_CASE("equal values are ranked by index, and zero equals minus zero") {
  Study study(sample::loss());
  sample::run(study, 0, 0.0);
  sample::run(study, 1, -0.0);
  sample::run(study, 2, -1.0);
  sample::run(study, 3, 0.0);
  CHECK(order(rank(study)) == "1:#2 2:#0 3:#1 4:#3");
}

TEST_CASE("a diverged trial has no rank, however good it was before") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.99, Outcome::kDiverged);
  sample::run(study, 1, 0.5);
  CHECK(order(rank(study)) == "1:#1 -:#0");
}

TEST_CASE("a value that is not finite has no rank") {
  Study study(sample::loss());
  sample::run(study, 0, std::numeric_limits<double>::quiet_NaN());
  sample::run(study, 1, -std::numeric_limits<double>::infinity());
  sample::run(study, 2, 3.0);
  CHECK(order(rank(study)) == "1:#2 -:#0 -:#1");
}

TEST_CASE("failed and no_metric trials follow the ranked ones by index") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.1, Outcome::kFailed);
  sample::run(study, 1, 0.2);
  sample::plan(study, 2);
  sample::start(study, 2);
  sample::end(study, 2, Outcome::kNoMetric);
  sample::run(study, 3, 0.3);
  CHECK(order(rank(study)) == "1:#3 2:#1 -:#0 -:#2");
}

TEST_CASE("what the machine ended stands last, without rank or value") {
  for (const Outcome outcome : {Outcome::kTimedOut, Outcome::kStalled, Outcome::kKilled, Outcome::kOutOfMemory}) {
    Study study(sample::accuracy());
    sample::run(study, 0, 0.99, outcome);
    sample::run(study, 1, 0.1, Outcome::kDiverged);
    sample::run(study, 2, 0.2);
    const std::vector<Row> rows = rank(study);
    CHECK(order(rows) == "1:#2 -:#1 -:#0");
    CHECK(rows.back().standing == Standing::kMachine);
    CHECK_FALSE(rows.back().value());
  }
}

TEST_CASE("a trial that the user or a crash interrupted has not ended") {
  for (const Outcome outcome : {Outcome::kCancelled, Outcome::kLost}) {
    Study study(sample::accuracy());
    sample::run(study, 0, 0.99, outcome);
    sample::run(study, 1, 0.2);
    const std::vector<Row> rows = rank(study);
    CHECK(order(rows) == "1:#1 -:#0");
    CHECK(rows.back().standing == Standing::kUnfinished);
    CHECK(rows.back().outcome() == "waiting");
  }
}

TEST_CASE("waiting and running trials come after everything that ended") {
  Study study(sample::accuracy());
  sample::plan(study, 0);
  sample::plan(study, 1);
  sample::start(study, 1);
  sample::run(study, 2, 0.9, Outcome::kKilled);
  sample::run(study, 3, 0.2);
  const std::vector<Row> rows = rank(study);
  CHECK(order(rows) == "1:#3 -:#2 -:#0 -:#1");
  CHECK(rows[2].outcome() == "waiting");
  CHECK(rows[3].outcome() == "running");
}

TEST_CASE("an index that draws an earlier trial again is a repeat and is not ranked twice") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.9);
  sample::plan(study, 1, core::Json::object(), 0);
  sample::run(study, 2, 0.8);
  const std::vector<Row> rows = rank(study);
  CHECK(order(rows) == "1:#0 2:#2 -:#1");
  CHECK(rows[2].outcome() == "repeat");
  CHECK_FALSE(rows[2].value());
}

TEST_CASE("without a metric completed trials are listed by index") {
  Study study(std::nullopt);
  for (const std::uint64_t index : {0, 1, 2}) {
    sample::plan(study, index);
    sample::start(study, index);
    sample::say(study, index, 1, {{"val_loss", 3.0 - static_cast<double>(index)}});
    sample::end(study, index, Outcome::kCompleted);
  }
  CHECK(order(rank(study)) == "-:#0 -:#1 -:#2");
}

TEST_CASE("what lies beyond the trial that reached the target is surplus: last, without rank or value") {
  Study study(sweep::Terms{.metric = sample::accuracy(), .target = 0.9});
  sample::run(study, 0, 0.5);
  sample::run(study, 1, 0.9);
  sample::run(study, 2, 0.99);
  sample::plan(study, 3);
  const std::vector<Row> rows = rank(study);
  CHECK(order(rows) == "1:#1 2:#0 -:#2 -:#3");
  for (const std::size_t i : {2, 3}) {
    CHECK(rows[i].standing == Standing::kSurplus);
    CHECK(rows[i].outcome() == "surplus");
    CHECK_FALSE(rows[i].value());
  }
  CHECK(sweep::count_outcomes(rows) == std::map<std::string, std::uint64_t>{{"completed", 2}});
}

TEST_CASE("outcomes are counted as the rows name them") {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.9);
  sample::run(study, 1, 0.8);
  sample::run(study, 2, 0.8, Outcome::kDiverged);
  sample::plan(study, 3, core::Json::object(), 1);
  sample::plan(study, 4);
  const std::map<std::string, std::uint64_t> expected = {
      {"completed", 2}, {"diverged", 1}, {"repeat", 1}, {"waiting", 1}};
  CHECK(sweep::count_outcomes(rank(study)) == expected);
}
