// The rules of the fold, a sentence each.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using protocol::Reduce;
using sweep::Phase;
using sweep::Study;

TEST_CASE("the best value counts, and among equal ones the earliest step") {
  const Study study = fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, 0.5),
                           metric(0, 0, 2, 0.25), metric(0, 0, 3, 0.25), metric(0, 0, 4, 0.75));
  const sweep::TrialState& trial = *study.find(0);
  CHECK(trial.value == 0.25);
  CHECK(trial.step == 2u);
  CHECK(trial.epoch == 2u);
  CHECK(*trial.at_value == std::map<std::string, double>{{"other", 1.25}});
  CHECK(*trial.final_values == std::map<std::string, double>{{"loss", 0.75}, {"other", 1.75}});
  CHECK(trial.last_step == 4);
}

TEST_CASE("with reduce last the last value counts, better or not") {
  const Study study = fold(loss(Reduce::kLast), planned(0), ordered(0), metric(0, 0, 1, 0.25), metric(0, 0, 2, 0.5));
  CHECK(study.find(0)->value == 0.5);
  CHECK(study.find(0)->step == 2u);
}

TEST_CASE("a value that is not finite is never the best one") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Study study = fold(loss(), planned(0), ordered(0), metric(0, 0, 1, nan), metric(0, 0, 2, 3.0),
                           metric(0, 0, 3, -std::numeric_limits<double>::infinity()));
  CHECK(study.find(0)->value == 3.0);
}

TEST_CASE("lines of one step are one line: what comes after the metric stands beside it") {
  const Study study = fold(loss(), planned(0), ordered(0), metric(0, 0, 5, 0.5),
                           said(0, 0, protocol::MetricValues{5, 5, {{"test_loss", 0.625}}}));
  CHECK(*study.find(0)->at_value == std::map<std::string, double>{{"other", 1.5}, {"test_loss", 0.625}});
}

TEST_CASE("after a resume the stream goes on from resumed_from, and what came after it counts no more") {
  Study study = fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, 0.5), checkpoint(0, 0, 1),
                     metric(0, 0, 2, 0.125), ended(0, 0, Outcome::kLost), ordered(0, 1), started(0, 1, 1));
  CHECK(study.find(0)->value == 0.5);
  CHECK(study.find(0)->last_step == 1);
  CHECK(study.find(0)->attempts[1].resumed_from == 1);
  study.apply(metric(0, 1, 2, 0.125));
  CHECK(study.find(0)->value == 0.125);
  CHECK(study.find(0)->finding->empty());
}

TEST_CASE("an attempt that never said started changes nothing that counts") {
  const Study study = fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, 0.5),
                           ended(0, 0, Outcome::kLost), ordered(0, 1), ended(0, 1, Outcome::kLost));
  CHECK(study.find(0)->value == 0.5);
}

TEST_CASE("an attempt that says no started begins where it was told to, and what came after that counts no more") {
  const Study again = fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 0.5), metric(0, 0, 2, 0.125),
                           ended(0, 0, Outcome::kKilled), ordered(0, 1), metric(0, 1, 1, 0.5));
  CHECK(again.find(0)->value == 0.5);
  CHECK(again.find(0)->last_step == 1);
  sweep::AttemptOrdered resumed = ordered(0, 1);
  resumed.resume_file = "last-1";
  const Study going_on = fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 0.25), checkpoint(0, 0, 1),
                              metric(0, 0, 2, 0.125), ended(0, 0, Outcome::kKilled), resumed, metric(0, 1, 3, 0.5));
  CHECK(going_on.find(0)->value == 0.25);
  CHECK(going_on.find(0)->last_step == 3);
}

TEST_CASE("a program that comes to a step again gives another line of it: all count, and attempts agree line by line") {
  Study study = fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 8.0), metric(0, 0, 2, 7.0), metric(0, 0, 1, 0.5),
                     metric(0, 0, 2, 6.0));
  CHECK(study.find(0)->value == 0.5);
  CHECK(study.find(0)->step == 1u);
  CHECK(study.find(0)->final_values->at("loss") == 6.0);
  study.apply(ended(0, 0, Outcome::kLost));
  study.apply(ordered(0, 1));
  for (const auto& [step, value] : {std::pair(1, 8.0), {2, 7.0}, {1, 0.5}, {2, 6.0}, {1, 4.0}})
    study.apply(metric(0, 1, static_cast<std::uint64_t>(step), value));
  CHECK(study.find(0)->finding->empty());
  CHECK(study.find(0)->value == 0.5);
  study.apply(ended(0, 1, Outcome::kLost));
  study.apply(ordered(0, 2));
  study.apply(metric(0, 2, 1, 8.0));
  study.apply(metric(0, 2, 1, 0.25));
  CHECK(study.find(0)->finding->find("loss was 0.5 and is now 0.25") != std::string::npos);
}

