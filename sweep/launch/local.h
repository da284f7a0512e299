// Processes on this machine: the Launcher that users have. Each attempt is a process group of its own; its exit is seen
// through a pidfd, its events through an inherited pipe.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <map>

#include "sweep/launch/launcher.h"
#include "sweep/launch/memory_limits.h"
#include "sweep/launch/start.h"
#include "sweep/launch/warden.h"

namespace sweep {

/// One slot for every `threads` cores, at least one.
std::vector<Slot> cpu_slots(int threads, int cores);
/// `slots_per_gpu` for each GPU, one of each first.
std::vector<Slot> gpu_slots(const std::vector<std::string>& uuids, int slots_per_gpu);
/// Cores that this process may use.
int usable_cores();

class LocalLauncher : public Launcher {
 public:
  /// Requires: one thread (it forks the warden). SIGPIPE is ignored while it lives.
  LocalLauncher(boost::asio::any_io_executor executor, std::vector<Slot> slots);
  ~LocalLauncher() override;

  const std::vector<Slot>& slots() const override { return slots_; }
  bool acquire(const Slot& slot) override;
  void release(const Slot& slot) override;
  std::unique_ptr<Process> start(const Order& order) override;
  void end_strays(const std::string& marker) override;

 private:
  boost::asio::any_io_executor executor_;
  std::vector<Slot> slots_;
  std::map<std::string, Descriptor> locks_;  ///< by slot name
  MemoryLimits memory_limits_;
  Warden warden_;
  void (*on_sigpipe_)(int);  ///< as it was
};

}  // namespace sweep
