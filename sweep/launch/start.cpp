// See start.h.
#include "sweep/launch/start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace sweep {
namespace {

constexpr int kReportDescriptor = 3;  // in the child: errno of what failed, closed by a successful execve
constexpr int kAboveAll = 10;         // sources lie here, so that no dup2 onto 0 … 3 can overwrite one

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Everything the child needs, made before the fork: the child only makes calls.
struct Plan {
  char* const* argv;
  char* const* environment;
  const char* folder;  // null: stay
  int null, out, err, report;
  pid_t parent;
};

[[noreturn]] void fail_in_child(int report) {
  const int error = errno;
  while (::write(report, &error, sizeof error) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

// Runs in the parent's memory: system calls only, no allocation, no return.
[[noreturn]] void become(const Plan& plan) {
  if (::setpgid(0, 0) != 0) fail_in_child(plan.report);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail_in_child(plan.report);
  if (::getppid() != plan.parent) ::_exit(127);  // it died before the line above
  if (plan.folder != nullptr && ::chdir(plan.folder) != 0) fail_in_child(plan.report);

  if (::dup2(plan.null, 0) < 0 || ::dup2(plan.out, 1) < 0 || ::dup2(plan.err, 2) < 0) fail_in_child(plan.report);
  if (::dup3(plan.report, kReportDescriptor, O_CLOEXEC) < 0) fail_in_child(plan.report);
  // An old kernel lacks this call; what we opened ourselves is close-on-exec anyway.
  ::syscall(SYS_close_range, kReportDescriptor + 1, ~0u, 0);

  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);

  ::execve(plan.argv[0], plan.argv, plan.environment);
  fail_in_child(kReportDescriptor);
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

Descriptor above_all(int fd) { return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, kAboveAll)); }

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

StartResult start_process(const StartRequest& request) {
  const Descriptor null_low(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto [report_read, report_low] = make_pipe();
  const Descriptor null = above_all(null_low.get());
  Descriptor report = above_all(report_low.get());
  const Descriptor out = above_all(request.out >= 0 ? request.out : null_low.get());
  const Descriptor err = above_all(request.err >= 0 ? request.err : null_low.get());
  if (!null.is_open() || !report.is_open() || !out.is_open() || !err.is_open()) return {-1, errno, true};
  report_low.reset();

  const std::vector<char*> argv = pointers(request.argv);
  const std::vector<char*> environment = pointers(request.environment);
  const char* folder = request.folder.empty() ? nullptr : request.folder.c_str();
  const Plan plan{argv.data(), environment.data(), folder,      null.get(), out.get(),
                  err.get(),   report.get(),       ::getpid()};
  const pid_t pid = fork_and_become(plan);
  if (pid < 0) return {-1, errno, true};

  report.reset();
  int error = 0;
  ssize_t got;
  do got = ::read(report_read.get(), &error, sizeof error);
  while (got < 0 && errno == EINTR);
  if (got != sizeof error) return {pid, 0};
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, error};
}

}  // namespace sweep
