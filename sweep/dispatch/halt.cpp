// See halt.h.
#include "sweep/dispatch/halt.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/error.h"

namespace sweep {
namespace {

// Above the value of a request in its signal, so that no number of another program's is taken for one.
constexpr int kValueOfOurs = 0x73770000;

sigset_t taken_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) ::sigaddset(&set, signal);
  struct sigaction hang_up {};
  const bool is_ignored = ::sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler == SIG_IGN;
  if (!is_ignored) ::sigaddset(&set, SIGHUP);  // under nohup it goes on when its terminal goes
  return set;
}

// The name that a process goes by; it may be gone already.
std::string command_of(unsigned pid) {
  std::string name;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/comm"), name);
  return name.empty() ? "" : " (" + name + ")";
}

std::string sender(const signalfd_siginfo& info) {
  if (info.ssi_code == SI_KERNEL) return "the terminal";
  if (info.ssi_code > 0 || info.ssi_pid == 0) return {};
  const std::string user = info.ssi_uid == ::getuid() ? "" : " of user id " + std::to_string(info.ssi_uid);
  return "process " + std::to_string(info.ssi_pid) + command_of(info.ssi_pid) + user;
}

HaltRequest request_of(const signalfd_siginfo& info) {
  HaltRequest request{std::nullopt, static_cast<int>(info.ssi_signo), sender(info)};
  if (request.signal == SIGUSR1) request.halt = Halt::kDrain;
  const int value = info.ssi_int - kValueOfOurs;
  if (info.ssi_code != SI_QUEUE || value < static_cast<int>(Halt::kDrain) || value > static_cast<int>(Halt::kKill))
    return request;
  request.halt = static_cast<Halt>(value);
  request.who = (*request.halt == Halt::kDrain ? "`sweep stop`, " : "`sweep cancel`, ") + request.who;
  return request;
}

}  // namespace

siginfo_t signal_for(Halt halt) {
  core::check(halt != Halt::kNone, "a request to halt nothing");
  siginfo_t info{};
  info.si_signo = halt == Halt::kDrain ? SIGUSR1 : SIGTERM;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_int = kValueOfOurs + static_cast<int>(halt);
  return info;
}

HaltSignals::HaltSignals() {
  const sigset_t taken = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &taken, &before_);
  ::signal(SIGUSR1, SIG_IGN);  // while it is blocked it is still queued and read
  signals_ = Descriptor(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_.is_open()) {
    const std::string words = std::strerror(errno);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    throw core::EnvironmentError("signals", "cannot be waited for: " + words);
  }
}

HaltSignals::~HaltSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::vector<HaltRequest> HaltSignals::read() {
  std::vector<HaltRequest> requests;
  for (signalfd_siginfo info; ::read(signals_.get(), &info, sizeof info) == sizeof info;)
    requests.push_back(request_of(info));
  return requests;
}

}  // namespace sweep
