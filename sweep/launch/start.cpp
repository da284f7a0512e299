// See start.h.
#include "sweep/launch/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace sweep {
namespace {

constexpr int kAboveAll = 3;  // sources lie here or higher, so that no dup2 onto 0 … 2 can overwrite one

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string_view name_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

// What was given, then what this process has of other names; nothing is copied.
std::vector<char*> whole_environment(const std::vector<std::string>& given) {
  std::vector<std::string_view> names;
  for (const std::string& entry : given) names.push_back(name_of(entry));
  std::sort(names.begin(), names.end());
  std::vector<char*> result = pointers(given);
  result.pop_back();
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name = name_of(*entry);
    if (!name.starts_with("SWEEP_") && !std::binary_search(names.begin(), names.end(), name)) result.push_back(*entry);
  }
  result.push_back(nullptr);
  return result;
}

// Everything the child needs, made before the fork: the child only makes calls.
struct Plan {
  char* const* argv;
  char* const* environment;
  const char* folder;  // null: stay
  int null, out, err;
  const int* ignored;
  std::size_t ignored_count;
  pid_t parent;
  volatile int* error;  // in the parent's memory
};

[[noreturn]] void fail_in_child(const Plan& plan) {
  *plan.error = errno;
  ::_exit(127);
}

// Runs in the parent's memory, which waits: system calls only, no allocation, no return.
[[noreturn]] void become(const Plan& plan) {
  if (::setpgid(0, 0) != 0) fail_in_child(plan);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail_in_child(plan);
  if (::getppid() != plan.parent) ::_exit(127);  // it died before the line above
  if (plan.folder != nullptr && ::chdir(plan.folder) != 0) fail_in_child(plan);

  if (::dup2(plan.null, 0) < 0 || ::dup2(plan.out, 1) < 0 || ::dup2(plan.err, 2) < 0) fail_in_child(plan);
  // An old kernel lacks this call; what we opened ourselves is close-on-exec anyway.
  ::syscall(SYS_close_range, 3, ~0u, 0);

  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (std::size_t i = 0; i < plan.ignored_count; ++i) ::sigaction(plan.ignored[i], &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  ::execve(plan.argv[0], plan.argv, plan.environment);
  fail_in_child(plan);
}

// Signals stay blocked around the fork: a handler must not run in the child while it shares the parent's memory.
[[gnu::noinline]] pid_t fork_and_become(const Plan& plan) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::vfork();
  if (pid == 0) become(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

// The descriptor itself where it lies high enough, else another one for the same.
class AboveAll {
 public:
  explicit AboveAll(int fd) : other_(fd < kAboveAll ? ::fcntl(fd, F_DUPFD_CLOEXEC, kAboveAll) : -1), fd_(fd) {}
  int get() const { return fd_ < kAboveAll ? other_.get() : fd_; }

 private:
  Descriptor other_;
  int fd_;
};

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

void Descriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw core::EnvironmentError("pipe", std::string("cannot be made: ") + std::strerror(errno));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::vector<int> ignored_signals() {
  std::vector<int> ignored;
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) ignored.push_back(signal);
  }
  return ignored;
}

StartResult start_process(const StartRequest& request, const std::vector<int>& ignored) {
  const Descriptor null_low(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const AboveAll null(null_low.get()), out(request.out >= 0 ? request.out : null_low.get()),
      err(request.err >= 0 ? request.err : null_low.get());
  if (null.get() < 0 || out.get() < 0 || err.get() < 0) return {-1, errno, true};

  const std::vector<char*> argv = pointers(request.argv);
  const std::vector<char*> environment = whole_environment(request.environment);
  volatile int error = 0;
  const Plan plan{argv.data(),
                  environment.data(),
                  request.folder.empty() ? nullptr : request.folder.c_str(),
                  null.get(),
                  out.get(),
                  err.get(),
                  ignored.data(),
                  ignored.size(),
                  ::getpid(),
                  &error};
  const pid_t pid = fork_and_become(plan);
  if (pid < 0) return {-1, errno, true};
  if (error == 0) return {pid, 0};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, error};
}

}  // namespace sweep
