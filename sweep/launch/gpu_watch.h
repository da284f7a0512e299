// Looks at the GPUs while trials run: nvidia-smi takes up to seconds, so it is called in a thread of its own, one look
// at a time, and only when a slot asks for one. Made by dispatch/ for as long as its loop runs. It judges nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "sweep/launch/gpu_slots.h"

namespace sweep {

class GpuWatch {
 public:
  /// Runs in the thread. `stop`: see ask_gpus().
  using Ask = std::function<GpuAnswer(int stop)>;

  /// Gives `slots` its looks. `changed`: called as the executor's handler after each answer; `posted`, where it is not
  /// empty, in the thread that looks, when that handler was posted. `slots` outlives it.
  /// Requires: no LocalLauncher is made while it lives (that forks).
  GpuWatch(boost::asio::any_io_executor executor, GpuSlots& slots, Ask ask,
           std::function<void(const std::string&)> note, std::function<void()> changed,
           std::function<void()> posted = {});
  /// Ends a look that is under way.
  ~GpuWatch();
  GpuWatch(const GpuWatch&) = delete;
  GpuWatch& operator=(const GpuWatch&) = delete;

 private:
  std::uint64_t ask();
  void answered(std::uint64_t number, GpuAnswer answer);
  void work(int stop);

  boost::asio::any_io_executor executor_;
  GpuSlots& slots_;
  Ask ask_;
  std::function<void()> changed_, posted_;
  boost::asio::steady_timer drop_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  ///< handlers may run when this object is gone
  std::uint64_t last_ = 0;                                      ///< the number of the last look that was asked for
  bool is_to_begin_ = false;                                    ///< it begins when everybody of this turn has asked

  std::mutex mutex_;
  std::condition_variable wanted_changed_;
  std::uint64_t wanted_ = 0;  ///< under the mutex, as is `ends_`
  bool ends_ = false;
  Descriptor stop_read_, stop_write_;
  std::thread thread_;
};

}  // namespace sweep
