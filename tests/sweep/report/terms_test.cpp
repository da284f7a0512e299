// Reports of sweeps with repeats, with a target, and without a metric, against golden files.
#include "core/json.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/sweep/rank/sample_study.h"
#include "tests/sweep/report/golden.h"

using core::Json;
using protocol::Outcome;
using namespace sweep;

namespace {

std::string json_text(const SweepHead& head, const std::vector<Row>& rows) {
  return core::canonical_json(report_json(head, rows)) + "\n";
}

Json config(double learning_rate) { return {{"batch_size", 128}, {"optimizer", {{"learning_rate", learning_rate}}}}; }

void run_with_test(Study& study, std::uint64_t index, std::uint64_t epoch, double value, const Json& of) {
  sample::plan(study, index, of);
  sample::start(study, index);
  sample::say(study, index, epoch, {{"val_accuracy", value}, {"test_accuracy", value - 0.0625}});
  sample::end(study, index, Outcome::kCompleted);
}

// Four configurations of three: one whole, one of which a replicate diverged, one drawn again, one half done.
Study repeated() {
  Study study(Terms{.metric = sample::accuracy(), .repeats = 3});
  run_with_test(study, 0, 2, 0.9011666666666667, config(0.01));
  run_with_test(study, 1, 2, 0.903, config(0.01));
  run_with_test(study, 2, 3, 0.8989, config(0.01));
  sample::run(study, 3, 0.95, Outcome::kCompleted, config(0.1));
  sample::run(study, 4, 0.5, Outcome::kDiverged, config(0.1));
  sample::run(study, 5, 0.96, Outcome::kCompleted, config(0.1));
  for (const std::uint64_t index : {6, 7, 8}) run_with_test(study, index, 1, 0.75, config(0.001));
  for (const std::uint64_t index : {9, 10, 11}) sample::plan(study, index, config(0.01), index - 9);
  sample::run(study, 12, 0.99, Outcome::kCompleted, config(0.002));
  return study;
}

SweepHead repeated_head(const Study& study) {
  return {"a1b2c3d4e5f60718", "three seeds", "random", 7, 15, study.metric(), "lab3", 3, {}};
}

// A trial that completed and one that diverged; the target is 0.9.
Study targeted() {
  Study study(Terms{.metric = sample::accuracy(), .target = 0.9});
  sample::run(study, 0, 0.75, Outcome::kCompleted, config(0.1));
  sample::run(study, 1, 0.5, Outcome::kDiverged, config(0.2));
  return study;
}

SweepHead target_head(const Study& study) {
  return {"a1b2c3d4e5f60718",
          "",
          "random",
          7,
          24,
          study.metric(),
          "lab3",
          1,
          TargetHead{"val_accuracy", 0.9, study.bound(), study.ended_at().has_value()}};
}

}  // namespace

TEST_CASE("with repeats the table shows mean, deviation and number of each configuration") {
  const Study study = repeated();
  CHECK(report_table(repeated_head(study), rank(study)) == golden("repeats.txt"));
}

TEST_CASE("with repeats std and n follow the mean in the CSV") {
  const Study study = repeated();
  CHECK(report_csv(repeated_head(study), rank(study)) == golden("repeats.csv"));
}

TEST_CASE("with repeats the JSON holds every replicate of a row") {
  const Study study = repeated();
  CHECK(json_text(repeated_head(study), rank(study)) == golden("repeats.json"));
}

TEST_CASE("with repeats another metric's column is its mean, and std and n can be asked for") {
  const Study study = repeated();
  ReportOptions options;
  options.columns = {"index", "n", "std", "test_accuracy", "optimizer.learning_rate"};
  options.with_time = options.with_device = true;
  options.top = 2;
  CHECK(report_csv(repeated_head(study), rank(study), options) ==
        "index,n,std,test_accuracy,optimizer.learning_rate,seconds,device\n"
        "0,3,0.002053813075269541,0.8385222222222222,0.01,4.5,cpu\n"
        "6,3,0.0,0.6875,0.001,4.5,cpu\n");
}

TEST_CASE("a sweep that its target ended says where, and shows nothing beyond it") {
  Study study = targeted();
  sample::run(study, 2, 0.9, Outcome::kCompleted, config(0.3));
  Study longer = targeted();
  for (const std::uint64_t index : {2, 3, 4})
    sample::plan(longer, index, config(index == 2 ? 0.3 : index == 3 ? 0.4 : 0.5));
  sample::start(longer, 3);
  sample::say(longer, 3, 1, {{"val_accuracy", 0.99}});
  sample::end(longer, 3, Outcome::kCompleted);
  sample::start(longer, 2);
  sample::say(longer, 2, 1, {{"val_accuracy", 0.9}});
  sample::end(longer, 2, Outcome::kCompleted);
  for (const Study* one : {&study, &longer}) {
    CHECK(report_table(target_head(*one), rank(*one)) == golden("target.txt"));
    CHECK(report_csv(target_head(*one), rank(*one)) == golden("target.csv"));
  }
  CHECK(coverage_note(rank(study)).empty());
  CHECK(coverage_note(rank(longer)) ==
        "1 trial ran beyond the end of the sweep and is not ranked: `sweep report --all` lists it");
  CHECK(json_text(target_head(longer), rank(longer)) == golden("target.json"));
  ReportOptions all;
  all.all = true;
  CHECK(report_csv(target_head(longer), rank(longer), all) ==
        golden("target.csv") + ",7f3a9c0000000003,3,0,surplus,,,,128,0.4\n");
}

TEST_CASE("while trials before the one that reached the target run, the end is said to be there or earlier") {
  Study study = targeted();
  for (const std::uint64_t index : {2, 3}) sample::plan(study, index, config(0.3));
  sample::start(study, 3);
  sample::say(study, 3, 1, {{"val_accuracy", 0.99}});
  sample::end(study, 3, Outcome::kCompleted);
  const std::string table = report_table(target_head(study), rank(study));
  CHECK(
      table.starts_with("sweep a1b2c3d4e5f60718: random, seed 7, 24 trials: 2 completed, 1 diverged, 1 waiting\n"
                        "ranked by val_accuracy, the largest first; of each trial its best value\n"
                        "ends at trial #3 or earlier: there val_accuracy reached the target 0.9\n"));
  const Study not_yet = targeted();
  CHECK(report_table(target_head(not_yet), rank(not_yet)).find("val_accuracy has not reached the target 0.9\n") !=
        std::string::npos);
}

TEST_CASE("without a metric trials are listed by index with what they reported last") {
  Study study(std::nullopt);
  for (const std::uint64_t index : {0, 1}) {
    sample::plan(study, index, {{"x", index}});
    sample::start(study, index);
    sample::say(study, index, 1, {{"loss", 0.5}, {"accuracy", 0.25}});
    sample::say(study, index, 2, {{"loss", 0.25 / static_cast<double>(index + 1)}});
    sample::end(study, index, index == 1 ? Outcome::kFailed : Outcome::kCompleted, index == 1 ? "exit code 1" : "");
  }
  const SweepHead head = {"a1b2c3d4e5f60718", "", "grid", 0, 2, std::nullopt, "", 1, {}};
  CHECK(report_table(head, rank(study)) == golden("no_metric.txt"));
  CHECK(report_csv(head, rank(study)) == golden("no_metric.csv"));
  CHECK(json_text(head, rank(study)) == golden("no_metric.json"));
}
