// Watching: what is drawn where, how often, and when it ends. A clock and a terminal that the test moves.
#include "sweep/commands/watch.h"

#include <deque>

#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/sweep/commands/fake_terminal.h"

using sweep::TerminalSize;
using sweep::Wake;

namespace {

// Looks that were written down before; each takes `takes_s`.
struct FakeWatched : sweep::Watched {
  FakeWatched(FakeClock& of, std::deque<Look> all) : clock(of), looks(std::move(all)) {}
  Look look(const std::optional<TerminalSize>& room) override {
    rooms.push_back(room);
    clock.now_s += takes_s;
    Look next = looks.front();
    if (looks.size() > 1) looks.pop_front();
    return next;
  }
  FakeClock& clock;
  std::deque<Look> looks;
  std::vector<std::optional<TerminalSize>> rooms;
  double takes_s = 0;
};

struct FakeWaker : sweep::Waker {
  explicit FakeWaker(FakeTerminal& of) : terminal(of) {}
  Wake wait(double seconds) override {
    rests.push_back(seconds);
    seen.push_back(terminal.text());
    if (wakes.empty()) return Wake::kTime;
    const Wake next = wakes.front();
    wakes.pop_front();
    if (next == Wake::kResized) terminal.now = {30, 2};
    return next;
  }
  void suspend() override { suspended_on_other.push_back(terminal.is_on_other); }

  FakeTerminal& terminal;
  std::deque<Wake> wakes;
  std::vector<double> rests;
  std::vector<std::string> seen;
  std::vector<bool> suspended_on_other;
};

struct World {
  FakeTerminal terminal;
  FakeClock clock;
  FakeWaker waker{terminal};
};

}  // namespace

TEST_CASE("on a terminal the text is drawn in place until it is over, and the last one stays") {
  World world;
  world.terminal.lines = {"$ sweep report --watch", ""};
  FakeWatched watched(world.clock, {{"one\ntwo\nthree\n"}, {"four\n"}, {"last\nend\n", true}});
  CHECK(sweep::watch_on_terminal(watched, world.terminal, world.waker, world.clock));
  CHECK(world.waker.seen == std::vector<std::string>{"one\ntwo\nthree\n", "four\n"});
  CHECK(world.waker.rests == std::vector<double>{1.0, 1.0});
  CHECK(world.terminal.text() == "$ sweep report --watch\nlast\nend\n\n");
  CHECK(watched.rooms.front() == TerminalSize{40, 6});
}

TEST_CASE("looking takes a tenth of the time at most") {
  World world;
  FakeWatched watched(world.clock, {{"a\n"}, {"b\n", true}});
  watched.takes_s = 0.5;
  sweep::watch_on_terminal(watched, world.terminal, world.waker, world.clock);
  CHECK(world.waker.rests == std::vector<double>{4.5});
}

TEST_CASE("a terminal of another size is drawn anew at once, and what has no room is cut") {
  World world;
  FakeWatched watched(world.clock, {{"1\n2\n3\n4\n"}, {"1\n2\n3\n4\n"}, {"5\n", true}});
  world.waker.wakes = {Wake::kResized};
  sweep::watch_on_terminal(watched, world.terminal, world.waker, world.clock);
  CHECK(world.waker.seen == std::vector<std::string>{"1\n2\n3\n4\n", "1\n2\n"});
  CHECK(watched.rooms[1] == TerminalSize{30, 2});
}

TEST_CASE("an interrupt leaves the other screen, and what was seen last stays") {
  World world;
  FakeWatched watched(world.clock, {{"a\n"}});
  world.waker.wakes = {Wake::kTime, Wake::kInterrupted};
  CHECK_FALSE(sweep::watch_on_terminal(watched, world.terminal, world.waker, world.clock));
  CHECK_FALSE(world.terminal.is_on_other);
  CHECK(world.terminal.text() == "a\n\n");
}

TEST_CASE("a suspended watch gives the terminal back until it goes on") {
  World world;
  FakeWatched watched(world.clock, {{"a\n"}, {"b\n"}, {"c\n", true}});
  world.waker.wakes = {Wake::kSuspended};
  sweep::watch_on_terminal(watched, world.terminal, world.waker, world.clock);
  CHECK(world.waker.suspended_on_other == std::vector<bool>{false});
  CHECK(world.waker.seen == std::vector<std::string>{"a\n", "b\n"});
}

TEST_CASE("an error on the way leaves the other screen too") {
  struct Failing : sweep::Watched {
    Look look(const std::optional<TerminalSize>&) override { throw std::runtime_error("gone"); }
  } failing;
  World world;
  CHECK_THROWS(sweep::watch_on_terminal(failing, world.terminal, world.waker, world.clock));
  CHECK_FALSE(world.terminal.is_on_other);
}

TEST_CASE("elsewhere each text that is new stands below a line with the time") {
  World world;
  FakeWatched watched(world.clock, {{"a\n"}, {"a\n"}, {"b\n"}, {"b\n", true}});
  CHECK(sweep::watch_elsewhere(watched, world.terminal, world.waker, world.clock));
  CHECK(world.terminal.text() == "==> 1970-01-01 00:16:40 UTC <==\na\n==> 1970-01-01 00:16:40 UTC <==\nb\n\n");
  CHECK_FALSE(watched.rooms.front().has_value());
}

TEST_CASE("elsewhere a reader that has gone ends it") {
  World world;
  world.terminal.is_open = false;
  FakeWatched watched(world.clock, {{"a\n"}});
  CHECK_FALSE(sweep::watch_elsewhere(watched, world.terminal, world.waker, world.clock));
  CHECK(world.waker.rests.empty());
}
