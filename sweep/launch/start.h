// Starts one child process by vfork: our own start, since no library's does all of this without running code in the
// parent's memory after the fork. Called by local.cpp. It waits for nothing; the caller reaps the child.
//
// The child: its own process group; killed when the thread that started it dies; signals reset; descriptors 0, 1, 2 as
// given and nothing else open, whatever holes the parent's table has; then execve.
#pragma once

#include <sys/types.h>

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
  int out = -1;                          ///< -1: /dev/null; as stdin always is
  int err = -1;
  std::string folder;  ///< working folder; empty: the caller's
};

struct StartResult {
  pid_t pid = -1;  ///< also the process group
  int error = 0;   ///< errno where there is no process
  bool is_ours = false;  ///< this program could not do its part (no descriptor, no memory, too many processes)
};

/// The signals that this process ignores: all that a child would inherit.
std::vector<int> ignored_signals();

/// `ignored`: of ignored_signals(); the child takes the standard action for them. Requires: the calling thread lives as long as the child is wanted.
StartResult start_process(const StartRequest& request, const std::vector<int>& ignored);

struct Pipe {
  Descriptor read_end, write_end;
};
/// A pipe whose ends are close-on-exec. Errors: EnvironmentError.
Pipe make_pipe();

}  // namespace sweep
