// A sweep that ends with the first trial by index that reached the target, whoever finished first.
#include <algorithm>
#include <numeric>

#include "sweep/study/decide.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Goal;
using protocol::Outcome;
using sweep::decide;
using sweep::Decision;
using sweep::Phase;
using sweep::Study;
using sweep::Terms;
using What = sweep::Decision::What;

namespace {

Terms below(double target, std::uint32_t repeats = 1) {
  return {.metric = loss(), .target = target, .repeats = repeats};
}

sweep::Situation situation(std::uint64_t trials, std::size_t free_slots = 1, std::set<std::uint64_t> stopping = {}) {
  return {trials, free_slots, false, {}, std::move(stopping)};
}

}  // namespace

TEST_CASE("the end is the smallest index that reached the target, in whatever order the trials end") {
  const std::vector<double> values = {0.9, 0.8, 0.2, 0.7, 0.1, 0.25};
  std::vector<std::uint64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    Study study(below(0.25));
    for (std::uint64_t i = 0; i < values.size(); ++i) study.apply(planned(i));
    for (const std::uint64_t index : order) {
      run(study, index, values[index]);
      const bool prefix_ended = study.find(0)->phase == Phase::kEnded && study.find(1)->phase == Phase::kEnded &&
                                study.find(2)->phase == Phase::kEnded;
      REQUIRE(study.finished(6) == prefix_ended);
      if (study.ended_at()) REQUIRE(study.ended_at() == 2u);
    }
    REQUIRE(study.ended_at() == 2u);
    REQUIRE(study.ended() == 3);
    REQUIRE(study.wanted(6) == 3);
    REQUIRE(study.best()->index == 2);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a target is reached from its own side, and by being equal") {
  const auto reached = [](Goal goal, double value) {
    Study study(Terms{.metric = protocol::Metric{"loss", goal, protocol::Reduce::kBest}, .target = 0.5});
    run(study, 0, value);
    return study.bound().has_value();
  };
  CHECK(reached(Goal::kMinimize, 0.5));
  CHECK(reached(Goal::kMinimize, 0.25));
  CHECK(!reached(Goal::kMinimize, 0.75));
  CHECK(reached(Goal::kMaximize, 0.5));
  CHECK(reached(Goal::kMaximize, 0.75));
  CHECK(!reached(Goal::kMaximize, 0.25));
}

TEST_CASE("a trial that may not be ranked does not reach the target") {
  Study study(below(0.5));
  run(study, 0, 0.25, Outcome::kDiverged);
  run(study, 1, 0.25, Outcome::kFailed);
  CHECK(!study.bound());
  CHECK(!study.finished(3));
}

TEST_CASE("a sweep that never reaches its target ends with its last trial") {
  Study study(below(0.5));
  run(study, 0, 0.75);
  CHECK(!study.finished(2));
  run(study, 1, 0.75);
  CHECK(study.finished(2));
  CHECK(!study.ended_at());
  CHECK(decide(study, situation(2)).what == What::kDone);
}

TEST_CASE("beyond the bound nothing starts and nothing is planned") {
  Study study(below(0.5));
  for (std::uint64_t i = 0; i < 4; ++i) study.apply(planned(i));
  study.apply(ordered(0));
  run(study, 2, 0.25);
  CHECK(study.waiting() == std::set<std::uint64_t>{1});
  CHECK(decide(study, situation(100)).index == 1);
  study.apply(ordered(1));
  CHECK(decide(study, situation(100)).what == What::kWait);
}

TEST_CASE("what runs beyond the bound is stopped once, with the reason, and waited for") {
  Study study(below(0.5));
  for (std::uint64_t i = 0; i < 4; ++i) study.apply(planned(i));
  study.apply(ordered(2));
  study.apply(ordered(3));
  run(study, 0, 0.25);
  const Decision first = decide(study, situation(4));
  CHECK(first.what == What::kStop);
  CHECK(first.index == 2);
  CHECK(first.reason == "the target was reached at trial #0: no later trial counts");
  CHECK(decide(study, situation(4, 1, {2})).index == 3);
  CHECK(decide(study, situation(4, 1, {2, 3})).what == What::kWait);
  study.apply(ended(2, 0, Outcome::kCancelled));
  study.apply(ended(3, 0, Outcome::kCompleted));
  CHECK(decide(study, situation(4)).what == What::kDone);
}

