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

pid_t first_number(pid_t leader, std::chrono::duration<double> ran) { return ran < kNumbersLast ? leader : 0; }

void visit_own_processes(const std::function<void(pid_t, const Carries&)>& visit, pid_t first) {
  if (first > 0 && newest_pid() < first) first = 0;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(::opendir("/proc"), ::closedir);
  if (!proc) return;
  while (const dirent* entry = ::readdir(proc.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    struct stat owner {};
    if (pid < first || pid == ::getpid() || ::fstatat(::dirfd(proc.get()), entry->d_name, &owner, 0) != 0) continue;
    if (owner.st_uid != ::geteuid()) continue;
    std::optional<std::string> environment;
    visit(pid, [&](const std::set<std::string>& markers) {
      if (!environment) environment = environment_of(::dirfd(proc.get()), entry->d_name);
      return carries(*environment, markers);
    });
  }
}

std::vector<pid_t> find_carriers(const std::set<std::string>& markers, pid_t first) {
  std::vector<pid_t> found;
  if (markers.empty()) return found;
  const auto look = [&](pid_t pid, const Carries& carries_one) {
    if (carries_one(markers)) found.push_back(pid);
  };
  visit_own_processes(look, first);
  return found;
}

std::size_t kill_carriers(const std::set<std::string>& markers, pid_t first) {
  std::size_t killed = 0;
  for (const pid_t pid : find_carriers(markers, first))
    if (::kill(pid, SIGKILL) == 0) ++killed;
  return killed;
}

void end_carriers(const std::set<std::string>& markers, double patience_s, pid_t first) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  std::map<pid_t, Descriptor> dying;  // each by its pidfd
  for (;;) {
    bool killed = false;
    for (const pid_t pid : find_carriers(markers, first)) {
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
