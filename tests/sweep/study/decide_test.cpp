// What happens next, a sentence each.
#include "sweep/study/decide.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::decide;
using sweep::Decision;
using sweep::Phase;
using sweep::Situation;
using sweep::Study;
using What = sweep::Decision::What;

namespace {

Situation situation(std::uint64_t trials, std::size_t free_slots) { return {trials, free_slots, false, {}}; }

}  // namespace

TEST_CASE("a sweep is planned before anything starts") {
  const Decision decision = decide(fold(loss()), situation(3, 1));
  CHECK(decision.what == What::kPlan);
  CHECK(decision.index == 0);
}

TEST_CASE("trials start in index order") {
  const Decision decision = decide(fold(loss(), planned(0), planned(1), planned(2), ordered(0)), situation(3, 1));
  CHECK(decision.what == What::kStart);
  CHECK(decision.index == 1);
  CHECK(decision.attempt == 0);
  CHECK(decision.resume_file.empty());
  CHECK(decision.reason == "next in order");
}

TEST_CASE("without a free slot it waits") {
  CHECK(decide(fold(loss(), planned(0), planned(1), ordered(0)), situation(2, 0)).what == What::kWait);
}

TEST_CASE("more is planned only when nothing planned is left to start") {
  CHECK(decide(fold(loss(), planned(0), planned(1), ordered(0)), situation(5, 1)).what == What::kStart);
  CHECK(decide(fold(loss(), planned(0), ordered(0)), situation(5, 1)).what == What::kPlan);
}

TEST_CASE("who has time plans more while fewer than 256 wait, unless nothing more is to start") {
  Study study = fold(loss());
  const auto in_time = [&](Situation now) { return sweep::plan_in_time(study, now); };
  CHECK(in_time(situation(300, 0)) == 0);
  for (std::uint64_t index = 0; index < 256; ++index) study.apply(planned(index));
  CHECK(in_time(situation(300, 0)) == std::nullopt);
  study.apply(ordered(0));
  CHECK(in_time(situation(300, 0)) == 256);
  CHECK(in_time(situation(300, 1)) == 256);
  CHECK(in_time(situation(256, 0)) == std::nullopt);
  CHECK(in_time({300, 0, /*stopping=*/true, {}}) == std::nullopt);
}

TEST_CASE("a sweep is done when every trial has ended, repeats among them") {
  const Study study = fold(loss(), planned(0), repeat(1, 0), ordered(0), ended(0, 0, Outcome::kFailed));
  CHECK(decide(study, situation(2, 1)).what == What::kDone);
}

TEST_CASE("a repeated draw never starts") {
  CHECK(decide(fold(loss(), planned(0), repeat(1, 0), ordered(0)), situation(2, 1)).what == What::kWait);
}

TEST_CASE("what was lost goes on from its checkpoint, before any new trial, however often") {
  Study study = fold(loss(), planned(0), planned(1), ordered(0), checkpoint(0, 0, 40), ended(0, 0, Outcome::kLost));
  for (std::uint32_t attempt = 1; attempt < 5; ++attempt) {
    const Decision decision = decide(study, situation(2, 2));
    CHECK(decision.what == What::kStart);
    CHECK(decision.index == 0);
    CHECK(decision.attempt == attempt);
    CHECK(decision.resume_file == "last-40");
    CHECK(decision.reason == "the controller died while it ran; goes on from step 40");
    study.apply(ordered(0, attempt));
    study.apply(ended(0, attempt, Outcome::kLost));
  }
}

TEST_CASE("what was interrupted before its first checkpoint starts from the beginning, and says so") {
  const Study study = fold(loss(), planned(0), ordered(0), ended(0, 0, Outcome::kCancelled));
  CHECK(decide(study, situation(1, 1)).reason == "was interrupted; starts from the beginning, there is no checkpoint");
}

TEST_CASE("a crash by signal is tried once more, a second one ends the trial") {
  Study study = fold(loss(), planned(0), ordered(0), ended(0, 0, Outcome::kKilled));
  CHECK(decide(study, situation(1, 1)).reason ==
        "killed, try 2 of 2; starts from the beginning, there is no checkpoint");
  study.apply(ordered(0, 1));
  study.apply(ended(0, 1, Outcome::kKilled));
  CHECK(study.find(0)->phase == Phase::kEnded);
  CHECK(study.find(0)->outcome == Outcome::kKilled);
}

TEST_CASE("an interruption between two crashes is not counted") {
  Study study = fold(loss(), planned(0), ordered(0), ended(0, 0, Outcome::kLost), ordered(0, 1),
                     ended(0, 1, Outcome::kKilled), ordered(0, 2), ended(0, 2, Outcome::kCancelled));
  CHECK(study.find(0)->phase == Phase::kWaiting);
}

TEST_CASE("a plain failure, no metric, divergence and exhausted memory are not tried again") {
  for (const Outcome outcome : {Outcome::kFailed, Outcome::kNoMetric, Outcome::kDiverged, Outcome::kOutOfMemory}) {
    const Study study = fold(loss(), planned(0), ordered(0), ended(0, 0, outcome));
    CHECK(study.find(0)->phase == Phase::kEnded);
    CHECK(study.find(0)->outcome == outcome);
  }
}

TEST_CASE("exit code 75 is free while each attempt stored a newer checkpoint") {
  Study study = fold(loss(), planned(0));
  for (std::uint32_t attempt = 0; attempt < 5; ++attempt) {
    study.apply(ordered(0, attempt));
    study.apply(checkpoint(0, attempt, 10 * (attempt + 1)));
    study.apply(asked_again(0, attempt));
    CHECK(study.find(0)->phase == Phase::kWaiting);
  }
}

TEST_CASE("exit code 75 without a newer checkpoint counts as a try, and in the end as a failure") {
  Study study = fold(loss(), planned(0), ordered(0), asked_again(0, 0));
  CHECK(study.find(0)->phase == Phase::kWaiting);
  study.apply(ordered(0, 1));
  study.apply(asked_again(0, 1));
  CHECK(study.find(0)->phase == Phase::kEnded);
  CHECK(study.find(0)->outcome == Outcome::kFailed);
}

TEST_CASE("while it stops nothing starts, and it is done when nothing runs") {
  const Situation stopping{3, 2, true, {}};
  CHECK(decide(fold(loss(), planned(0), planned(1), ordered(0)), stopping).what == What::kWait);
  CHECK(decide(fold(loss(), planned(0), planned(1)), stopping).what == What::kDone);
}

TEST_CASE("a trial that another sweep runs is passed over, and waited for at the end") {
  Situation busy{2, 1, false, {0}};
  CHECK(decide(fold(loss(), planned(0), planned(1)), busy).index == 1);
  CHECK(decide(fold(loss(), planned(0), planned(1), ordered(1)), busy).what == What::kWait);
}
