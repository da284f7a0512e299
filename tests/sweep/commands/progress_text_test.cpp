// What is said while a sweep runs. No terminal, no clock.
#include "sweep/commands/progress_text.h"

#include "sweep/report/display.h"
#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Halt;
using sweep::Pace;
using sweep::Study;

TEST_CASE("the line counts, names the best, and ends with the time that is left") {
  Study study(loss());
  for (std::uint64_t i = 0; i < 4; ++i) study.apply(planned(i));
  CHECK(sweep::progress_line(study, 4, {}) == "[........................] 0/4");
  run(study, 1, 0.5);
  run(study, 0, 0.25, Outcome::kFailed);
  study.apply(ordered(2));
  CHECK(sweep::progress_line(study, 4, {2, 20, 1}) ==
        "[############............] 2/4, 1 running, 1 without a rank, best loss 0.5 (#1), 15.0 s left");
  CHECK(sweep::trial_line(study, *study.find(1)) == "trial #1 trial1 completed, loss 0.5, 1.50 s");
}

TEST_CASE("on a narrow terminal the line keeps the best value and the time that is left longest") {
  Study study(loss());
  for (std::uint64_t i = 0; i < 40; ++i) study.apply(planned(i));
  for (std::uint64_t i = 0; i < 10; ++i) run(study, i, 1 - 0.0625 * static_cast<double>(i));
  run(study, 10, 0.25, Outcome::kFailed);
  study.apply(ordered(11));
  study.apply(ordered(12));
  const Pace pace{11, 110, 2};
  const auto at = [&](std::size_t columns) { return sweep::progress_line(study, 40, pace, columns); };
  CHECK(at(101) ==
        "[######..................] 11/40, 2 running, 1 without a rank, best loss 0.4375 (#9), 2 min 25 s left");
  CHECK(at(100) == "[##........] 11/40, 2 running, 1 without a rank, best loss 0.4375 (#9), 2 min 25 s left");
  CHECK(at(80) == "11/40, 2 running, 1 without a rank, best loss 0.4375 (#9), 2 min 25 s left");
  CHECK(at(60) == "11/40, 1 without a rank, best loss 0.4375, 2 min 25 s left");
  CHECK(at(50) == "11/40, best 0.4375, 2 min 25 s left");
  CHECK(at(40) == "11/40, best 0.4375, 2 min 25 s left");
  CHECK(at(20) == "11/40, best 0.4375");
  CHECK(at(4) == "11/…");
  for (std::size_t columns = 1; columns < 120; ++columns) CHECK(sweep::display_width(at(columns)) <= columns);
}

TEST_CASE("what is waited for is named, and a long list is cut") {
  CHECK(sweep::busy_trials_text({7}) ==
        "trial #7 runs in another sweep now: what comes of it is taken from there or run here");
  CHECK(sweep::still_running_text({1, 2, 3, 4, 5, 6}) == "waiting for 6 running trials: #1, #2, #3, #4 and 2 more");
}

TEST_CASE("a request to halt is said with who asked, what happens to the running trials, and what more can be asked") {
  CHECK(sweep::halt_text(Halt::kDrain, 0, "") == "stopping");
  CHECK(
      sweep::halt_text(Halt::kDrain, 2, "a") ==
      "stopping (asked by a): no new trial starts, 2 running trials go on to their end; `sweep cancel` or Ctrl-C asks "
      "them to end now");
  CHECK(sweep::halt_text(Halt::kStop, 1, "the terminal") ==
        "stopping (asked by the terminal): 1 running trial is asked to end, in at most ten seconds; again to kill it");
  CHECK(sweep::halt_text(Halt::kKill, 3, "") == "killing 3 running trials");
}
