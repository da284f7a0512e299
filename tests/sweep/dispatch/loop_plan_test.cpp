// The loop plans ahead while a trial runs, without a process.
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <functional>

#include "tests/catch.h"
#include "tests/sweep/dispatch/controller.h"
#include "tests/temporary_folder.h"

TEST_CASE("where a processor is free more is planned and stored while a trial runs") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared(R"({"method": "grid",
    "metric": {"name": "val_loss", "goal": "minimize"},
    "parameters": {"batch_size": {"distribution": "int_uniform", "min": 1, "max": 300}}})");
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.spare_core = GENERATE(true, false);
  controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
  asio::steady_timer later(controller.context);
  std::uint64_t stored = 0;
  const std::function<void(int)> look = [&](int times) {
    later.expires_after(std::chrono::milliseconds(2));
    later.async_wait([&, times](const boost::system::error_code&) {
      const Store reader(folder.path(), Store::Mode::kReadOnly);
      stored = sweep::load_study(reader, sweep.record.id).trials().size();
      if (stored > 256 || times == 0) return controller.loop->interrupt(SIGINT);
      look(times - 1);
    });
  };
  controller.launcher.on_start = [&](std::uint64_t) { look(controller.launcher.spare_core ? 5000 : 10); };
  controller.run();
  CHECK(controller.launcher.started.size() == 1);
  CHECK(stored == (controller.launcher.spare_core ? 264u : 256u));
}

TEST_CASE("an interrupt is heard while draws without end repeat what is planned") {
  const TemporaryFolder folder;
  const sweep::Prepared sweep = prepared(R"({"method": "random", "run_cap": 20000,
    "metric": {"name": "val_loss", "goal": "minimize"}, "parameters": {"batch_size": {"distribution": "q_uniform", "min": 1.0, "max": 2.0, "q": 1}}})");
  Controller controller(folder.path(), sweep, 1);
  controller.launcher.spare_core = true;
  controller.launcher.otherwise = {{kStarted}, {75, 0}, true};
  asio::steady_timer later(controller.context);
  controller.launcher.on_start = [&](std::uint64_t) {
    later.expires_after(std::chrono::milliseconds(5));
    later.async_wait([&](const boost::system::error_code&) { controller.loop->interrupt(SIGINT); });
  };
  CHECK(controller.run().study.trials().size() < 20000);
}
