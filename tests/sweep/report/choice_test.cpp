// Which rows every format shows, and in which order.
#include "sweep/report/choice.h"

#include "core/error.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"

using core::Json;
using protocol::Outcome;
using namespace sweep;

namespace {

// Rank order: #1, #0, #3; #2 diverged, #4 waits.
Study five() {
  Study study(sample::accuracy());
  sample::run(study, 0, 0.5, Outcome::kCompleted, {{"lr", 0.1}, {"opt", "sgd"}});
  sample::run(study, 1, 0.75, Outcome::kCompleted, {{"lr", 0.01}, {"opt", "adam"}});
  sample::run(study, 2, 0.25, Outcome::kDiverged, {{"lr", 10}, {"opt", "adam"}, {"-lr", 1}});
  sample::run(study, 3, 0.125, Outcome::kCompleted, {{"opt", "sgd"}});
  sample::plan(study, 4, {{"lr", 0.5}, {"opt", "adam"}});
  return study;
}

std::string order(const ReportOptions& options) {
  const Study study = five();
  const SweepHead head{"a1", "", "random", 0, 5, study.metric(), ""};
  std::string text;
  const std::vector<Row> rows = rank(study);
  std::vector<Row> some;
  for (const Row& row : chosen_rows(head, own_rows(rows, options, some), options).rows)
    text += std::to_string(row.trial->index);
  return text;
}

std::string sorted(std::vector<std::string> by) { return order({.sort = std::move(by)}); }

}  // namespace

TEST_CASE("rows stand in the order of the leaderboard, or of a column, missing values last either way") {
  CHECK(order({}) == "1032");
  CHECK(sorted({"lr"}) == "1023");
  CHECK(sorted({"val_accuracy"}) == "3201");
  CHECK(sorted({"-val_accuracy"}) == "1023");
  CHECK(sorted({"opt"}) == "1203");
  CHECK(sorted({"opt", "-index"}) == "2130");
  CHECK(sorted({"-rank"}) == "3012");
}

TEST_CASE("a minus turns an order round, unless it is a part of the column's name") {
  CHECK(sorted({"-index"}) == "3210");
  CHECK(sorted({"-lr"}) == "2103");  // a parameter of that name: only #2 has it
}

TEST_CASE("filter, sort and top act one after the other, and the flag --all comes before them") {
  CHECK(order({.filter = "opt=adam"}) == "12");
  CHECK(order({.filter = "opt=adam", .all = true}) == "124");
  CHECK(order({.filter = "value>=0.25", .sort = {"value"}, .top = 2}) == "20");
  CHECK(order({.filter = "outcome=completed and rank<=2"}) == "10");
  CHECK(order({.filter = "lr!=0.1"}) == "132");
  const Study study = five();
  const SweepHead head{"a1", "", "random", 0, 5, study.metric(), ""};
  const ReportOptions options{.filter = "opt=sgd", .top = 1};
  const Choice choice = chosen_rows(head, rank(study), options);
  CHECK(choice.candidates == 4);
  CHECK(choice.without_top == 2);
  CHECK(choice.rows.size() == 1);
}

TEST_CASE("a column to sort by that does not exist is refused with the nearest name") {
  try {
    sorted({"indx"});
    FAIL("not refused");
  } catch (const core::UserError& error) {
    CHECK(std::string(error.what()) == "--sort: no column 'indx', did you mean 'index'?");
  }
}

TEST_CASE("a column to sort by that stands twice is refused, with or without a minus") {
  for (const std::vector<std::string>& by : {std::vector<std::string>{"lr", "lr"}, {"index", "opt", "-index"}}) {
    try {
      sorted(by);
      FAIL("not refused");
    } catch (const core::UserError& error) {
      CHECK(std::string(error.what()) == "--sort: '" + by[0] + "' stands twice, name it once");
    }
  }
  CHECK(sorted({"opt", "lr"}) == "1203");
}
