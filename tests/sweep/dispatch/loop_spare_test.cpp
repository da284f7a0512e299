// Slots that no trial wants: who gets them, when they are taken back, and that nothing of it is recorded.
#include <boost/asio/post.hpp>
#include <set>

#include "sweep/dispatch/lock.h"
#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

using sweep::AttemptResult;
using sweep::Slot;
using sweep::SpareJob;

namespace {

// Wants to do `left` jobs once a trial has ended; each is an attempt 9 of the fake launcher.
struct Work : sweep::SpareWork {
  std::size_t left = 1;
  std::vector<std::string> slots;     ///< of the jobs taken
  std::vector<std::size_t> ended_at;  ///< how many trials had ended when each began
  std::vector<bool> taken_back;
  std::vector<protocol::Outcome> outcomes;
  std::string avoids;  ///< a slot that it takes only where nothing else runs

  bool wants(const Study& study, const Slot& slot, bool last) override {
    return left > 0 && study.ended() > 0 && (last || slot.name != avoids);
  }
  SpareJob take(const Study& study, const Slot& slot, bool) override {
    --left;
    slots.push_back(slot.name);
    ended_at.push_back(study.ended());
    SpareJob job;
    job.request.argv = {"/bin/trainer"};
    job.request.document.index = 77;
    job.request.attempt = 9;
    job.request.wants_checkpoint_folder = false;
    job.on_events = [](const std::vector<protocol::Event>&) { return true; };
    job.on_end = [this](const AttemptResult& result, bool back) {
      outcomes.push_back(result.outcome);
      taken_back.push_back(back);
      if (back) ++left;
    };
    return job;
  }
};

std::vector<std::string> events_of(const Store& store, const std::string& sweep) {
  std::vector<std::string> lines;
  store.read_events(sweep, true, [&](const sweep::StoredEvent& stored) {
    lines.push_back(std::to_string(sweep::trial_index(stored.event)));
  });
  return lines;
}

}  // namespace

TEST_CASE("a slot is lent once no trial waits for it, and the table and the events are those of a sweep without") {
  const sweep::Prepared sweep = prepared();
  const TemporaryFolder plain_folder, folder;
  Controller plain(plain_folder.path(), sweep, 1);
  plain.run();
  Controller controller(folder.path(), sweep, 1);
  Work work;
  work.left = 2;
  controller.options.spare = &work;
  CHECK(controller.run().finished());
  CHECK(work.ended_at == std::vector<std::size_t>{3, 3});
  CHECK(work.taken_back == std::vector<bool>{false, false});
  CHECK(controller.launcher.most_running == 1);
  CHECK(csv_of(controller.store, sweep) == csv_of(plain.store, sweep));
  CHECK(events_of(controller.store, sweep.record.id) == events_of(plain.store, sweep.record.id));
}

TEST_CASE("a slot is taken back as soon as a trial could use it, and the work is done later") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 1);
  sweep::TrialLocks another(folder.path());  // another sweep runs trial 2, until the only slot is lent
  REQUIRE(another.take(sweep.plan.trial(2).id));
  Work work;
  controller.options.spare = &work;
  controller.launcher.scripts = {{{77, 9}, {{kStarted}, {0, 0}, true}}};
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index != 77) return;
    controller.launcher.scripts[{77, 9}] = good("0.5");
    another.leave(sweep.plan.trial(2).id);
  };
  CHECK(controller.run().finished());
  CHECK(work.ended_at == std::vector<std::size_t>{2, 3});
  CHECK(work.taken_back == std::vector<bool>{true, false});
}

TEST_CASE("an interrupt ends lent work at once and starts no other") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.scripts = {{{77, 9}, {{kStarted}, {0, 0}, true}}};
  Work work;
  work.left = 2;
  controller.options.spare = &work;
  controller.launcher.on_start = [&](std::uint64_t index) {
    if (index == 77) asio::post(controller.context, [&] { controller.loop->interrupt(SIGINT); });
  };
  CHECK(controller.run().finished());
  CHECK(work.taken_back == std::vector<bool>{true});
  CHECK(work.left == 2);
}

TEST_CASE("a slot that work avoids is lent where there is no other") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  Controller controller(folder.path(), sweep, 2);
  Work work;
  work.avoids = "cpu:0";
  work.left = 3;
  controller.options.spare = &work;
  controller.run();
  CHECK(std::set<std::string>(work.slots.begin(), work.slots.end()) == std::set<std::string>{"cpu:1"});
  const TemporaryFolder other;
  Controller alone(other.path(), sweep, 1);
  work.left = 1;
  work.slots.clear();
  alone.options.spare = &work;
  alone.run();
  CHECK(work.slots == std::vector<std::string>{"cpu:0"});
}

TEST_CASE("a loop for spare work alone starts no trial and records nothing") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared();
  {
    Controller controller(folder.path(), sweep, 1);
    controller.launcher.on_start = [&](std::uint64_t index) {
      if (index == 1) asio::post(controller.context, [&] { controller.loop->interrupt(SIGINT); });
    };
    controller.run();
  }
  Controller controller(folder.path(), sweep, 1);
  const std::vector<std::string> before = events_of(controller.store, sweep.record.id);
  Work work;
  controller.options.spare = &work;
  controller.options.only_spare = true;
  controller.run();
  CHECK(work.outcomes.size() == 1);
  CHECK(controller.launcher.started == decltype(controller.launcher.started){{77, 9}});
  CHECK(events_of(controller.store, sweep.record.id) == before);
}
