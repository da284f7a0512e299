// See memory.h. Of the cgroup file system: Documentation/admin-guide/cgroup-v2.rst of the Linux kernel.
#include "sweep/launch/memory.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "sweep/launch/strays.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "sweep-";  // of our folders: sweep-PID-N, with the controller's pid
constexpr auto kRemovalPatience = std::chrono::milliseconds(200);

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Into a file of the kernel's, in one call: it must be there, and its answer is that of the write.
bool write_value(const fs::path& file, const std::string& value) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  return ::close(fd) == 0 && written;
}

bool has_word(const std::string& text, std::string_view wanted) {
  std::istringstream words(text);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

// The line "NAME NUMBER" of a flat file.
std::uint64_t number_of(const std::string& text, std::string_view name) {
  std::istringstream lines(text);
  std::string key;
  for (std::uint64_t value = 0; lines >> key >> value;)
    if (key == name) return value;
  return 0;
}

// A cgroup goes once nothing lives in it: killed processes take a moment.
void remove_cgroup(const fs::path& folder) {
  const auto until = std::chrono::steady_clock::now() + kRemovalPatience;
  while (::rmdir(folder.c_str()) != 0 && errno == EBUSY && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

// "sweep-123-4" → 123; 0 for another name.
pid_t controller_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return 0;
  pid_t pid = 0;
  const char* begin = name.data() + sizeof kPrefix - 1;
  const auto [end, error] = std::from_chars(begin, name.data() + name.size(), pid);
  return error == std::errc() && end != name.data() + name.size() && *end == '-' ? pid : 0;
}

// Where cgroup2 is mounted, and this process's own folder there.
std::optional<std::pair<fs::path, fs::path>> own_cgroup() {
  std::ifstream mounts("/proc/self/mounts"), cgroups("/proc/self/cgroup");
  fs::path top;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, place, type;
    if (words >> device >> place >> type && type == "cgroup2") top = place;
  }
  for (std::string line; !top.empty() && std::getline(cgroups, line);)
    if (line.starts_with("0::/")) return std::pair(top, (top / line.substr(4)).lexically_normal());
  return std::nullopt;
}

// A number in /proc/PID/statm (the second: resident pages).
std::uint64_t resident_of(pid_t pid) {
  std::istringstream words(read_text("/proc/" + std::to_string(pid) + "/statm"));
  std::uint64_t all = 0, resident = 0;
  words >> all >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

AttemptCgroup::~AttemptCgroup() {
  if (folder_.empty()) return;
  write_value(folder_ / "cgroup.kill", "1");
  remove_cgroup(folder_);
}

bool AttemptCgroup::take(pid_t pid) const { return write_value(folder_ / "cgroup.procs", std::to_string(pid)); }

bool AttemptCgroup::was_exceeded() const { return number_of(read_text(folder_ / "memory.events"), "oom_kill") > 0; }

std::uint64_t AttemptCgroup::most_bytes() const {
  std::string text = read_text(folder_ / "memory.peak");
  if (text.empty()) text = read_text(folder_ / "memory.max");
  return std::strtoull(text.c_str(), nullptr, 10);
}

std::optional<CgroupHome> CgroupHome::find() {
  const auto own = own_cgroup();
  return own ? find(own->second, own->first) : std::nullopt;
}

std::optional<CgroupHome> CgroupHome::find(const fs::path& own, const fs::path& top) {
  for (fs::path folder = own;; folder = folder.parent_path()) {
    const bool limits = has_word(read_text(folder / "cgroup.subtree_control"), "memory");
    if (limits && ::access(folder.c_str(), W_OK) == 0 && ::access((folder / "cgroup.procs").c_str(), W_OK) == 0) {
      CgroupHome home(folder);
      home.remove_stale();
      return home;
    }
    if (folder == top || folder == folder.parent_path()) return std::nullopt;
  }
}

std::optional<AttemptCgroup> CgroupHome::make(std::uint64_t limit_bytes) {
  const fs::path folder = folder_ / (kPrefix + std::to_string(::getpid()) + "-" + std::to_string(made_++));
  if (::mkdir(folder.c_str(), 0755) != 0) return std::nullopt;
  AttemptCgroup cgroup(folder);
  if (!write_value(folder / "memory.max", std::to_string(limit_bytes))) return std::nullopt;
  write_value(folder / "memory.swap.max", "0");   // else what is over the limit is only slow; not everywhere
  write_value(folder / "memory.oom.group", "1");  // a trial that lost one of its processes is no trial
  return cgroup;
}

void CgroupHome::remove_stale() const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    const pid_t controller = controller_of(entry.path().filename().string());
    if (controller > 0 && ::kill(controller, 0) != 0 && errno == ESRCH) ::rmdir(entry.path().c_str());
  }
}

std::map<std::string, std::uint64_t> resident_bytes(const std::map<std::string, pid_t>& groups) {
  std::map<std::string, std::uint64_t> bytes;
  visit_own_processes([&](pid_t pid, const Carries& carries) {
    const pid_t group = ::getpgid(pid);
    for (const auto& [marker, leader] : groups) {
      if (group != leader && !carries({marker})) continue;
      bytes[marker] += resident_of(pid);
      return;
    }
  });
  return bytes;
}

}  // namespace sweep
