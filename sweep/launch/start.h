// Starts one child process in two steps: everything up to execve ahead of time, then the word to go. Our own start,
// since no library's does all of this without running code in the parent's memory after the fork, and none waits before
// execve. Called by local.cpp. It waits for nothing; the caller reaps the child.
//
// The child: its own process group; killed when the thread that started it dies; signals reset; descriptors 0, 1, 2 as
// given and nothing else open, whatever holes the parent's table has; then it waits for the word, and execve.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace sweep {

/// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

struct StartRequest {
  std::vector<std::string> argv;         ///< argv[0] is a path; PATH is not searched
  std::vector<std::string> environment;  ///< NAME=value; above those of this process that are no SWEEP_ names
  int out = -1;                          ///< -1, as of the others: /dev/null
  int err = -1;
  std::string folder;  ///< working folder; empty: the caller's
  int in = -1;
};

/// When a child becomes its program.
enum class Begin {
  kAtOnce,    ///< beside the caller, as all that it does before
  kWhenTold,  ///< at go()
};

/// A child, which may wait for the word. Lives until the child has been reaped: the child runs on its memory until
/// execve.
class Child {
 public:
  /// Requires: the calling thread lives as long as the child is wanted. Errors: EnvironmentError where this process
  /// cannot do its part (no descriptor, no memory, too many processes).
  Child(StartRequest request, Begin begin);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const;  ///< also the process group
  /// Its go() comes soon: it wakes, and waits awake for a moment where it has another processor than the caller. A
  /// processor that sleeps takes 35 us to wake, and this way it does so beside the caller. Requires: kWhenTold.
  void ready();
  /// Now it becomes the program. Requires: kWhenTold.
  void go();
  /// errno of what kept it from becoming the program; 0 for nothing. Requires: it has been reaped.
  int error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Pipe {
  Descriptor read_end, write_end;
};
/// A pipe whose ends are close-on-exec. Errors: EnvironmentError.
Pipe make_pipe();

}  // namespace sweep
