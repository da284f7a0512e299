// See strays.h.
#include "sweep/launch/strays.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "sweep/launch/start.h"

namespace sweep {
namespace {

constexpr std::size_t kEnvironmentLimit = 8 << 20;  // Linux allows 6 MiB

// The least that Linux allows is 32768 of them, and a machine starts some thousand processes a second at most.
constexpr std::chrono::seconds kNumbersLast{5};

// To ask whether a number is in use takes a tenth of what an entry of /proc does.
constexpr pid_t kAskEachUpTo = 1000;

// The environment a process was started with, NUL after each entry; empty where it may not be read.
std::string environment_of(int proc, const char* pid) {
  const Descriptor file(::openat(proc, (std::string(pid) + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  if (!file.is_open()) return text;
  char block[16384];
  for (ssize_t got; text.size() < kEnvironmentLimit && (got = ::read(file.get(), block, sizeof block)) > 0;)
    text.append(block, static_cast<std::size_t>(got));
  return text;
}

// The number that was given out last, the fifth word of /proc/loadavg; 0 where it is not there.
pid_t newest_pid() {
  const Descriptor file(::open("/proc/loadavg", O_RDONLY | O_CLOEXEC));
  char text[256];
  const ssize_t got = file.is_open() ? ::read(file.get(), text, sizeof text - 1) : 0;
  text[std::max<ssize_t>(0, got)] = '\0';
  const char* last = std::strrchr(text, ' ');
  return last == nullptr ? 0 : static_cast<pid_t>(std::strtol(last, nullptr, 10));
}

bool is_there(pid_t pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

bool carries(const std::string& environment, const std::set<std::string>& markers) {
  for (std::size_t at = 0; at < environment.size();) {
    const std::size_t end = std::min(environment.find('\0', at), environment.size());
    if (markers.contains(environment.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

// A process that dies loses its environment with its memory, and only then its descriptors (a GPU among them): that no
// process carries a marker any more is not yet their end.
bool has_ended(const Descriptor& pidfd) {
  pollfd one{pidfd.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

}  // namespace

void GroupLeaders::add(pid_t leader, std::chrono::duration<double> ran) {
  may_be_any_ = may_be_any_ || ran >= kNumbersLast;
  smallest_ = smallest_ == 0 ? leader : std::min(smallest_, leader);
  largest_ = std::max(largest_, leader);
}

std::optional<std::pair<pid_t, pid_t>> GroupLeaders::range(pid_t newest) const {
  const bool began_anew = newest < largest_;  // since one of them
  if (may_be_any_ || smallest_ == 0 || began_anew) return std::nullopt;
  return std::pair(smallest_, newest);
}

void visit_own_processes(const std::function<void(pid_t, const Carries&)>& visit, const GroupLeaders& leaders) {
  const Descriptor proc(::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!proc.is_open()) return;
  const auto range = leaders.range(newest_pid());
  const pid_t self = ::getpid();
  const uid_t user = ::geteuid();
  const auto look_at = [&](const char* name, pid_t pid) {
    struct stat owner {};
    if (pid == self || ::fstatat(proc.get(), name, &owner, 0) != 0 || owner.st_uid != user) return;
    std::optional<std::string> environment;
    visit(pid, [&](const std::set<std::string>& markers) {
      if (!environment) environment = environment_of(proc.get(), name);
      return carries(*environment, markers);
    });
  };
  if (range && range->second - range->first < kAskEachUpTo) {
    for (pid_t pid = range->first; pid <= range->second; ++pid)
      if (is_there(pid)) look_at(std::to_string(pid).c_str(), pid);
    return;
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir("/proc"), ::closedir);
  if (!listing) return;
  while (const dirent* entry = ::readdir(listing.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (!range || (pid >= range->first && pid <= range->second)) look_at(entry->d_name, pid);
  }
}

std::vector<pid_t> find_carriers(const std::set<std::string>& markers, const GroupLeaders& leaders) {
  std::vector<pid_t> found;
  if (markers.empty()) return found;
  const auto look = [&](pid_t pid, const Carries& carries_one) {
    if (carries_one(markers)) found.push_back(pid);
  };
  visit_own_processes(look, leaders);
  return found;
}

std::size_t kill_carriers(const std::set<std::string>& markers, const GroupLeaders& leaders) {
  std::size_t killed = 0;
  for (const pid_t pid : find_carriers(markers, leaders))
    if (::kill(pid, SIGKILL) == 0) ++killed;
  return killed;
}

void end_carriers(const std::set<std::string>& markers, double patience_s, const GroupLeaders& leaders) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  std::map<pid_t, Descriptor> dying;  // each by its pidfd
  for (;;) {
    bool killed = false;
    for (const pid_t pid : find_carriers(markers, leaders)) {
      Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
      if (::kill(pid, SIGKILL) != 0) continue;
      killed = true;
      if (pidfd.is_open()) dying.try_emplace(pid, std::move(pidfd));
    }
    std::erase_if(dying, [](const auto& one) { return has_ended(one.second); });
    if ((!killed && dying.empty()) || std::chrono::steady_clock::now() >= until) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace sweep
