// See program_output.h.
#include "sweep/provenance/program_output.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/null_device.h"

extern char** environ;

namespace sweep {
namespace {

using Clock = std::chrono::steady_clock;

// A child of posix_spawn with default signals: an ignored SIGPIPE or a blocked signal of ours is not inherited.
// Returns 0, or errno.
int start(const std::vector<std::string>& arguments, int stdout_end, bool own_group, pid_t& pid) {
  const int null = core::open_null();
  if (null < 0) return errno;
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, null, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, stdout_end, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, null, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int group = own_group ? POSIX_SPAWN_SETPGROUP : 0;
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | group));
  const int failed = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(null);
  return failed;
}

// Reads until the end of the pipe.
ProgramEnd read_all(int pipe_end, const ProgramLimits& limits, Clock::time_point deadline, std::string& out) {
  char buffer[16 * 1024];
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return ProgramEnd::kTooSlow;
    pollfd ends[] = {{pipe_end, POLLIN, 0}, {limits.stop, POLLIN, 0}};  // a negative one is passed over
    const int ready = poll(ends, 2, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return ProgramEnd::kTooSlow;
    if (ends[1].revents != 0) return ProgramEnd::kStopped;
    const ssize_t count = read(pipe_end, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0 ? ProgramEnd::kEnded : ProgramEnd::kStopped;
    out.append(buffer, static_cast<std::size_t>(count));
    if (out.size() > limits.bytes) return ProgramEnd::kStopped;
  }
}

// It may have closed its stdout and go on.
ProgramEnd wait_for_exit(pid_t child, const ProgramLimits& limits, Clock::time_point deadline) {
  siginfo_t ended{};
  while (waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
    if (Clock::now() >= deadline) return ProgramEnd::kTooSlow;
    pollfd stop{limits.stop, POLLIN, 0};
    if (poll(&stop, 1, /*milliseconds=*/1) > 0) return ProgramEnd::kStopped;
  }
  return ProgramEnd::kEnded;
}

}  // namespace

std::optional<ProgramOutput> program_output(const std::vector<std::string>& arguments,
                                            std::chrono::milliseconds patience, std::size_t limit) {
  ProgramRun run = run_program(arguments, {patience, limit});
  if (run.end != ProgramEnd::kEnded) return std::nullopt;
  return std::move(run.output);
}

ProgramRun run_program(const std::vector<std::string>& arguments, const ProgramLimits& limits) {
  ProgramRun run;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    run.error = errno;
    return run;
  }
  const Clock::time_point deadline = Clock::now() + limits.patience;
  pid_t child = -1;
  run.error = start(arguments, ends[1], limits.stop >= 0, child);
  close(ends[1]);
  if (run.error == 0) run.end = read_all(ends[0], limits, deadline, run.output.out);
  close(ends[0]);
  if (run.error != 0) return run;
  if (run.end == ProgramEnd::kEnded) run.end = wait_for_exit(child, limits, deadline);
  if (run.end != ProgramEnd::kEnded) kill(limits.stop >= 0 ? -child : child, SIGKILL);  // the group, where it leads one
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  run.output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace sweep
