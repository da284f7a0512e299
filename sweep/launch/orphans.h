// Processes that become children of this one when their parent dies: as the first process of a container, or where it
// was asked to take them (prctl(2), PR_SET_CHILD_SUBREAPER). Nobody else waits for them, and each that has ended would
// stay in the table of processes. Owned by LocalLauncher; for any other process it does nothing.
#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <functional>

namespace sweep {

/// Whether a child has somebody who waits for it by its number.
using IsOwn = std::function<bool(pid_t)>;

class Orphans {
 public:
  /// Looks twice a second, as a handler of the executor, whose context may end before this. Requires: its thread has
  /// started all that is its own.
  Orphans(boost::asio::any_io_executor executor, IsOwn is_own);

 private:
  void look_later();

  boost::asio::any_io_executor executor_;
  IsOwn is_own_;
};

/// Waits for the children of this thread that have ended, as far as they are not its own: one of these that has ended
/// itself keeps those behind it until its exit was asked for.
void reap_orphans(const IsOwn& is_own);

}  // namespace sweep
