// See wake_signals.h.
#include "sweep/commands/wake_signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace sweep {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP}) sigaddset(&set, signal);
  return set;
}

Wake wake_of(int signal) {
  if (signal == SIGWINCH) return Wake::kResized;
  return signal == SIGTSTP ? Wake::kSuspended : Wake::kInterrupted;
}

}  // namespace

SignalWaker::SignalWaker() {
  const sigset_t set = watched_signals();
  ::sigprocmask(SIG_BLOCK, &set, &before_);
  signals_ = Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.is_open())
    throw core::EnvironmentError("--watch", std::string("signals cannot be waited for: ") + std::strerror(errno));
}

SignalWaker::~SignalWaker() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

Wake SignalWaker::wait(double seconds) {
  pollfd descriptor{signals_.get(), POLLIN, 0};
  ::poll(&descriptor, 1, static_cast<int>(seconds * 1000));
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return Wake::kTime;
  const Wake wake = wake_of(static_cast<int>(info.ssi_signo));
  if (wake == Wake::kInterrupted) signal_ = static_cast<int>(info.ssi_signo);
  return wake;
}

void SignalWaker::suspend() { ::raise(SIGSTOP); }

}  // namespace sweep
