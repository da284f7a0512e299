// The signals that a watching process reacts to: the terminal's new size, Ctrl-Z, and requests to end. Used by `sweep
// report --watch`.
#pragma once

#include <csignal>

#include "sweep/commands/watch.h"
#include "sweep/launch/start.h"

namespace sweep {

/// Holds these signals back for as long as it lives and gives them out one by one. One at a time in a process.
class SignalWaker : public Waker {
 public:
  /// Errors: EnvironmentError.
  SignalWaker();
  ~SignalWaker() override;
  SignalWaker(const SignalWaker&) = delete;
  SignalWaker& operator=(const SignalWaker&) = delete;

  Wake wait(double seconds) override;
  void suspend() override;
  /// SIGINT, SIGTERM or SIGHUP, whichever came; 0 where none did.
  int signal() const { return signal_; }

 private:
  sigset_t before_{};
  Descriptor signals_;
  int signal_ = 0;
};

}  // namespace sweep
