// Too many failures, the guard, trials that are reopened: pure rules of the fold and of the decision.
#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "sweep/study/decide.h"
#include "sweep/study/signature.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::BoundCause;
using sweep::Decision;
using sweep::Phase;
using sweep::Situation;
using sweep::Study;
using sweep::Terms;

namespace {

Terms at_most(std::uint64_t max_failures, std::uint32_t repeats = 1) {
  return {.metric = loss(), .repeats = repeats, .max_failures = max_failures};
}

Terms guarded() { return {.metric = loss(), .guarded = sweep::kGuardedTrials}; }

void plan(Study& study, std::uint64_t trials) {
  while (study.trials().size() < trials) study.apply(planned(study.trials().size()));
}

void fail(Study& study, std::uint64_t index, Outcome outcome = Outcome::kFailed, const std::string& detail = "") {
  plan(study, index + 1);
  const auto attempt = static_cast<std::uint32_t>(study.find(index)->attempts.size());
  study.apply(ordered(index, attempt));
  sweep::AttemptEnded end = ended(index, attempt, outcome);
  end.detail = detail;
  end.retries = 0;
  study.apply(end);
}

Decision next(const Study& study, std::uint64_t trials, std::size_t slots = 4, bool no_guard = false) {
  Situation situation{trials, slots};
  situation.ignores_guard = no_guard;
  return decide(study, situation);
}

}  // namespace

TEST_CASE("the n-th trial by index without a result ends the sweep, whatever ends first") {
  // Trials 1, 3, 4 and 6 of eight fail; two are too many.
  const std::set<std::uint64_t> failing = {1, 3, 4, 6};
  std::vector<std::uint64_t> order(8);
  std::iota(order.begin(), order.end(), 0);
  std::size_t permutations = 0;
  do {
    Study study(at_most(2));
    plan(study, 8);
    for (const std::uint64_t index : order) {
      if (study.is_surplus(index)) continue;
      if (failing.contains(index))
        fail(study, index);
      else
        run(study, index, 0.5);
    }
    REQUIRE(study.ended_at() == 3u);
    REQUIRE(study.bound_cause() == BoundCause::kFailures);
    REQUIRE(study.finished(8));
  } while (std::next_permutation(order.begin(), order.end()) && ++permutations < 5000);
}

TEST_CASE("a trial that waits since the bound was lifted may be reopened by name as well, with what repeats it") {
  Study study(at_most(1));
  plan(study, 3);
  study.apply(repeat(3, 2));
  study.apply(ordered(2));
  fail(study, 0);  // the sweep ends with it, and trial 2 lies beyond
  study.apply(ended(2, 0, Outcome::kCancelled));
  study.apply(sweep::TrialReopened{0, "retry"});
  CHECK(study.find(2)->phase == Phase::kWaiting);
  study.apply(sweep::TrialReopened{2, "retry"});
  CHECK(study.find(2)->phase == Phase::kWaiting);
  CHECK(*study.find(2)->reopened == "retry");
  CHECK(study.waiting() == std::set<std::uint64_t>{0, 1, 2});
  study.apply(ordered(2, 1));
  study.apply(metric(2, 1, 1, 0.5));
  study.apply(ended(2, 1, Outcome::kCompleted));
  CHECK(study.find(3)->outcome == Outcome::kCompleted);
  run(study, 1, 0.75);
  study.apply(ordered(0, 1));
  study.apply(ended(0, 1, Outcome::kCompleted));
  CHECK(study.finished(4));
  CHECK_THROWS_AS(fold(loss(), planned(0), sweep::TrialReopened{0, "retry"}), core::UserError);
}

TEST_CASE("diverged is a result, and a repeated draw fails no second time") {
  Study study(at_most(2));
  run(study, 0, 0.5, Outcome::kDiverged);
  fail(study, 1, Outcome::kNoMetric);
  study.apply(repeat(2, 1));
  CHECK(study.find(2)->outcome == Outcome::kNoMetric);
  CHECK(!study.bound());
  fail(study, 3, Outcome::kKilled);
  CHECK(study.ended_at() == 3u);
}

