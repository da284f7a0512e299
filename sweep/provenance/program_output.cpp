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
std::optional<pid_t> start(const std::vector<std::string>& arguments, int stdout_end, bool own_group) {
  const int null = core::open_null();
  if (null < 0) return std::nullopt;
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
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  ::close(null);
  return failed == 0 ? std::optional(pid) : std::nullopt;
}

// Reads until the end of the pipe.
ProgramEnd read_all(int pipe_end, const ProgramLimits& limits, std::string& out) {
  const Clock::time_point deadline = Clock::now() + limits.patience;
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
  if (pipe2(ends, O_CLOEXEC) != 0) return run;
  const std::optional<pid_t> child = start(arguments, ends[1], limits.stop >= 0);
  close(ends[1]);
  if (child) run.end = read_all(ends[0], limits, run.output.out);
  close(ends[0]);
  if (!child) return run;
  if (run.end != ProgramEnd::kEnded) kill(*child, SIGKILL);
  int status = 0;
  while (waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  run.output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}

}  // namespace sweep