TEST_CASE("a metric that two attempts give otherwise for one step is a finding, and the trial failed") {
  Study study =
      fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, 0.5), metric(0, 0, 2, 0.25),
           ended(0, 0, Outcome::kLost), ordered(0, 1), started(0, 1, 1), metric(0, 1, 2, std::nextafter(0.25, 1.0)));
  CHECK(*study.find(0)->finding ==
        "not reproducible: at step 2, which an earlier attempt did as well, loss was 0.25 and is now "
        "0.25000000000000006");
  study.apply(ended(0, 1, Outcome::kCompleted));
  CHECK(study.find(0)->phase == Phase::kEnded);
  CHECK(study.find(0)->outcome == Outcome::kFailed);
  CHECK(study.find(0)->detail == *study.find(0)->finding);
}

TEST_CASE("zero and minus zero are not the same bits, NaN and NaN are") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto overlap = [](double first, double second) {
    return *fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, first), ended(0, 0, Outcome::kLost),
                 ordered(0, 1), started(0, 1, 0), metric(0, 1, 1, second))
                .find(0)
                ->finding;
  };
  CHECK(!overlap(0.0, -0.0).empty());
  CHECK(overlap(nan, nan).empty());
}

TEST_CASE("fingerprints that two attempts give otherwise for one step are a finding") {
  const auto overlap = [](std::uint64_t second) {
    return *fold(loss(), planned(0), ordered(0), started(0, 0, 0), trace(0, 0, 1, 11), trace(0, 0, 2, 22),
                 trace(0, 0, 3, 33), ended(0, 0, Outcome::kLost), ordered(0, 1), started(0, 1, 1),
                 trace(0, 1, 2, second), trace(0, 1, 4, 44))
                .find(0)
                ->finding;
  };
  CHECK(overlap(22).empty());
  CHECK(overlap(23) ==
        "not reproducible: at step 2, which an earlier attempt did as well, the fingerprints of weights and batch are "
        "others");
}

TEST_CASE("only a checkpoint of the kind last is one to go on from, and the newest one is") {
  const Study study = fold(loss(), planned(0), ordered(0), checkpoint(0, 0, 3),
                           said(0, 0, protocol::Checkpoint{4, "best", "best-4", "0"}), checkpoint(0, 0, 5));
  CHECK(study.find(0)->checkpoint->file == "last-5");
}

TEST_CASE("a repeated draw ends with the trial that it repeats, whichever comes first") {
  const Study later =
      fold(loss(), planned(0), repeat(1, 0), ordered(0), metric(0, 0, 1, 0.5), ended(0, 0, Outcome::kCompleted));
  const Study earlier =
      fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 0.5), ended(0, 0, Outcome::kCompleted), repeat(1, 0));
  for (const Study* study : {&later, &earlier}) {
    CHECK(study->ended() == 2);
    CHECK(study->find(1)->outcome == Outcome::kCompleted);
    CHECK(study->find(1)->value == 0.5);
    CHECK(study->find(1)->attempts.empty());
  }
}

TEST_CASE("a reused result is an end without an attempt") {
  sweep::TrialReused reused;
  reused.from_sweep = "other";
  reused.value = 0.5;
  const Study study = fold(loss(), planned(0), reused);
  CHECK(study.ended() == 1);
  CHECK(study.find(0)->attempts.empty());
  CHECK(*study.find(0)->reused_from == "other");
  CHECK(study.best() == study.find(0));
}

TEST_CASE("the best trial is of those that may be ranked, ties to the lower index") {
  const Study study =
      fold(loss(), planned(0), planned(1), planned(2), ordered(0), ordered(1), ordered(2), metric(0, 0, 1, 0.125),
           metric(1, 0, 1, 0.5), metric(2, 0, 1, 0.5), ended(2, 0, Outcome::kCompleted),
           ended(0, 0, Outcome::kDiverged), ended(1, 0, Outcome::kCompleted));
  REQUIRE(study.best() != nullptr);
  CHECK(study.best()->index == 1);
}

TEST_CASE("events that cannot be of one sweep are named, not obeyed") {
  Study study = fold(loss(), planned(0));
  CHECK_THROWS_AS(study.apply(planned(2)), core::UserError);
  CHECK_THROWS_AS(study.apply(ordered(1)), core::UserError);
  CHECK_THROWS_AS(study.apply(metric(0, 0, 1, 0.5)), core::UserError);
  CHECK_THROWS_AS(study.apply(ended(0, 0, Outcome::kCompleted)), core::UserError);
}
