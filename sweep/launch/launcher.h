// Starting and stopping the processes of trials: what dispatch/ knows of where they run. LocalLauncher starts them on
// this machine; tests/fakes/ has one without any process. A launcher decides nothing: not what runs, not what an exit
// means, not when to try again.
//
// Thread rule: everything here is used from the one thread that runs the io_context.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"

namespace sweep {

/// A place where one attempt can run.
struct Slot {
  std::string name;            ///< "cpu:0", "GPU-5f3c…/0": as recorded
  std::string device = "cpu";  ///< "cpu" or "cuda"
  std::string gpu;             ///< UUID; empty on the CPU

  bool operator==(const Slot&) const = default;
};

/// Why a slot is not free now.
struct SlotWait {
  std::string who;   ///< stays the same for as long as the same one is waited for
  std::string text;  ///< "GPU 1: python (pid 4711) holds 12.3 GiB"; empty: nothing worth telling

  bool operator==(const SlotWait&) const = default;
};

/// What to start.
struct Order {
  std::vector<std::string> argv;         ///< argv[0] is the program's path
  std::vector<std::string> environment;  ///< NAME=value, above the controller's own without its SWEEP_ names;
                                         ///< SWEEP_TRIAL and SWEEP_EVENTS are added
  std::string marker;                    ///< one of `environment`, held by no process of another attempt
  std::string document;                  ///< the text of the file that SWEEP_TRIAL names
  std::filesystem::path stdout_file;     ///< made, with its folder, where output is more than Output holds, or comes
  std::filesystem::path stderr_file;     ///< a while before the end; stays only where it is more
  std::filesystem::path folder;          ///< working folder; empty: the controller's
  bool read_stdout = false;              ///< give what it prints in Process::lines() as well
  std::uint64_t memory_bytes = 0;        ///< the most that its processes may hold together; 0: without a limit
};

/// What a process has written since it was last asked: whole lines, without their newlines.
struct Written {
  std::vector<std::string> events;   ///< to SWEEP_EVENTS
  std::vector<std::string> printed;  ///< to standard output, where the order asked for that

  bool empty() const { return events.empty() && printed.empty(); }
};

/// How a process ended: `signal` where that is not 0, else `code`, and neither where it never began.
struct Exit {
  int code = 0;
  int signal = 0;
  std::string never_began;  ///< where the program is not there, or is none: its path and errno's words
};

/// What a process printed, whole, where that is little; else empty, and the order's files hold it.
struct Output {
  std::string out, err;
};

/// Memory above the limit of an order.
struct OverMemory {
  std::uint64_t limit_bytes = 0, seen_bytes = 0;
  bool by_cgroup = false;  ///< the kernel kept the limit; else what is resident was sampled
};

/// A started process and everything that it starts in turn. Destruction kills what still lives.
class Process {
 public:
  virtual ~Process() = default;

  /// Of a process that was prepared: now it begins. Once.
  virtual void go() {}

  /// Waits for lines and gives all that have arrived. Empty: the process has exited and everything it wrote has been
  /// given. A grandchild that holds the pipe delays nothing.
  virtual boost::asio::awaitable<Written> lines() = 0;

  /// Requires: lines() gave an empty answer.
  virtual Exit exit() const = 0;
  /// Once. Requires: lines() gave an empty answer.
  virtual Output take_output() = 0;

  /// What its processes held when they were killed for it; nothing where they kept to the limit. Requires: as exit().
  virtual std::optional<OverMemory> over_memory() const { return std::nullopt; }

  /// How much it has written to standard output and error so far, whole lines or not: it grows as long as it prints.
  virtual std::uint64_t printed_bytes() const { return 0; }

  /// The ladder: SIGTERM to the process group, `grace_s` seconds, SIGKILL to the group. Returns at once; a second call
  /// can only shorten the grace.
  virtual void stop(double grace_s) = 0;
};

class Launcher {
 public:
  virtual ~Launcher() = default;

  /// Every slot, in the order in which they are filled.
  virtual const std::vector<Slot>& slots() const = 0;

  /// Takes the slot for this controller alone until release(). False: another controller on this machine holds it, or
  /// somebody else uses its GPU, or whether that is so is being looked at.
  virtual bool acquire(const Slot& slot) = 0;
  virtual void release(const Slot& slot) = 0;
  /// Requires: acquire() gave false.
  virtual SlotWait why_not(const Slot& slot) const = 0;

  /// Whether a processor is idle. Where all have their trials, a process that only waits would take time from them.
  virtual bool has_spare_core() const { return false; }
  /// Everything that a start can do before the program itself begins, so that it begins at once when go() is called; a
  /// process that is let go before that never begins. Null: this launcher does nothing ahead. Errors: as start().
  virtual std::unique_ptr<Process> prepare(const Order& order) { return (void)order, nullptr; }

  /// Errors: CannotStart where it is the program's fault and seen at once, else its Exit says so; EnvironmentError
  /// where it is the machine's.
  virtual std::unique_ptr<Process> start(const Order& order) = 0;

  /// The same for an order that may run in a process which the slot's earlier trials have left waiting, where its
  /// program can serve several (protocol/assignment.h). Requires: the orders of a slot differ in document and SWEEP_
  /// names alone.
  virtual std::unique_ptr<Process> assign(const Order& order, const Slot& slot) { return (void)slot, start(order); }
  /// Ends the processes that wait for an order.
  virtual void end_waiting() {}

  /// Ends every process of this user that carries one of `markers` in its environment: what attempts left behind.
  /// Of a process of this launcher that is done at the latest a moment after its exit.
  virtual void end_strays(const std::set<std::string>& markers) = 0;
};

/// The program is not there, or is none: with its path and errno's words.
class CannotStart : public core::EnvironmentError {
  using EnvironmentError::EnvironmentError;
};

}  // namespace sweep