TEST_CASE("with repeats too many failures end the sweep with the configuration in which the last of them stands") {
  Study study(at_most(1, 3));
  plan(study, 9);
  fail(study, 4);
  CHECK(study.bound() == 5u);
}

TEST_CASE("whichever of target and failures comes first by index ends the sweep") {
  Terms both = at_most(1);
  both.target = 0.25;
  Study study(both);
  plan(study, 6);
  fail(study, 4);
  CHECK(study.bound_cause() == BoundCause::kFailures);
  run(study, 2, 0.125);
  CHECK(study.bound() == 2u);
  CHECK(study.bound_cause() == BoundCause::kTarget);
  fail(study, 3);
  CHECK(study.bound() == 2u);
  fail(study, 1);
  CHECK(study.bound() == 1u);
  CHECK(study.bound_cause() == BoundCause::kFailures);
}

TEST_CASE("what runs beyond too many failures is stopped with that reason, and goes on when it counts again") {
  Study study(at_most(1));
  plan(study, 3);
  study.apply(ordered(2));
  study.apply(checkpoint(2, 0, 7));
  fail(study, 0);
  const Decision stop = next(study, 3);
  CHECK(stop.what == Decision::What::kStop);
  CHECK(stop.index == 2);
  CHECK(stop.reason == "max_failures 1 was reached at trial #0: no later trial counts");
  study.apply(ended(2, 0, Outcome::kCancelled));
  CHECK(study.find(2)->phase == Phase::kEnded);
  CHECK(study.finished(3));

  study.apply(sweep::TrialReopened{0, "on demand"});
  CHECK(!study.bound());
  CHECK(study.waiting() == std::set<std::uint64_t>{0, 1, 2});
  CHECK(study.ended() == 0);
  run(study, 1, 0.5);
  CHECK(next(study, 3).reason == "on demand; starts from the beginning, there is no checkpoint");
  study.apply(ordered(0, 1));
  CHECK(next(study, 3).resume_file == "last-7");
}

TEST_CASE("a reopened trial goes on from its checkpoint with what it gave before, and its tries begin anew") {
  Study study(loss());
  plan(study, 1);
  for (std::uint32_t attempt = 0; attempt < 2; ++attempt) {
    study.apply(ordered(0, attempt));
    study.apply(started(0, attempt, 0));
    study.apply(metric(0, attempt, 5, 0.25));
    study.apply(checkpoint(0, attempt, 5));
    study.apply(ended(0, attempt, Outcome::kKilled));
  }
  CHECK(study.find(0)->outcome == Outcome::kKilled);
  study.apply(sweep::TrialReopened{0, "on demand"});
  CHECK(study.find(0)->phase == Phase::kWaiting);
  CHECK(!study.find(0)->outcome);
  const Decision again = next(study, 1);
  CHECK(again.attempt == 2);
  CHECK(again.reason == "on demand; goes on from step 5");
  study.apply(ordered(0, 2));
  study.apply(started(0, 2, 5));
  study.apply(ended(0, 2, Outcome::kKilled));
  CHECK(study.find(0)->phase == Phase::kWaiting);
  CHECK(next(study, 1).reason == "killed, try 2 of 2; goes on from step 5");
  study.apply(ordered(0, 3));
  study.apply(started(0, 3, 5));
  study.apply(metric(0, 3, 6, 0.5));
  study.apply(ended(0, 3, Outcome::kCompleted));
  CHECK(study.find(0)->value == 0.25);  // of step 5, from before
  CHECK(study.best()->index == 0);
}

TEST_CASE("a reopened trial that had a result begins anew") {
  Study study(loss());
  run(study, 0, 0.25);
  run(study, 1, 0.5);
  CHECK(study.best()->index == 0);
  study.apply(sweep::TrialReopened{0, "why not"});
  CHECK(study.best()->index == 1);
  CHECK(!study.find(0)->value);
  CHECK(study.find(0)->attempts.size() == 1);
  study.apply(ordered(0, 1));
  study.apply(metric(0, 1, 1, 0.75));
  study.apply(ended(0, 1, Outcome::kCompleted));
  CHECK(study.find(0)->value == 0.75);
  CHECK(study.find(0)->outcome == Outcome::kCompleted);
}

