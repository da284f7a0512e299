// How long a sweep still takes. No clock: the time is what the test says.
#include "sweep/commands/time_left.h"

#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Pace;
using sweep::Study;

namespace {

// Four trials of 10 s each on so many slots.
Pace pace(std::size_t slots = 2) {
  Pace made;
  made.ran = 4;
  made.seconds = 40;
  made.slots = slots;
  return made;
}

void plan(Study& study, std::uint64_t index, core::Json config) {
  sweep::TrialPlanned event = planned(index);
  event.config = std::move(config);
  study.apply(event);
}

// Trial 0 took `seconds` for `epochs` epochs.
Pace measured(Study& study, double epochs, double seconds) {
  Pace made;
  plan(study, 0, {{"epochs", epochs}});
  study.apply(ordered(0));
  study.apply(metric(0, 0, 1, 0.5));
  sweep::AttemptEnded event = ended(0, 0, Outcome::kCompleted);
  event.seconds = seconds;
  study.apply(event);
  made.add(*study.find(0));
  return made;
}

}  // namespace

TEST_CASE(
    "the time left is that of the trials to come, each in the slot that is free first, and half of those that run") {
  Study study(loss());
  for (std::uint64_t i = 0; i < 10; ++i) study.apply(planned(i));
  CHECK(sweep::seconds_left(study, 10, pace()) == 50.0);
  study.apply(ordered(0));
  study.apply(ordered(1));
  CHECK(sweep::seconds_left(study, 10, pace()) == 45.0);
  CHECK(sweep::seconds_left(study, 10, pace(3)) == 35.0);  // 5 5 0, then three rounds, of which the last has two
  CHECK(sweep::seconds_left(study, 10, pace(100)) == 10.0);
  CHECK(sweep::seconds_left(study, 12, pace()) == 55.0);  // two are not planned yet
  CHECK(!sweep::seconds_left(study, 10, Pace{}));
}

TEST_CASE("of very many trials the slots even out") {
  Study study(loss());
  study.apply(planned(0));
  CHECK(sweep::seconds_left(study, 100'000, pace(4)) == 250'000.0);
}

TEST_CASE("a sweep that is gone on with knows its pace from before, and results from elsewhere have none") {
  Study study(loss());
  run(study, 0, 0.5);
  study.apply(planned(1));
  sweep::TrialReused reused;
  reused.index = 1;
  reused.from_sweep = "b";
  study.apply(reused);
  study.apply(planned(2));
  study.apply(repeat(3, 0));
  Pace pace;
  for (const sweep::TrialState& trial : study.trials())
    if (trial.phase == sweep::Phase::kEnded) pace.add(trial);
  CHECK(pace.ran == 1);
  CHECK(pace.seconds == 1.5);
  CHECK(sweep::seconds_left(study, 4, pace) == 1.5);
}

TEST_CASE("trials take time in proportion to their epochs") {
  Study study(loss());
  const Pace pace = measured(study, 10, 20);
  plan(study, 1, {{"epochs", 100}});
  plan(study, 2, {{"epochs", 5}});
  CHECK(sweep::seconds_left(study, 3, pace) == 210.0);
  plan(study, 3, {{"width", 5}});  // nothing is known of its length: the mean
  CHECK(sweep::seconds_left(study, 4, pace) == 230.0);
  CHECK(sweep::length_of(*study.find(3)) == std::nullopt);
}

TEST_CASE("what runs has the epochs left that it has not reported, else what was expected less the time it took") {
  Study study(loss());
  Pace pace = measured(study, 10, 20);
  plan(study, 1, {{"epochs", 100}});
  pace.now_s = 1000;
  study.apply(ordered(1));
  pace.note(study, ordered(1));
  CHECK(sweep::seconds_left(study, 2, pace) == 200.0);
  pace.now_s = 1050;
  CHECK(sweep::seconds_left(study, 2, pace) == 150.0);
  const auto epoch = metric(1, 0, 80, 0.25);
  study.apply(epoch);
  pace.note(study, epoch);
  CHECK(*sweep::seconds_left(study, 2, pace) == Approx(40.0));
  const auto end = ended(1, 0, Outcome::kCompleted);
  study.apply(end);
  pace.note(study, end);
  CHECK(pace.ran == 2);
  CHECK(pace.running.empty());
}

TEST_CASE("what takes longer than was expected has a tenth left") {
  Study study(loss());
  Pace made = pace();
  study.apply(planned(0));
  study.apply(ordered(0));
  made.note(study, ordered(0));
  made.now_s = 3600;
  CHECK(sweep::seconds_left(study, 1, made) == 1.0);
}
