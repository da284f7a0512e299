// Workers with processes that are none: who runs which trial, and when a worker is let go.
#include "sweep/launch/worker.h"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <utility>

#include "protocol/assignment.h"
#include "tests/catch.h"

namespace asio = boost::asio;
using sweep::Order;

namespace {

// Says one event of each trial and that it is done, or dies.
class FakeWorker : public sweep::Resident {
 public:
  FakeWorker(int orders, const bool& dies) : orders_(::dup(orders)), dies_(dies) {}

  asio::awaitable<sweep::Written> lines() override {
    sweep::Written written;
    if (!dies_) written.events = {"an event", protocol::kWorkerDone};
    co_return written;
  }
  sweep::Exit exit() const override { return {0, SIGKILL, {}}; }
  sweep::Output take_output() override { return {"last words", ""}; }
  void stop(double) override {}
  bool is_ready() override { return true; }
  void begin_output(const Order& order) override { file_ = order.stdout_file.string(); }
  sweep::Output end_output() override { return {file_, ""}; }

 private:
  sweep::Descriptor orders_;
  const bool& dies_;
  std::string file_ = "first";
};

struct Ended {
  std::vector<std::string> lines;
  sweep::Exit exit;
  sweep::Output output;
};

struct Workshop {
  asio::io_context context{1};
  std::vector<Order> started;
  bool dies = false;
  std::weak_ptr<sweep::Workers> workers = sweep::Workers::make(
      context.get_executor(),
      [this](const Order& order, int orders) {
        started.push_back(order);
        return std::make_unique<FakeWorker>(orders, dies);
      },
      3);

  Order order(const std::string& name) const {
    const std::string marker = "SWEEP_MARKER=" + name;
    return {{"trainer"}, {marker, "SWEEP_TRIAL_ID=" + name, "PATH=/bin"}, marker, "{}", name, name, {}};
  }

  Ended run(const std::string& name, const std::string& slot = "cpu:0", bool stops = false) {
    Ended ended;
    const std::unique_ptr<sweep::Process> process = workers.lock()->assign(order(name), slot);
    REQUIRE(process);
    if (stops) process->stop(1);
    const auto follow = [&]() -> asio::awaitable<void> {
      for (auto lines = co_await process->lines(); !lines.empty(); lines = co_await process->lines())
        ended.lines.insert(ended.lines.end(), lines.events.begin(), lines.events.end());
      ended.exit = process->exit();
      ended.output = process->take_output();
    };
    bool done = false;
    asio::co_spawn(context, follow, [&](std::exception_ptr) { done = true; });
    while (!done) context.run_one();
    return ended;
  }
};

}  // namespace

TEST_CASE("a slot's worker runs the slot's trials, and is replaced after so many") {
  Workshop shop;
  for (int i = 0; i < 7; ++i) {
    const Ended ended = shop.run("t" + std::to_string(i));
    CHECK(ended.lines == std::vector<std::string>{"an event"});
    CHECK((ended.exit.code == 0 && ended.exit.signal == 0));
  }
  REQUIRE(shop.started.size() == 3);
  CHECK(shop.started[0].argv == std::vector<std::string>{"trainer", "--serve"});
  CHECK(shop.started[1].environment == std::vector<std::string>{"PATH=/bin", "SWEEP_MARKER=t3-worker"});
}

TEST_CASE("two slots have two workers") {
  Workshop shop;
  for (const char* slot : {"cpu:0", "cpu:1", "cpu:0", "cpu:1"}) shop.run("t", slot);
  CHECK(shop.started.size() == 2);
}

TEST_CASE("what a worker prints belongs to the trial that ran then") {
  Workshop shop;
  shop.run("a");
  CHECK(shop.run("b").output.out == "b");
}

TEST_CASE("a worker that ends instead ends its trial, and the next one gets a new worker") {
  Workshop shop;
  shop.run("a");
  shop.dies = true;
  const Ended ended = shop.run("b");
  CHECK(ended.exit.signal == SIGKILL);
  CHECK(ended.output.out == "last words");
  shop.dies = false;
  CHECK(shop.run("c").exit.signal == 0);
  CHECK(shop.started.size() == 2);
}

TEST_CASE("a worker that was asked to stop takes no other trial, even where its trial was done") {
  Workshop shop;
  shop.run("a", "cpu:0", /*stops=*/true);
  shop.run("b");
  CHECK(shop.started.size() == 2);
}

TEST_CASE("a document that no pipe takes at once is for a process of its own") {
  Workshop shop;
  Order order = shop.order("a");
  order.document = std::string(70000, ' ');
  CHECK(shop.workers.lock()->assign(order, "cpu:0") == nullptr);
  CHECK(shop.started.empty());
}

TEST_CASE("once ended no worker waits any more, and nothing keeps the workers") {
  Workshop shop;
  shop.run("a");
  CHECK(shop.workers.lock()->has_idle("cpu:0"));
  shop.workers.lock()->end();
  shop.context.restart();
  shop.context.run();
  CHECK(shop.workers.expired());
}