TEST_CASE("repeats of a reopened trial wait with it and end with it, and only what ended can be reopened") {
  Study study(loss());
  plan(study, 1);
  fail(study, 0);
  study.apply(repeat(1, 0));
  CHECK(study.ended() == 2);
  study.apply(sweep::TrialReopened{0, "on demand"});
  CHECK(study.ended() == 0);
  CHECK(study.find(1)->phase == Phase::kWaiting);
  CHECK(study.waiting() == std::set<std::uint64_t>{0});
  CHECK_THROWS_WITH(study.apply(sweep::TrialReopened{0, "again"}), Catch::Contains("was reopened and had not ended"));
  study.apply(ordered(0, 1));
  study.apply(metric(0, 1, 1, 0.5));
  study.apply(ended(0, 1, Outcome::kCompleted));
  CHECK(study.find(1)->value == 0.5);
  CHECK(study.ended() == 2);
  CHECK_THROWS_WITH(study.apply(sweep::TrialReopened{1, "a repeat"}), Catch::Contains("had not ended"));
}

TEST_CASE("retries are those that the end of the attempt names") {
  const auto after = [](std::uint32_t retries, Outcome outcome, std::uint32_t attempts) {
    Study study(loss());
    plan(study, 1);
    for (std::uint32_t attempt = 0; attempt < attempts; ++attempt) {
      study.apply(ordered(0, attempt));
      sweep::AttemptEnded end = ended(0, attempt, outcome);
      end.retries = retries;
      study.apply(end);
    }
    return study.find(0)->phase;
  };
  CHECK(after(0, Outcome::kStalled, 1) == Phase::kEnded);
  CHECK(after(3, Outcome::kKilled, 3) == Phase::kWaiting);
  CHECK(after(3, Outcome::kKilled, 4) == Phase::kEnded);
  CHECK(after(3, Outcome::kTimedOut, 1) == Phase::kEnded);
  CHECK(after(3, Outcome::kFailed, 1) == Phase::kEnded);
  CHECK(after(0, Outcome::kLost, 5) == Phase::kWaiting);
}

TEST_CASE("out of memory is tried once more where the trial shared its GPU, and then alone") {
  Study study(loss());
  plan(study, 1);
  study.apply(ordered(0));
  sweep::AttemptEnded end = ended(0, 0, Outcome::kOutOfMemory);
  end.shared_gpu = true;
  end.retries = 0;
  study.apply(end);
  CHECK(must_be_alone(*study.find(0)));
  CHECK(next(study, 1).reason ==
        "out_of_memory beside another trial, once more alone on a GPU; starts from the beginning, there is no "
        "checkpoint");
  study.apply(ordered(0, 1));
  study.apply(ended(0, 1, Outcome::kOutOfMemory));
  CHECK(study.find(0)->outcome == Outcome::kOutOfMemory);
  CHECK(!must_be_alone(*study.find(0)));
}

TEST_CASE("when the first trials all fail in one way nothing new starts and what runs goes on") {
  Study study(guarded());
  plan(study, 9);
  study.apply(ordered(7));
  for (const std::uint64_t index : {4, 0, 3, 1})
    fail(study, index, Outcome::kFailed, "exit code " + std::to_string(index));
  CHECK(!study.guard());
  CHECK(next(study, 9).what == Decision::What::kStart);
  fail(study, 2, Outcome::kFailed, "exit code 77");
  REQUIRE(study.guard());
  CHECK(study.guard()->trials == 5);
  CHECK(study.guard()->detail == "exit code 0");
  CHECK(!study.bound());
  CHECK(next(study, 9).what == Decision::What::kWait);
  study.apply(ended(7, 0, Outcome::kFailed));
  CHECK(next(study, 9).what == Decision::What::kDone);
  CHECK(!study.finished(9));

  const Decision pass = next(study, 9, 4, true);
  CHECK(pass.what == Decision::What::kPassGuard);
  study.apply(sweep::GuardLifted{pass.index});
  CHECK(next(study, 9).what == Decision::What::kStart);
  fail(study, 5);
  CHECK(!study.guard());
  study.apply(sweep::TrialReopened{4, "on demand"});  // one that it looked at: it looks again
  fail(study, 4, Outcome::kFailed, "exit code 4");
  CHECK(study.guard());
  study.apply(sweep::TrialReopened{4, "on demand"});
  CHECK(!study.guard());
}

