// See warden.h.
#include "sweep/launch/warden.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>

#include "core/error.h"
#include "sweep/launch/strays.h"

namespace sweep {

// The controller may die between any two of its instructions: an entry counts once `state` says so, and that is
// written last.
struct Warden::Entry {
  enum State : std::uint32_t { kFree, kMarker, kGroup };
  std::atomic<std::uint32_t> state;
  pid_t group;
  std::int64_t ordered_ticks, started_ticks;  // since boot: the group's leader was started between the two
  char marker[kMaxMarkerBytes + 1];
};

namespace {

constexpr double kPatienceS = 3.0;
constexpr std::uint32_t kEntries = 1 << 17;  // of memory that is not there until it is written to

std::int64_t ticks_since_boot() {
  static const std::int64_t per_second = ::sysconf(_SC_CLK_TCK);
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * per_second + now.tv_nsec * per_second / 1'000'000'000;
}

// Field 22 of /proc/PID/stat, in the unit of ticks_since_boot; −1 where there is no such process.
std::int64_t start_ticks(pid_t pid) {
  const Descriptor file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t got = file.is_open() ? ::read(file.get(), text, sizeof text - 1) : -1;
  if (got <= 0) return -1;
  text[got] = '\0';
  const char* at = std::strrchr(text, ')');  // the name may hold anything
  for (int field = 2; at != nullptr && field < 22; ++field) at = std::strchr(at + 1, ' ');
  return at == nullptr ? -1 : std::strtoll(at, nullptr, 10);
}

// Between the controller's death and now the number may have become another group's. Not while members are left: then
// no process can have got it, so where there is none the group is ours.
bool is_still_ours(pid_t leader, std::int64_t ordered_ticks, std::int64_t started_ticks) {
  const std::int64_t ticks = start_ticks(leader);
  return ticks < 0 || (ticks >= ordered_ticks - 1 && ticks <= started_ticks + 1);
}

// A process of its own: no signal of the terminal reaches it, and it holds no descriptor of the controller (a lock
// would live on with it).
void settle(int pipe) {
  ::setpgid(0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "sweep-warden");
  ::dup2(pipe, 0);
  ::closefrom(1);  // also where the kernel lacks close_range: with our end of the pipe open it would wait for ever
}

// Until the controller's end of the pipe closes, which the kernel does for it.
void wait_for_its_death() {
  char nothing;
  for (ssize_t got; (got = ::read(0, &nothing, 1)) != 0;)
    if (got < 0 && errno != EINTR) return;
}

}  // namespace

Warden::Warden() {
  void* memory = ::mmap(nullptr, kEntries * sizeof(Entry), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw core::EnvironmentError("warden", std::string("cannot share memory: ") + std::strerror(errno));
  entries_ = static_cast<Entry*>(memory);
  auto [read_end, write_end] = make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) throw core::EnvironmentError("warden", std::string("cannot be started: ") + std::strerror(errno));
  if (pid_ == 0) {
    settle(read_end.get());
    wait_for_its_death();
    std::set<std::string> markers;
    for (std::uint32_t i = 0; i < kEntries && entries_[i].marker[0] != '\0'; ++i) {
      const Entry& entry = entries_[i];
      const std::uint32_t state = entry.state;
      if (state == Entry::kFree) continue;
      if (state == Entry::kGroup && is_still_ours(entry.group, entry.ordered_ticks, entry.started_ticks))
        ::kill(-entry.group, SIGKILL);
      markers.insert(entry.marker);
    }
    end_carriers(markers, kPatienceS);
    ::_exit(0);
  }
  pipe_ = std::move(write_end);
}

Warden::~Warden() {
  pipe_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  ::munmap(entries_, kEntries * sizeof(Entry));
}

void Warden::watch(const std::string& marker) {
  core::check(!marker.empty() && marker.size() <= kMaxMarkerBytes, "a marker does not fit");
  if (places_.contains(marker)) return;
  core::check(!free_.empty() || used_ < kEntries, "too many attempts at once");
  const std::uint32_t place = free_.empty() ? used_++ : free_.back();
  if (!free_.empty()) free_.pop_back();
  Entry& entry = entries_[place];
  std::memcpy(entry.marker, marker.c_str(), marker.size() + 1);
  entry.ordered_ticks = ticks_since_boot();
  entry.state = Entry::kMarker;
  places_.emplace(marker, place);
}

void Warden::watch(const std::string& marker, pid_t group) {
  Entry& entry = entries_[places_.at(marker)];
  entry.group = group;
  entry.started_ticks = ticks_since_boot();
  entry.state = Entry::kGroup;
}

void Warden::forget(const std::string& marker) {
  const auto found = places_.find(marker);
  if (found == places_.end()) return;
  entries_[found->second].state = Entry::kFree;
  free_.push_back(found->second);
  places_.erase(found);
}

}  // namespace sweep
