// The display of a running sweep, on a terminal and with a clock that the test moves.
#include "sweep/commands/live.h"

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/sweep/commands/fake_terminal.h"
#include "tests/sweep/study/events.h"

using namespace events;
using protocol::Outcome;
using sweep::Study;

namespace {

// A sweep of three trials on two slots, as the display sees it.
struct Shown {
  FakeTerminal terminal;
  FakeClock clock;
  Study study{loss()};
  sweep::LiveBlock live{terminal, clock};

  Shown() {
    terminal.now = {90, 24};
    for (std::uint64_t i = 0; i < 3; ++i) study.apply(planned(i));
    live.on_started(study, 3, 2);
  }
  void tell(const sweep::StudyEvent& event) {
    study.apply(event);
    live.on_event(study, event);
  }
  void order(std::uint64_t index, const std::string& slot) {
    sweep::AttemptOrdered event = ordered(index);
    event.slot = slot;
    tell(event);
  }
  void wait(double seconds) { clock.now_s += seconds; }
};

}  // namespace

TEST_CASE("each slot has a line, below them the bar, and all are drawn again in place") {
  Shown shown;
  CHECK(shown.terminal.text() == "[........................] 0/3\n");
  shown.wait(1);
  shown.order(0, "cpu:0");
  shown.wait(1);
  shown.order(1, "cpu:1");
  shown.wait(2.5);
  shown.tell(metric(0, 0, 4, 0.5));
  CHECK(shown.terminal.text() ==
        "cpu:0  #0  epoch 4  loss 0.5  3.50 s\n"
        "cpu:1  #1                     2.50 s\n"
        "[........................] 0/3, 2 running\n");
  shown.tell(ended(0, 0, Outcome::kCompleted));
  CHECK(shown.terminal.text() ==
        "cpu:1  #1      2.50 s\n"
        "[########................] 1/3, 1 running, best loss 0.5 (#0), 1.50 s left\n");
}

TEST_CASE("it is not drawn more than ten times a second but for trials that end") {
  Shown shown;
  shown.wait(1);
  shown.order(0, "cpu:0");
  const int before = shown.terminal.writes;
  shown.wait(0.05);
  shown.tell(metric(0, 0, 1, 0.5));
  CHECK(shown.terminal.writes == before);
  shown.tell(ended(0, 0, Outcome::kCompleted));
  CHECK(shown.terminal.writes > before);
}

TEST_CASE("messages stand above it and stay, and nothing of it is left at the end") {
  Shown shown;
  shown.wait(1);
  shown.order(0, "cpu:0");
  shown.live.on_note("a note\x1b[2J");
  CHECK(shown.terminal.text() ==
        "a note\\x1b[2J\n"
        "cpu:0  #0      0.00 s\n"
        "[........................] 0/3, 1 running\n");
  shown.live.on_end(shown.study, 3, 130, "sweep resume a1");
  CHECK(shown.terminal.text() ==
        "a note\\x1b[2J\n"
        "interrupted: 0 of 3 trials have ended; go on with `sweep resume a1`\n"
        "\n");
}

TEST_CASE("no line is wider than the terminal, and of many slots some are counted") {
  Shown shown;
  shown.terminal.now = {20, 4};
  shown.wait(1);
  for (std::uint64_t i = 0; i < 3; ++i) {
    shown.order(i, "GPU-" + std::to_string(i) + std::string(40, 'f'));
    shown.wait(1);
  }
  CHECK(shown.terminal.text() ==
        "GPU-0ffffffffffffff…\n"
        "and 2 more\n"
        "0/3, 3 running\n");
}

TEST_CASE("what is waited for has a line of its own where the bar's has no room for it") {
  Shown shown;
  shown.live.on_wait(shown.study, {{"GPU 0", "GPU 0, which another sweep uses"}});
  CHECK(shown.terminal.text() == "[........................] 0/3, waits for GPU 0, which another sweep uses\n");
  shown.terminal.now = {45, 24};
  shown.live.on_wait(shown.study, {{"GPU 0", "GPU 0, which another sweep uses"}});
  CHECK(shown.terminal.text() ==
        "waits for GPU 0, which another sweep uses\n"
        "[........................] 0/3\n");
}

TEST_CASE("a terminal that has become narrower has broken the lines, and all of them are erased") {
  Shown shown;
  shown.wait(1);
  shown.order(0, "cpu:0");
  // As a terminal of 12 columns breaks them.
  shown.terminal.now = {12, 24};
  const auto broken = [](const std::string& line) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at < line.size(); at += 12) parts.push_back(line.substr(at, 12));
    return parts;
  };
  std::vector<std::string> lines;
  for (const std::string& line : shown.terminal.lines)
    for (const std::string& part : broken(line)) lines.push_back(part);
  lines.insert(lines.begin(), "stays");
  shown.terminal.show(lines);
  shown.live.before_output();
  CHECK(shown.terminal.text() == "stays\n\n");
}
