// The mean of a configuration and its spread; which configuration leads.
#include "sweep/study/replicates.h"

#include <limits>

#include "tests/catch.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Spread;
using sweep::Study;
using sweep::Terms;

namespace {

Spread spread_of(const Study& study) {
  std::vector<const sweep::TrialState*> replicates;
  for (const sweep::TrialState& trial : study.trials()) replicates.push_back(&trial);
  return sweep::spread(replicates);
}

Terms three() { return {.metric = loss(), .repeats = 3}; }

}  // namespace

TEST_CASE("the mean is the sum in order of replicates divided by their number, the deviation that of a sample") {
  Study study(three());
  for (const double value : {0.1, 0.2, 0.4}) run(study, study.trials().size(), value);
  const Spread spread = spread_of(study);
  CHECK(spread.n == 3);
  CHECK(spread.mean == (0.1 + 0.2 + 0.4) / 3);
  CHECK(spread.deviation == 0.1527525231651947);  // these bits everywhere
}

TEST_CASE("one value has no deviation, and none has no mean") {
  Study study(three());
  run(study, 0, 0.5);
  run(study, 1, 0.25, Outcome::kDiverged);
  run(study, 2, std::numeric_limits<double>::quiet_NaN());
  const Spread spread = spread_of(study);
  CHECK(spread.n == 1);
  CHECK(spread.mean == 0.5);
  CHECK(!spread.deviation);
  CHECK(sweep::spread({}).n == 0);
}

TEST_CASE("the best configuration is that of the best mean, once all its trials have ended well") {
  Study study(three());
  for (const double value : {0.5, 0.5, 0.5, 0.125, 0.125}) run(study, study.trials().size(), value);
  CHECK(study.best()->index == 0);
  CHECK(study.best_value() == 0.5);
  run(study, 5, 0.25);
  CHECK(study.best()->index == 3);
  CHECK(study.best_value() == (0.125 + 0.125 + 0.25) / 3);
}

TEST_CASE("a configuration with a trial that diverged leads nothing") {
  Study study(three());
  run(study, 0, 0.25);
  run(study, 1, 0.25, Outcome::kDiverged);
  run(study, 2, 0.25);
  CHECK(study.best() == nullptr);
}
