// Metrics read from what a program prints, and when they give way to what it says itself.
#include "sweep/study/printed.h"

#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Study;

TEST_CASE("printed metrics count like others while the program sends no event of its own") {
  const Study study = fold(loss(), planned(0), ordered(0), printed(0, 0, 1, 0.5), printed(0, 0, 2, 0.25),
                           ended(0, 0, Outcome::kCompleted));
  CHECK(study.find(0)->value == 0.25);
  CHECK(study.find(0)->step == 2u);
  CHECK(study.find(0)->last_step == 2);
}

TEST_CASE("the first event of the program's own takes back every printed metric of its attempt") {
  Study study = fold(loss(), planned(0), ordered(0), printed(0, 0, 1, 0.125), printed(0, 0, 9, 0.0625));
  CHECK(study.find(0)->value == 0.0625);
  study.apply(started(0, 0, 0));
  CHECK(!study.find(0)->value);
  CHECK(study.find(0)->final_values->empty());
  CHECK(study.find(0)->last_step == 0);
  study.apply(metric(0, 0, 1, 0.5));
  CHECK(study.find(0)->value == 0.5);
  CHECK(study.find(0)->finding->empty());
}

TEST_CASE("what an earlier attempt gave stays when a later one's printed metrics are taken back") {
  const Study study = fold(loss(), planned(0), ordered(0), started(0, 0, 0), metric(0, 0, 1, 0.5),
                           metric(0, 0, 2, 0.25), checkpoint(0, 0, 2), ended(0, 0, Outcome::kLost), ordered(0, 1),
                           printed(0, 1, 1, 0.75), started(0, 1, 2), metric(0, 1, 3, 0.375));
  CHECK(study.find(0)->value == 0.25);
  CHECK(study.find(0)->last_step == 3);
  CHECK(study.find(0)->finding->empty());
}

TEST_CASE("printed metrics that were taken back are no other attempt's to agree with") {
  const Study study =
      fold(loss(), planned(0), ordered(0), printed(0, 0, 1, 0.125), started(0, 0, 0), metric(0, 0, 1, 0.5),
           ended(0, 0, Outcome::kLost), ordered(0, 1), printed(0, 1, 1, 0.125), started(0, 1, 0), metric(0, 1, 1, 0.5));
  CHECK(study.find(0)->finding->empty());
  CHECK(study.find(0)->value == 0.5);
}

TEST_CASE("an attempt whose printed metrics are taken back begins where it was told to, and what lay beyond is gone") {
  for (const bool prints : {false, true}) {
    Study study = fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 0.125), metric(0, 0, 2, 0.0625),
                       ended(0, 0, Outcome::kLost), ordered(0, 1));
    if (prints) study.apply(printed(0, 1, 1, 0.75));
    study.apply(metric(0, 1, 1, 0.125));
    CHECK(study.find(0)->value == 0.125);  // of step 2 nothing was said again
    CHECK(study.find(0)->finding->empty());
    study.apply(metric(0, 1, 2, 0.5));
    CHECK_FALSE(study.find(0)->finding->empty());  // and what is said of it otherwise is noticed
  }
  // What came before the printed line, of the program's own, is the attempt's.
  const Study study =
      fold(loss(), planned(0), ordered(0), metric(0, 0, 1, 0.125), printed(0, 0, 1, 0.75), metric(0, 0, 2, 0.5));
  CHECK(study.find(0)->value == 0.125);
}

TEST_CASE("of a list of events the overruled ones go, attempt by attempt") {
  std::vector<sweep::TrainerSaid> said = {printed(0, 0, 1, 0.5), printed(0, 1, 1, 0.5), started(0, 1, 0),
                                          metric(0, 1, 1, 0.25)};
  sweep::drop_overruled(said);
  REQUIRE(said.size() == 3);
  CHECK(sweep::is_printed(said[0].event));
  CHECK(said[0].attempt == 0);
  CHECK(!sweep::is_printed(said[2].event));
}

TEST_CASE("the mark survives the line") {
  const protocol::Event event = printed(0, 0, 1, 0.5).event;
  CHECK(event.line().find(R"("source":"stdout")") != std::string::npos);
  CHECK(sweep::is_printed(protocol::Event::parse(event.line(), "test")));
  CHECK(!sweep::is_printed(metric(0, 0, 1, 0.5).event));
}
