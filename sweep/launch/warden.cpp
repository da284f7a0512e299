// See warden.h. Messages end with a NUL: "+MARKER", "=GROUP MARKER", "-MARKER".
#include "sweep/launch/warden.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>

#include "core/error.h"
#include "sweep/launch/strays.h"

namespace sweep {
namespace {

constexpr double kPatienceS = 3.0;

using Watched = std::map<std::string, pid_t>;  // marker → process group, 0 before it is known

void understand(const std::string& message, Watched& watched) {
  if (message.empty()) return;
  if (message[0] == '+') watched.emplace(message.substr(1), 0);
  if (message[0] == '-') watched.erase(message.substr(1));
  if (message[0] == '=') {
    char* rest = nullptr;
    const long group = std::strtol(message.c_str() + 1, &rest, 10);
    if (*rest == ' ') watched[rest + 1] = static_cast<pid_t>(group);
  }
}

void end_all(const Watched& watched) {
  std::set<std::string> markers;
  for (const auto& [marker, group] : watched) {
    if (group > 1) ::kill(-group, SIGKILL);
    markers.insert(marker);
  }
  end_carriers(markers, kPatienceS);
}

// Reads until the controller's end of the pipe closes, which the kernel does for it.
[[noreturn]] void keep_watch(int pipe) {
  Watched watched;
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t got = ::read(pipe, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(block, static_cast<std::size_t>(got));
    for (std::size_t end; (end = text.find('\0')) != std::string::npos; text.erase(0, end + 1))
      understand(text.substr(0, end), watched);
  }
  end_all(watched);
  ::_exit(0);
}

// A process of its own: no signal of the terminal reaches it, and it holds no descriptor of the controller (a lock
// would live on with it).
void settle(int& pipe) {
  ::setpgid(0, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(signal, SIG_IGN);
  ::prctl(PR_SET_NAME, "sweep-warden");
  ::dup2(pipe, 0);
  pipe = 0;
  ::syscall(SYS_close_range, 1, ~0u, 0);
}

}  // namespace

Warden::Warden() {
  auto [read_end, write_end] = make_pipe();
  pid_ = ::fork();
  if (pid_ < 0) throw core::EnvironmentError("warden", std::string("cannot be started: ") + std::strerror(errno));
  if (pid_ == 0) {
    int pipe = read_end.get();
    settle(pipe);
    keep_watch(pipe);
  }
  pipe_ = std::move(write_end);
}

Warden::~Warden() {
  pipe_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Warden::watch(const std::string& marker) { tell("+" + marker); }
void Warden::watch(const std::string& marker, pid_t group) { tell("=" + std::to_string(group) + " " + marker); }
void Warden::forget(const std::string& marker) { tell("-" + marker); }

void Warden::tell(std::string message) {
  message += '\0';
  for (std::size_t done = 0; done < message.size();) {
    const ssize_t written = ::write(pipe_.get(), message.data() + done, message.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;  // the warden was killed; the kernel still kills the trainers themselves
    done += static_cast<std::size_t>(written);
  }
}

}  // namespace sweep
