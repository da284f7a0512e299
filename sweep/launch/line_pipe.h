// The read end of a pipe to which a child writes lines. Used by local.cpp, one for events and one for each stream that
// it prints to. Passive: it is told when to read, and waits for nothing by itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sweep/launch/kept_output.h"

namespace sweep {

class LinePipe {
 public:
  /// `keep` is given every byte that is read. Requires: it outlives the pipe.
  LinePipe(boost::asio::any_io_executor executor, Descriptor read_end, KeptOutput* keep = nullptr);
  /// Nobody wants its lines; only `keep` does.
  void ignore_lines() { gives_lines_ = false; }

  /// Calls `ready` once when there may be something to read. One wait at a time: a second call changes nothing.
  /// Errors: EnvironmentError where that cannot be waited for.
  void wait(std::function<void()> ready);
  /// Reads without waiting, a megabyte at most: a child that floods the pipe does not keep the others waiting.
  void read();
  /// The whole lines so far, without their newlines; empty ones are left out. Of a line that is longer than an event
  /// may be only the beginning is given, one byte too long.
  std::vector<std::string> take_lines();
  /// What stands after the last newline.
  std::string take_rest();
  void close();

 private:
  void make_waiting();

  boost::asio::any_io_executor executor_;
  Descriptor pipe_;
  std::optional<boost::asio::posix::stream_descriptor> waiting_;  ///< for the pipe; made when it is first waited for
  KeptOutput* keep_;
  std::string buffer_;
  bool gives_lines_ = true, at_end_ = false, waits_ = false;
  bool skips_ = false;  ///< the rest of a line whose beginning was given
};

}  // namespace sweep
