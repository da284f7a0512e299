// A sweep at a glance, from its rows in the store, is what the fold of its events says.
#include "sweep/dispatch/overview.h"

#include "tests/catch.h"
#include "tests/sweep/study/events.h"
#include "tests/temporary_folder.h"

using namespace events;
using protocol::Outcome;
using sweep::Store;
using sweep::Study;
using sweep::StudyEvent;

namespace {

// A sweep in a store of its own, event by event; after each the overview is held against the fold.
class Watched {
 public:
  Watched(sweep::Terms terms, std::uint64_t trials) : study_(terms) {
    sweep::SweepRecord record;
    record.id = "a1b2";
    record.method = "grid";
    record.metric = terms.metric;
    record.target = terms.target;
    record.repeats = terms.repeats;
    record.trials = trials;
    record.created_ms = 5;
    store_.add_sweep(record);
    compare();
  }

  void apply(const StudyEvent& event) {
    store_.append("a1b2", ++time_ms_, {event}, study_);
    compare();
  }
  void run(std::uint64_t index, double value, Outcome outcome = Outcome::kCompleted) {
    apply(ordered(index));
    apply(metric(index, 0, 1, value));
    apply(ended(index, 0, outcome));
  }
  sweep::SweepOverview overview() const { return sweep::read_overviews(store_).at(0); }

 private:
  void compare() {
    const sweep::SweepOverview seen = overview();
    CHECK(seen.planned == study_.trials().size());
    CHECK(seen.ended == study_.ended());
    CHECK(seen.wanted == study_.wanted(seen.trials));
    CHECK(seen.finished() == study_.finished(seen.trials));
    CHECK(seen.bound == study_.bound());
    CHECK(seen.guarded == study_.guard().has_value());
    CHECK(seen.running == std::vector<std::uint64_t>(study_.running().begin(), study_.running().end()));
    CHECK(seen.active_ms == (time_ms_ == 100 ? 5 : time_ms_));
    REQUIRE(seen.best.has_value() == (study_.best() != nullptr));
    if (!seen.best) return;
    CHECK(seen.best->index == study_.best()->index);
    CHECK(seen.best->trial == study_.best()->trial);
    CHECK(seen.best->value == study_.best_value());
  }

  TemporaryFolder folder_;
  Store store_{folder_.path(), Store::Mode::kReadWrite};
  Study study_;
  std::int64_t time_ms_ = 100;
};

}  // namespace

TEST_CASE("an overview follows a sweep through every outcome, a tie, a repeated draw and a reused result") {
  Watched sweep({.metric = loss()}, 8);
  for (std::uint64_t i = 0; i < 6; ++i) sweep.apply(planned(i));
  sweep.apply(repeat(6, 2));
  sweep.run(1, 0.5);
  sweep.run(2, 0.25);
  sweep.run(0, 0.25);
  sweep.run(3, 0.125, Outcome::kDiverged);
  sweep.run(4, 0.125, Outcome::kKilled);  // goes on
  sweep.apply(repeat(7, 2));
  sweep::TrialReused reused;
  reused.index = 5;
  reused.from_sweep = "b";
  reused.value = 0.375;
  sweep.apply(reused);
  CHECK(sweep.overview().outcomes ==
        std::map<std::string, std::uint64_t>{{"completed", 4}, {"diverged", 1}, {"repeat", 2}});
}

TEST_CASE("an overview ends a sweep where its target was reached, and counts what ran beyond") {
  Watched sweep({.metric = loss(), .target = 0.25}, 6);
  for (std::uint64_t i = 0; i < 6; ++i) sweep.apply(planned(i));
  sweep.run(4, 0.125);
  sweep.run(0, 0.5);
  sweep.run(1, 0.25);
  sweep.run(2, 0.0625, Outcome::kFailed);
  CHECK(sweep.overview().surplus == 2);
  CHECK(sweep.overview().finished());
}

TEST_CASE("an overview of a sweep with repeats has the mean of the best configuration, bit for bit") {
  Watched sweep({.metric = loss(), .target = 0.1, .repeats = 3}, 9);
  for (std::uint64_t i = 0; i < 9; ++i) sweep.apply(planned(i));
  sweep.run(0, 0.1);
  sweep.run(2, 0.2);
  sweep.run(1, 0.7);
  sweep.run(3, 0.3);
  sweep.run(4, 0.3, Outcome::kDiverged);
  sweep.run(5, 0.3);
  sweep.run(6, 0.05);
  sweep.run(7, 0.05);
  sweep.run(8, 0.01);
}

TEST_CASE("an overview of a sweep without a metric, or that maximizes, is that of its fold") {
  Watched plain({}, 2);
  plain.apply(planned(0));
  plain.run(0, 0.5);
  Watched highest({.metric = protocol::Metric{"loss", protocol::Goal::kMaximize, protocol::Reduce::kLast}, .target = 2},
                  3);
  for (std::uint64_t i = 0; i < 3; ++i) highest.apply(planned(i));
  highest.run(1, 2.5);
  highest.run(0, 1);
  highest.run(2, 9);
}
