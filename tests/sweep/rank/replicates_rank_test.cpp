// The leaderboard of a sweep with repeats: a row is a configuration.
#include "sweep/rank/rank.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"

using protocol::Outcome;
using sweep::rank;
using sweep::Row;
using sweep::Standing;
using sweep::Study;

namespace {

Study of_three() { return Study(sweep::Terms{.metric = sample::accuracy(), .repeats = 3}); }

// The next trials, one a value.
void run_all(Study& study, const std::vector<double>& values, Outcome last = Outcome::kCompleted) {
  for (std::size_t i = 0; i < values.size(); ++i)
    sample::run(study, study.trials().size(), values[i], i + 1 == values.size() ? last : Outcome::kCompleted);
}

}  // namespace

TEST_CASE("a configuration is ranked by the mean of its replicates and named by the first") {
  Study study = of_three();
  run_all(study, {0.9, 0.1, 0.2});
  run_all(study, {0.5, 0.5, 0.75});
  const std::vector<Row> rows = rank(study);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].trial->index == 3);
  CHECK(rows[0].value() == (0.5 + 0.5 + 0.75) / 3);
  CHECK(rows[0].spread.n == 3);
  CHECK(rows[0].spread.deviation == 0.14433756729740646);
  CHECK(rows[1].trial->index == 0);
  CHECK(rows[1].rank == 2u);
}

TEST_CASE("equal means are ranked by index") {
  Study study = of_three();
  run_all(study, {0.25, 0.5, 0.75});
  run_all(study, {0.5, 0.5, 0.5});
  CHECK(rank(study)[0].trial->index == 0);
}

TEST_CASE("a configuration with a replicate that diverged has no rank, its outcome and the mean of the others") {
  Study study = of_three();
  run_all(study, {0.5, 0.75, 0.99}, Outcome::kDiverged);
  run_all(study, {0.1, 0.1, 0.1});
  const std::vector<Row> rows = rank(study);
  CHECK(rows[0].trial->index == 3);
  CHECK(rows[1].standing == Standing::kDetermined);
  CHECK(rows[1].outcome() == "diverged");
  CHECK(rows[1].value() == 0.625);
  CHECK(rows[1].spread.n == 2);
}

TEST_CASE("a configuration is the machine's where one replicate is, and has not ended while one has not") {
  Study study = of_three();
  run_all(study, {0.5, 0.75, 0.99}, Outcome::kKilled);
  run_all(study, {0.5, 0.75});
  const std::vector<Row> rows = rank(study);
  CHECK(rows[0].standing == Standing::kMachine);
  CHECK(rows[0].outcome() == "killed");
  CHECK_FALSE(rows[0].value());
  CHECK(rows[1].standing == Standing::kUnfinished);
  CHECK(rows[1].outcome() == "waiting");
}

TEST_CASE("epoch and step are there where the replicates agree on them") {
  Study study = of_three();
  run_all(study, {0.5, 0.5, 0.5});
  CHECK(rank(study)[0].epoch() == 1u);
  for (const std::uint64_t index : {3, 4, 5}) {
    sample::plan(study, index);
    sample::start(study, index);
    sample::say(study, index, index, {{"val_accuracy", 0.25}});
    sample::end(study, index, Outcome::kCompleted);
  }
  CHECK_FALSE(rank(study)[1].epoch());
  CHECK_FALSE(rank(study)[1].step());
}

TEST_CASE("a repeated draw repeats its whole configuration") {
  Study study = of_three();
  run_all(study, {0.5, 0.5, 0.5});
  for (const std::uint64_t index : {3, 4, 5}) sample::plan(study, index, core::Json::object(), index - 3);
  const std::vector<Row> rows = rank(study);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].standing == Standing::kRepeat);
  CHECK(rows[1].outcome() == "repeat");
  CHECK_FALSE(rows[1].value());
}

TEST_CASE("outcomes are counted by trial, not by configuration") {
  Study study = of_three();
  run_all(study, {0.5, 0.75, 0.99}, Outcome::kDiverged);
  sample::plan(study, 3);
  CHECK(sweep::count_outcomes(rank(study)) ==
        std::map<std::string, std::uint64_t>{{"completed", 2}, {"diverged", 1}, {"waiting", 1}});
}
