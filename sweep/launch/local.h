// Processes on this machine: the Launcher that users have. Each attempt is a process group of its own; its exit is seen
// through a pidfd, its events through a pipe that has a path under /proc. Starting one makes no file.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sweep/launch/gpu_slots.h"
#include "sweep/launch/launcher.h"
#include "sweep/launch/loop_threads.h"
#include "sweep/launch/memory_limits.h"
#include "sweep/launch/orphans.h"
#include "sweep/launch/slots.h"
#include "sweep/launch/start.h"
#include "sweep/launch/strays.h"
#include "sweep/launch/warden.h"
#include "sweep/launch/worker.h"

namespace sweep {

struct ProcessWatch;

class LocalLauncher : public Launcher {
 public:
  /// Requires: as Warden, which it makes. SIGPIPE is ignored while it lives.
  LocalLauncher(boost::asio::any_io_executor executor, std::vector<Slot> slots);
  ~LocalLauncher() override;

  const std::vector<Slot>& slots() const override { return slots_; }
  bool acquire(const Slot& slot) override;
  void release(const Slot& slot) override;
  SlotWait why_not(const Slot& slot) const override { return gpu_slots_.why_not(slot); }
  bool has_spare_core() const override { return living_.size() < cores_; }
  std::unique_ptr<Process> prepare(const Order& order) override;
  std::unique_ptr<Process> start(const Order& order) override;
  std::unique_ptr<Process> assign(const Order& order, const Slot& slot) override;
  void end_waiting() override;
  void end_strays(const std::set<std::string>& markers) override;

  /// Ends of processes are waited for by these threads, as far as they are free; else by the executor. Null: by the
  /// executor alone.
  void set_threads(LoopThreads* threads) { threads_ = threads; }

  /// For a GpuWatch; without one, locks alone decide.
  GpuSlots& gpu_slots() { return gpu_slots_; }

 private:
  std::unique_ptr<Resident> make(const Order& order, Begin begin, int in = -1);
  void end_strays_soon(const std::string& marker, pid_t leader, std::chrono::duration<double> ran);
  void end_left();
  Descriptor with_new_number(Descriptor low);
  void ready_next(const ProcessWatch& after);

  boost::asio::any_io_executor executor_;
  std::vector<Slot> slots_;
  GpuSlots gpu_slots_;
  std::map<std::string, Slot> kept_slots_;  ///< of GPUs, by name: free, but a worker waits there
  MemoryLimits memory_limits_;
  LoopThreads* threads_ = nullptr;
  std::weak_ptr<Workers> workers_;
  std::weak_ptr<ProcessWatch> prepared_;  ///< the last one; it may have begun or be gone
  Warden warden_;
  std::set<std::string> left_;  ///< markers of processes that have ended, and may have left others behind
  GroupLeaders leaders_left_;   ///< those processes
  const std::size_t cores_ = static_cast<std::size_t>(usable_cores());
  std::set<pid_t> living_;  ///< processes that are there, and whose exit is asked for
  Orphans orphans_{executor_, [this](pid_t pid) { return living_.contains(pid); }};
  int next_number_;          ///< of a descriptor that has a path
  void (*on_sigpipe_)(int);  ///< as it was
};

}  // namespace sweep
