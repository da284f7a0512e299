// One process that was started here: its pipes, its exit, and what of it must outlive the object that the loop holds,
// since handlers may run after that is gone. Made by local.cpp, which alone knows who it belongs to.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sweep/launch/kept_output.h"
#include "sweep/launch/launcher.h"
#include "sweep/launch/line_pipe.h"
#include "sweep/launch/loop_threads.h"
#include "sweep/launch/memory_limits.h"
#include "sweep/launch/named_files.h"
#include "sweep/launch/start.h"

namespace sweep {

struct ProcessWatch : std::enable_shared_from_this<ProcessWatch> {
  ProcessWatch(boost::asio::any_io_executor executor, const Order& order, Descriptor document_file, Pipe events_pipe,
               Descriptor out_end, Descriptor err_end);

  std::string program;
  std::shared_ptr<const NamedFiles> named;  // null where there is /proc
  std::optional<Child> child;
  std::chrono::steady_clock::time_point made = std::chrono::steady_clock::now();
  Descriptor document;
  Descriptor events_writer;  // while it is open, the pipe does not end when a program closes it and opens it anew
  KeptOutput kept_out, kept_err;
  bool reads_out;
  boost::asio::posix::stream_descriptor pidfd;
  LinePipe events, out, err;
  boost::asio::steady_timer grace;
  boost::asio::steady_timer keep;
  boost::asio::steady_timer wake;       // cancelled when there is something to look at
  std::shared_ptr<MemoryLimit> memory;  // null: without a limit
  bool began = false;                   // else nothing of the program ever ran
  bool reads_at_once = true;            // events; else as all, when it listens
  bool listens = false;
  bool gave = false;  // lines, without having waited since
  bool keeps_soon = false;
  bool exited = false;
  bool was_read_after_exit = false;  // once, more than a pipe holds: a daemon that it left may write for ever
  Exit how;
  std::function<void()> on_end;     // called when it has ended, before all else
  std::function<void()> on_exit;    // called when it was reaped
  std::function<void()> begins;     // called when the program is about to run, or does
  std::function<void()> has_begun;  // called after that, when it runs

  pid_t pid() const { return child->pid(); }
  /// From here on its exit is seen, by one of the threads where they are given and one is free. Errors:
  /// EnvironmentError.
  void await_exit(LoopThreads* threads);
  /// Whether it has ended and was not waited for.
  bool is_zombie() const;
  /// To the group, and to the process itself, which may have left it. Until it is reaped the number is its own.
  void signal(int number);
  /// Waits for the process and tells. Requires: it is a zombie, or was killed.
  void reap();

  /// The output of one order after another, for a process that runs several.
  void begin_output(const Order& order);
  Output end_output();
  /// Whether no event is there that was not asked for.
  bool is_silent();

  /// Until there is something to look at.
  boost::asio::awaitable<void> something();
  Written take();
  /// A last line without a newline counts where the program ended well; one that was killed was cut off.
  Written take_rest();
  void close();

 private:
  void wait_for_exit();
  void listen();
  void follow(LinePipe& pipe);
  void keep_soon();
};

}  // namespace sweep