TEST_CASE("a trial beyond the bound never goes on: cancelled, lost and killed are its end") {
  for (const Outcome outcome : {Outcome::kCancelled, Outcome::kLost, Outcome::kKilled}) {
    Study study(below(0.5));
    for (std::uint64_t i = 0; i < 2; ++i) study.apply(planned(i));
    study.apply(ordered(1));
    run(study, 0, 0.25);
    study.apply(ended(1, 0, outcome));
    CHECK(study.find(1)->phase == Phase::kEnded);
    CHECK(study.find(1)->outcome == outcome);
    CHECK(study.waiting().empty());
    CHECK(study.ended() == 1);
  }
}

TEST_CASE("an earlier trial that reaches the target later moves the bound down, and the best with it") {
  Study study(below(0.5));
  for (std::uint64_t i = 0; i < 3; ++i) study.apply(planned(i));
  run(study, 2, 0.125);
  CHECK(study.best()->index == 2);
  CHECK(study.ended() == 1);
  run(study, 0, 0.25);
  CHECK(study.bound() == 0u);
  CHECK(study.best()->index == 0);
  CHECK(study.best_value() == 0.25);
  CHECK(study.ended() == 1);
  CHECK(study.is_surplus(2));
}

TEST_CASE("with repeats the mean reaches the target, and the end is the last trial of that configuration") {
  Study study(below(0.5, 2));
  run(study, 0, 0.25);
  CHECK(!study.bound());
  run(study, 1, 0.76);
  CHECK(!study.bound());
  run(study, 2, 0.25);
  CHECK(!study.bound());
  run(study, 3, 0.75);
  CHECK(study.bound() == 3u);
  CHECK(study.ended_at() == 3u);
  CHECK(study.wanted(10) == 4);
}

TEST_CASE("where another judgement has ended the sweep no later trial counts") {
  Study study(Terms{.metric = loss(), .last = 1});
  for (const double value : {0.5, 0.25, 0.125}) run(study, study.trials().size(), value);
  CHECK(study.best()->index == 1);
  CHECK(study.ended_at() == 1u);
  CHECK(study.is_surplus(2));
}

TEST_CASE("a repeated draw of the trial that reached the target is surplus") {
  const Study study =
      fold(below(0.5), planned(0), repeat(1, 0), ordered(0), metric(0, 0, 1, 0.25), ended(0, 0, Outcome::kCompleted));
  CHECK(study.ended_at() == 0u);
  CHECK(study.ended() == 1);
}

TEST_CASE("the trials without a rank are counted as they end, and anew where the sweep turns out to end earlier") {
  const auto walk = [](const Study& study) {
    std::uint64_t unranked = 0;
    for (const sweep::TrialState& trial : study.trials())
      unranked += trial.phase == sweep::Phase::kEnded && !study.is_surplus(trial.index) &&
                  !protocol::info(*trial.outcome).ranked;
    return unranked;
  };
  Study study(sweep::Terms{.metric = loss(), .target = 0.25});
  const auto next = [&](std::uint64_t index, double value, Outcome outcome) {
    run(study, index, value, outcome);
    CHECK(study.unranked() == walk(study));
  };
  next(0, 0.5, Outcome::kDiverged);
  next(5, 0.5, Outcome::kFailed);
  study.apply(planned(6));
  study.apply(repeat(7, 0));
  study.apply(repeat(8, 6));
  CHECK(study.unranked() == 3);
  next(6, 0.5, Outcome::kNoMetric);
  CHECK(study.unranked() == 5);
  next(4, 0.5, Outcome::kCompleted);
  next(1, 0.125, Outcome::kCompleted);  // the sweep ends here
  CHECK(study.unranked() == 1);
}

TEST_CASE("a sweep that starts nothing more still stops what no longer counts") {
  Study study(below(0.25));
  run(study, 0, 0.125);
  study.apply(planned(1));
  // The fold knows no start beyond the end; this one came before the first trial reached the target.
  Study earlier(below(0.25));
  for (std::uint64_t i = 0; i < 2; ++i) earlier.apply(planned(i));
  earlier.apply(ordered(1));
  run(earlier, 0, 0.125);
  sweep::Situation stopping = situation(2);
  stopping.stopping = true;
  CHECK(decide(earlier, stopping).what == What::kStop);
  CHECK(decide(earlier, stopping).index == 1);
  stopping.asked_to_stop = {1};
  CHECK(decide(earlier, stopping).what == What::kWait);
  CHECK(decide(study, stopping).what == What::kDone);
}
