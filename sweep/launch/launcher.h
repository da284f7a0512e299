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
#include <string>
#include <vector>

namespace sweep {

/// A place where one attempt can run.
struct Slot {
  std::string name;            ///< "cpu:0", "GPU-5f3c…/0": as recorded
  std::string device = "cpu";  ///< "cpu" or "cuda"
  std::string gpu;             ///< UUID; empty on the CPU

  bool operator==(const Slot&) const = default;
};

/// What to start.
struct Order {
  std::vector<std::string> argv;         ///< argv[0] is the program's path
  std::vector<std::string> environment;  ///< all of it, NAME=value; SWEEP_EVENTS is added by the launcher
  std::string marker;                    ///< one of `environment`, held by no process of another attempt
  std::filesystem::path stdout_file;     ///< created by the launcher, and removed at the end where it stayed empty
  std::filesystem::path stderr_file;
  std::filesystem::path folder;    ///< working folder; empty: the controller's
  bool read_stdout = false;        ///< give what it prints in Process::lines() as well
  std::filesystem::path events;    ///< a place for a named pipe, for programs that start others: those may close every
                                   ///< descriptor that they inherit; empty: an inherited pipe
  std::uint64_t memory_bytes = 0;  ///< the most that its processes may hold together; 0: without a limit
};

/// What a process has written since it was last asked: whole lines, without their newlines.
struct Written {
  std::vector<std::string> events;   ///< to SWEEP_EVENTS
  std::vector<std::string> printed;  ///< to standard output, where the order asked for that

  bool empty() const { return events.empty() && printed.empty(); }
};

/// How a process ended. Exactly one of the two is meant: `signal` where it is not 0, else `code`.
struct Exit {
  int code = 0;
  int signal = 0;
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

  /// Waits for lines and gives all that have arrived. Empty: the process has exited and everything it wrote has been
  /// given. A grandchild that holds the pipe delays nothing.
  virtual boost::asio::awaitable<Written> lines() = 0;

  /// Requires: lines() gave an empty answer.
  virtual Exit exit() const = 0;

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

  /// Takes the slot for this controller alone until release(). False: another controller on this machine holds it.
  virtual bool acquire(const Slot& slot) = 0;
  virtual void release(const Slot& slot) = 0;

  /// Errors: EnvironmentError with the program's path and errno's words where it cannot be started.
  virtual std::unique_ptr<Process> start(const Order& order) = 0;

  /// Ends every process of this user that carries `marker` in its environment: what an attempt left behind.
  virtual void end_strays(const std::string& marker) = 0;
};

}  // namespace sweep
