// See controller.h.
#include "sweep/dispatch/controller.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "core/error.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// A lock that was just taken bears its last holder's name for a moment; nobody is found only after so many looks.
constexpr int kLooks = 20;
constexpr auto kBetweenLooks = std::chrono::milliseconds(10);

[[noreturn]] void cannot(const fs::path& file, const char* what) {
  throw core::EnvironmentError(file.string(), std::string(what) + ": " + std::strerror(errno));
}

// A shared lock is enough to see that nobody holds it, and two who look do not see each other. It goes with `file`.
bool is_held(const Descriptor& lock, const fs::path& file) {
  if (::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) {
    ::flock(lock.get(), LOCK_UN);
    return false;
  }
  if (errno != EWOULDBLOCK) cannot(file, "cannot be locked");
  return true;
}

std::string contents(const Descriptor& lock, const fs::path& file) {
  std::array<char, 4096> text{};
  const ssize_t size = ::pread(lock.get(), text.data(), text.size(), 0);
  if (size < 0) cannot(file, "cannot be read");
  return {text.data(), static_cast<std::size_t>(size)};
}

Descriptor open_process(pid_t pid) { return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

}  // namespace

std::optional<Controller> Controller::of_sweep(const fs::path& runs, const std::string& sweep) {
  const fs::path file = runs / protocol::kLocksFolder / (sweep + ".lock");
  const Descriptor lock(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!lock.is_open() && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!lock.is_open()) cannot(file, "cannot be opened");
  for (int look = 0; look < kLooks; ++look) {
    if (look > 0) std::this_thread::sleep_for(kBetweenLooks);
    if (!is_held(lock, file)) return std::nullopt;
    const std::string text = contents(lock, file);
    const auto holder = Holder::from_text(text);
    if (!holder) continue;
    if (!holder->is_reachable()) return Controller(sweep, *holder, {});
    Descriptor process = open_process(holder->pid);
    if (!process.is_open() && errno == ENOSYS)
      throw core::EnvironmentError("sweep " + sweep, "this kernel cannot name a process for good (pidfd_open)",
                                   "end " + holder->words() + " with kill(1)");
    // In this order: the process is held fast, is the one that was written down, and the lock is its own still.
    const bool same = process.is_open() && start_of_process(holder->pid) == holder->start;
    if (same && is_held(lock, file) && contents(lock, file) == text)
      return Controller(sweep, *holder, std::move(process));
  }
  return std::nullopt;
}

std::vector<std::string> Controller::running_sweeps(const fs::path& runs) {
  std::vector<std::string> sweeps;
  std::error_code error;
  for (fs::directory_iterator at(runs / protocol::kLocksFolder, error), end; !error && at != end; at.increment(error)) {
    const std::string sweep = at->path().stem().string();
    if (at->path().extension() == ".lock" && of_sweep(runs, sweep)) sweeps.push_back(sweep);
  }
  std::sort(sweeps.begin(), sweeps.end());
  return sweeps;
}

bool Controller::ask(Halt halt) const {
  if (!process_.is_open()) {
    const bool old = holder_.start == 0;
    throw core::EnvironmentError("sweep " + sweep_, "is run by " + holder_.words(),
                                 old ? "which wrote no start time: end it with kill(1)" : "ask there");
  }
  siginfo_t info = signal_for(halt);
  if (::syscall(SYS_pidfd_send_signal, process_.get(), info.si_signo, &info, 0) == 0) return true;
  if (errno == ESRCH) return false;
  throw core::EnvironmentError("sweep " + sweep_,
                               "is run by " + holder_.words() + ", which cannot be asked: " + std::strerror(errno),
                               errno == EPERM ? "ask as the user who started it" : "");
}

bool Controller::ended_within(std::chrono::milliseconds patience) const {
  pollfd process{process_.get(), POLLIN, 0};
  return ::poll(&process, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace sweep
