// Real processes that end badly: one child a misbehaviour, and the outcome that comes of it.
#include <signal.h>

#include <fstream>

#include "sweep/dispatch/attempt.h"
#include "sweep/dispatch/life.h"
#include "sweep/launch/strays.h"
#include "tests/catch.h"
#include "tests/children/children.h"
#include "tests/temporary_folder.h"

using protocol::Outcome;
using sweep::AttemptRequest;
using sweep::AttemptResult;

namespace {

struct Try {
  TemporaryFolder folder;
  AttemptRequest request;

  explicit Try(std::vector<std::string> argv, bool prints = false) {
    argv[0] = child(argv[0]);
    request.argv = std::move(argv);
    if (prints) request.read_metrics.emplace();
    request.document.metric = protocol::Metric{"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest};
    request.folder = folder.path() / "attempt-0";
    request.checkpoints = folder.path() / "checkpoints";
    request.grace_s = 0.05;
  }

  AttemptResult run() const {
    return sweep::run_attempt(request, [](const auto&) { return true; });
  }
  std::size_t left_behind() const { return sweep::find_carriers({sweep::attempt_marker(request.folder)}).size(); }
};

AttemptResult said(std::vector<std::string> lines) {
  lines.insert(lines.begin(), "say_lines");
  return Try(lines).run();
}

const std::string kMetric = R"({"event":"metric","seq":0,"step":1,"values":{"val_loss":0.5}})";
const std::string kFinished = R"({"event":"finished","seq":1,"outcome":"completed"})";

}  // namespace

TEST_CASE("a crash by signal is killed, exit code 75 asks for another attempt, and any other code is failed") {
  const AttemptResult crash = Try({"crash"}).run();
  CHECK(crash.outcome == Outcome::kKilled);
  CHECK(crash.detail == "killed by signal 11 (SIGSEGV): about to crash");
  const AttemptResult again = Try({"exit_code", "75"}).run();
  CHECK(again.outcome == Outcome::kCancelled);
  CHECK(again.asked_again);
  const AttemptResult failed = Try({"exit_code", "3"}).run();
  CHECK(failed.outcome == Outcome::kFailed);
  CHECK(failed.detail == "exit code 3: the last line");
}

TEST_CASE("events that are torn, lost, unknown numbers or too late are an outcome that says so") {
  CHECK(said({kMetric, kFinished}).outcome == Outcome::kCompleted);
  const AttemptResult torn = said({kMetric, R"({"event":"fini)"});
  CHECK(torn.outcome == Outcome::kFailed);
  CHECK(torn.detail.find(R"(the line is: {"event":"fini)") != std::string::npos);
  const AttemptResult gap = said({kMetric, R"({"event":"finished","seq":2,"outcome":"completed"})"});
  CHECK(gap.detail == "trial #0 attempt 0: event line: seq is 2 where 1 comes next, lines were lost");
  const AttemptResult late =
      said({kMetric, kFinished, R"({"event":"metric","seq":2,"step":2,"values":{"val_loss":0.1}})"});
  CHECK(late.outcome == Outcome::kFailed);
  CHECK(late.detail == "trial #0 attempt 0: event line: an event after `finished`");
  CHECK(said({R"({"event":"finished","seq":0,"outcome":"completed"})"}).outcome == Outcome::kNoMetric);
  CHECK(said({R"({"event":"metric","seq":0,"step":1,"values":{"val_loss":"NaN"}})", kFinished}).outcome ==
        Outcome::kDiverged);
}

TEST_CASE("a program that hangs is timed out, and one that ignores SIGTERM is killed when the grace is over") {
  Try hang({"hang"});
  hang.request.limits.timeout_s = 0.05;
  const AttemptResult timed_out = hang.run();
  CHECK(timed_out.outcome == Outcome::kTimedOut);
  CHECK(timed_out.detail == "ran for 0.05 s (timeout_s)");
  Try stubborn({"ignore_sigterm"});
  stubborn.request.limits.timeout_s = 0.5;  // by then it ignores SIGTERM
  const AttemptResult killed = stubborn.run();
  CHECK(killed.outcome == Outcome::kTimedOut);
  CHECK(killed.detail == "ran for 0.5 s (timeout_s); it did not end at SIGTERM and had to be killed");
}

TEST_CASE("a program that falls silent is stalled, and one that only prints lives as long as it prints anything") {
  Try hang({"hang"});
  hang.request.limits = {60.0, 0.1};
  const AttemptResult stalled = hang.run();
  CHECK(stalled.outcome == Outcome::kStalled);
  CHECK(stalled.detail == "gave no sign of life for 0.1 s (stall_timeout_s)");
  Try dots({"dots"}, /*prints=*/true);
  dots.request.limits.stall_timeout_s = 0.25;
  CHECK(dots.run().outcome == Outcome::kCompleted);
}

TEST_CASE("100 MB of output and a line of a megabyte cost a trial nothing") {
  const Try flood({"flood"}, /*prints=*/true);
  CHECK(flood.run().outcome == Outcome::kCompleted);
}

TEST_CASE("a program that closes its pipes early ends as it ends") {
  const Try closed({"closed_pipes"});
  CHECK(closed.run().outcome == Outcome::kCompleted);
}

TEST_CASE("who holds more memory than its limit is out of memory, and so is whoever's child does") {
  for (const char* who : {"itself", "child"}) {
    Try hog({"hog", who});
    hog.request.memory_bytes = 64 << 20;
    const AttemptResult result = hog.run();
    CHECK(result.outcome == Outcome::kOutOfMemory);
    CHECK(result.detail.starts_with("over the memory limit of 64 MB: its processes held "));
    CHECK(hog.left_behind() == 0);
  }
  Try modest({"closed_pipes"});
  modest.request.memory_bytes = 64 << 20;
  CHECK(modest.run().outcome == Outcome::kCompleted);
}

TEST_CASE("a process that a trial leaves behind delays nothing and is ended with it") {
  for (const char* how : {"fork", "setsid"}) {
    const Try leaves({"grandchild", how});
    CHECK(leaves.run().outcome == Outcome::kFailed);  // it never says `finished`
    CHECK(leaves.left_behind() == 0);
  }
}
