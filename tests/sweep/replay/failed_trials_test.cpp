// What a replay's verdict says of trials whose program died.
#include "tests/catch.h"
#include "tests/sweep/replay/streams.h"

using namespace streams;

TEST_CASE("a trial that failed must fail again") {
  const Stream failing = Stream().start().epoch(1);
  CHECK(texts(compare(record({failing}, Outcome::kFailed), failing, false, Outcome::kFailed)) == "identical");
  CHECK(texts(compare(record({failing}, Outcome::kFailed), failing, false, Outcome::kNoMetric)) ==
        "different\nstep 4: outcome: recorded failed, replayed no_metric");
}

TEST_CASE("where a program died, how much of it was recorded is no difference") {
  const auto both_failed = [](const Stream& recorded, const Stream& replayed) {
    return texts(compare(record({recorded}, Outcome::kFailed), replayed, false, Outcome::kFailed));
  };
  const std::string less =
      "incomplete\nboth failed, the replay before it had said all that the record holds: what both said was compared";
  // It fails at step 6: the one came out as far as step 4, the other's longer line whole.
  const Stream shorter = Stream().start().say(trace(1, 4)), longer = Stream().start().say(trace(1, 6)).say(metrics(4));
  CHECK(both_failed(shorter, longer) == "identical");
  CHECK(both_failed(longer, shorter) == less);
  CHECK(both_failed(longer, Stream().start()) == less);
  Stream other = shorter;
  body<Trace>(other, 1).weights[2] ^= 1;
  CHECK(both_failed(longer, other).starts_with("different\n"));
  CHECK(both_failed(Stream(longer).say(metrics(8)), Stream().start().say(trace(1, 6)).say(metrics(8))) ==
        "different\nstep 4: metric val_accuracy: recorded 0.5 (0x1p-1), replayed absent");  // it lacks in the middle
  CHECK(texts(compare(record({shorter}, Outcome::kFailed), whole())) ==
        "different\nstep 12: outcome: recorded failed, replayed completed");
}
