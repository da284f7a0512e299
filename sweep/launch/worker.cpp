// See worker.h.
#include "sweep/launch/worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/assignment.h"

namespace sweep {
namespace {

namespace asio = boost::asio;

// What an empty pipe takes at once, so that nobody waits for the worker to read it.
constexpr std::size_t kMostAssigned = 65536;

bool write_whole(int descriptor, const std::string& line) {
  return ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

// The worker's own marker: an attempt that it ran may have left nothing else, and is not to take the worker with it.
Order order_for_worker(const Order& first) {
  Order order = first;
  order.argv.emplace_back(protocol::kServe);
  order.marker = first.marker + "-worker";
  order.document.clear();
  std::erase_if(order.environment, [](const std::string& entry) { return entry.starts_with("SWEEP_"); });
  order.environment.push_back(order.marker);
  return order;
}

}  // namespace

class Workers::Trial : public Process {
 public:
  Trial(std::shared_ptr<Workers> workers, Worker worker, std::string slot)
      : workers_(std::move(workers)), worker_(std::move(worker)), slot_(std::move(slot)) {}

  asio::awaitable<Written> lines() override {
    if (is_done_) co_return Written();
    Written written = co_await worker_.process->lines();
    std::vector<std::string>& events = written.events;
    const auto done = std::find(events.begin(), events.end(), protocol::kWorkerDone);
    if (done != events.end()) {
      is_done_ = true;
      says_more_ = std::next(done) != events.end();
      events.erase(done, events.end());
    }
    co_return written;
  }

  Exit exit() const override { return is_done_ ? Exit() : worker_.process->exit(); }

  // The worker is free from here on: the next trial of the slot begins before this object goes.
  Output take_output() override {
    if (!is_done_) return worker_.process->take_output();
    Output output = worker_.process->end_output();
    if (!was_stopped_ && !says_more_) workers_->take_back(std::move(worker_), slot_);
    return output;
  }

  std::optional<OverMemory> over_memory() const override {
    return is_done_ ? std::nullopt : worker_.process->over_memory();
  }

  std::uint64_t printed_bytes() const override { return worker_.process ? worker_.process->printed_bytes() : 0; }

  void stop(double grace_s) override {
    was_stopped_ = true;
    if (worker_.process) worker_.process->stop(grace_s);
  }

 private:
  std::shared_ptr<Workers> workers_;
  Worker worker_;
  std::string slot_;
  bool is_done_ = false;
  bool says_more_ = false;    // behind the word that it is done, as no worker of ours does
  bool was_stopped_ = false;  // the signal may reach the worker between two trials
};

Workers::Workers(asio::any_io_executor executor, Start start, int trials_of_a_worker)
    : start_(std::move(start)),
      trials_of_a_worker_(trials_of_a_worker),
      keeper_(std::move(executor), asio::steady_timer::time_point::max()) {}

std::weak_ptr<Workers> Workers::make(asio::any_io_executor executor, Start start, int trials_of_a_worker) {
  const std::shared_ptr<Workers> made(new Workers(std::move(executor), std::move(start), trials_of_a_worker));
  made->keeper_.async_wait([made](const boost::system::error_code&) {});
  return made;
}

std::unique_ptr<Process> Workers::assign(const Order& order, const std::string& slot) {
  const std::string line = protocol::assignment_line(order.document, order.environment);
  if (line.size() > kMostAssigned) return nullptr;
  auto node = idle_.extract(slot);
  if (!node.empty()) {
    Worker& kept = node.mapped();
    kept.process->begin_output(order);
    if (kept.process->is_ready() && write_whole(kept.orders.get(), line))
      return std::make_unique<Trial>(shared_from_this(), std::move(kept), slot);
  }
  Worker worker = start_one(order);
  if (!write_whole(worker.orders.get(), line)) return nullptr;
  return std::make_unique<Trial>(shared_from_this(), std::move(worker), slot);
}

Workers::Worker Workers::start_one(const Order& order) {
  Pipe orders = make_pipe();
  ::fcntl(orders.write_end.get(), F_SETFL, O_NONBLOCK);
  std::unique_ptr<Resident> process = start_(order_for_worker(order), orders.read_end.get());
  return {std::move(orders.write_end), std::move(process)};
}

void Workers::take_back(Worker worker, const std::string& slot) {
  if (ended_ || ++worker.trials >= trials_of_a_worker_ || !worker.process->is_ready()) return;
  idle_.insert_or_assign(slot, std::move(worker));
}

void Workers::end() {
  ended_ = true;
  idle_.clear();
  keeper_.cancel();
}

}  // namespace sweep