TEST_CASE("the guard is silent where one of the first trials ended well or otherwise, and looks at no repeat") {
  const auto speaks = [](const std::vector<std::string>& details, Outcome last = Outcome::kFailed) {
    Study study(guarded());
    for (std::size_t i = 0; i < details.size(); ++i)
      fail(study, i, i + 1 == details.size() ? last : Outcome::kFailed, details[i]);
    return study.guard().has_value();
  };
  CHECK(speaks({"a", "a", "a", "a", "a"}));
  CHECK(!speaks({"a", "a", "a", "a"}));
  CHECK(!speaks({"a", "b", "a", "a", "a"}));
  CHECK(!speaks({"a", "a", "a", "a", "a"}, Outcome::kNoMetric));
  CHECK(!speaks({"a", "a", "a", "a", "a"}, Outcome::kDiverged));
  Study study(guarded());
  for (std::uint64_t i = 0; i < 4; ++i) fail(study, i);
  study.apply(repeat(4, 0));
  CHECK(!study.guard());
  fail(study, 5);
  CHECK(study.guard()->last == 5);
}

TEST_CASE("two failures are one where outcome and words are the same but for numbers, ids and paths") {
  const auto signature = [](const std::string& detail) { return sweep::failure_signature(Outcome::kFailed, detail); };
  CHECK(signature("exit code 1: cannot open /tmp/a/b.csv") == "failed: exit code N: cannot open PATH");
  CHECK(signature("step 12 of 1.5e-3 at 0x7f3a9c") == "failed: step N of N at N");
  CHECK(signature("trial 7f3a9c0012ab34cd, file \"runs/x7.txt\"") == "failed: trial N, file \"PATH\"");
  CHECK(signature("worker3 died; cafe") == "failed: workerN died; cafe");
  CHECK(signature("a / b") == "failed: a / b");
  CHECK(signature("") == "failed: ");
  CHECK(sweep::failure_signature(Outcome::kKilled, "x") != signature("x"));
}

TEST_CASE("a trial that was lost beyond the end keeps what it did until then where the end is lifted") {
  sweep::Study study =
      fold(sweep::Terms{.metric = loss(), .max_failures = 1}, planned(0), planned(1), ordered(0), ordered(1),
           metric(1, 0, 1, 0.25), checkpoint(1, 0, 1), ended(0, 0, Outcome::kFailed), ended(1, 0, Outcome::kLost));
  CHECK(study.is_surplus(1));
  study.apply(sweep::TrialReopened{0, "asked to"});
  CHECK(study.waiting() == std::set<std::uint64_t>{0, 1});
  sweep::AttemptOrdered again = ordered(1, 1);
  again.resume_file = "last-1";
  study.apply(again);
  study.apply(started(1, 1, 1));
  study.apply(metric(1, 1, 2, 0.5));
  study.apply(ended(1, 1, Outcome::kCompleted));
  CHECK(study.find(1)->value == 0.25);
  CHECK(study.find(1)->step == 1u);
}

TEST_CASE("what was stopped beyond too many failures is none of them where it counts again, however many there are") {
  Study study(at_most(1));
  for (const std::uint64_t index : {0, 1, 2, 3}) study.apply(planned(index));
  for (const std::uint64_t index : {1, 2, 3}) study.apply(ordered(index));
  fail(study, 0);
  for (const std::uint64_t index : {1, 2, 3}) study.apply(ended(index, 0, Outcome::kCancelled));
  CHECK(study.bound() == 0u);
  study.apply(sweep::TrialReopened{0, "on demand"});
  CHECK(!study.bound());
  CHECK(study.waiting() == std::set<std::uint64_t>{0, 1, 2, 3});
  CHECK(study.ended() == 0);
}
