// One controller's loop on a store, with a launcher that starts nothing and a clock that stands still.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "sweep/dispatch/loop.h"
#include "sweep/launch/local.h"
#include "sweep/report/report.h"
#include "tests/catch.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_launcher.h"
#include "tests/temporary_folder.h"

namespace asio = boost::asio;
using sweep::Ending;
using sweep::Store;
using sweep::Study;

inline constexpr char kGrid[] = R"({"method": "grid", "metric": {"name": "val_loss", "goal": "minimize"},
  "parameters": {"batch_size": {"values": [8, 16, 32]}}})";

inline sweep::Prepared prepared(const std::string& text = kGrid) {
  sweep::TrialPlan plan(sweep::read_spec(text, "test.json"), {"noop/1", nullptr, "portable-1"});
  sweep::SweepRecord record;
  record.id = plan.sweep_id();
  record.overrides = core::Json::object();
  record.metric = plan.spec().metric;
  record.trials = plan.count();
  record.text = text;
  return {std::move(plan), {sweep::BuiltinTrainer{"/bin/trainer", "noop/1", "", {}}, {}}, {}, {}, 1, {}, record};
}

inline std::string metric(int seq, int step, const std::string& value) {
  return R"({"event":"metric","seq":)" + std::to_string(seq) + R"(,"step":)" + std::to_string(step) +
         R"(,"values":{"val_loss":)" + value + "}}";
}

inline const std::string kStarted = R"({"event":"started","seq":0,"trainer":"noop/1"})";
inline std::string finished(int seq, const std::string& outcome = "completed") {
  return R"({"event":"finished","seq":)" + std::to_string(seq) + R"(,"outcome":")" + outcome + R"("})";
}
inline Script good(const std::string& value) { return {{kStarted, metric(1, 1, value), finished(2)}, {}}; }

// One controller on one store; more may follow on the same.
struct Controller {
  Controller(const std::filesystem::path& runs, const sweep::Prepared& what, std::size_t slots = 2)
      : Controller(runs, what, sweep::cpu_slots(1, static_cast<int>(slots))) {}
  Controller(const std::filesystem::path& runs, const sweep::Prepared& what, const std::vector<sweep::Slot>& slots)
      : store(runs, Store::Mode::kReadWrite), sweep(what), launcher(context.get_executor(), slots) {
    store.add_sweep(sweep.record);
    options.runs = runs;
    launcher.otherwise = good("0.5");
  }

  Ending run() { return run(nobody); }
  Ending run(sweep::Observer& observer) {
    loop = std::make_unique<sweep::Loop>(context.get_executor(), store, launcher, clock, sweep, options,
                                         sweep::load_study(store, sweep.record.id, sweep::Load::kToGoOn), observer);
    std::exception_ptr failure;
    asio::co_spawn(context, loop->run(), [&](std::exception_ptr thrown) {
      failure = thrown;
      context.stop();
    });
    context.run();
    if (failure) std::rethrow_exception(failure);
    Ending ending = loop->take_ending();
    ending.study = sweep::load_study(store, sweep.record.id);  // with all that the loop forgot
    return ending;
  }

  Store store;
  const sweep::Prepared& sweep;
  asio::io_context context{1};
  FakeLauncher launcher;
  FakeClock clock;
  sweep::DispatchOptions options;
  sweep::Observer nobody;
  std::unique_ptr<sweep::Loop> loop;
};

inline std::string csv_of(const Store& store, const sweep::Prepared& sweep) {
  const Study study = sweep::load_study(store, sweep.record.id);
  sweep::SweepHead head;
  head.metric = sweep.record.metric;
  head.repeats = sweep.record.repeats;
  return sweep::report_csv(head, sweep::rank(study));
}

// A controller that died after each of the sweep's events in turn: the next one ends it with the same CSV. `scripts`
// gives every attempt, in an order of ends that follows from its argument.
template <class Scripts>
void check_wherever_it_died(const sweep::Prepared& sweep, Scripts scripts) {
  std::vector<sweep::StudyEvent> events;
  std::string table;
  {
    const TemporaryFolder folder;
    Controller controller(folder.path(), sweep, 4);
    controller.launcher.scripts = scripts(5);
    controller.run();
    table = csv_of(controller.store, sweep);
    controller.store.read_events(sweep.record.id, true,
                                 [&](const sweep::StoredEvent& stored) { events.push_back(stored.event); });
  }
  for (std::size_t recorded = 1; recorded < events.size(); ++recorded) {
    const TemporaryFolder folder;
    Controller controller(folder.path(), sweep, 3);
    controller.launcher.scripts = scripts(2);
    Study study(sweep::terms_of(sweep.record));
    controller.store.append(sweep.record.id, 1,
                            {events.begin(), events.begin() + static_cast<std::ptrdiff_t>(recorded)}, study);
    CHECK(controller.run().finished());
    CHECK(csv_of(controller.store, sweep) == table);
  }
}
