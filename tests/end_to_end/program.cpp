// See program.h.
#include "tests/end_to_end/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Program::Program(const std::filesystem::path& folder, std::vector<std::string> argv,
                 std::vector<std::string> environment) {
  static int number = 0;
  ++number;
  out_ = folder / ("out-" + std::to_string(number));
  err_ = folder / ("err-" + std::to_string(number));
  pid_ = ::fork();
  if (pid_ != 0) {
    ::setpgid(pid_, pid_);  // here too: who signals the group at once must not find none
    return;
  }
  ::setpgid(0, 0);
  ::dup2(::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), 1);
  ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), 2);
  for (const std::string& entry : environment)
    ::setenv(entry.substr(0, entry.find('=')).c_str(), entry.substr(entry.find('=') + 1).c_str(), 1);
  std::vector<char*> pointers;
  for (std::string& argument : argv) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

Program::~Program() {
  if (ended_) return;
  ::kill(-pid_, SIGKILL);
  wait();
}

bool Program::has_ended() {
  rusage usage{};
  if (!ended_ && ::wait4(pid_, &status_, WNOHANG, &usage) == pid_) {
    ended_ = true;
    peak_kib_ = usage.ru_maxrss;
  }
  return ended_;
}

bool Program::wait_for(const std::string& text) {
  return wait_until([&] { return contents(err_).find(text) != std::string::npos; });
}

bool Program::wait_until(const std::function<bool()>& is_so) {
  for (;;) {
    const bool ended = has_ended();
    if (is_so()) return true;
    if (ended) return false;
    ::usleep(2000);
  }
}

void Program::watch(const std::function<void()>& look) {
  while (!has_ended()) {
    look();
    ::usleep(2000);
  }
}

void Program::signal(int number) {
  if (!ended_) ::kill(pid_, number);
}

Ended Program::wait() {
  while (!has_ended()) ::usleep(2000);
  const int code = WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  return {code, contents(out_), contents(err_), peak_kib_};
}

std::string sweep_program() { return SWEEP_BINARY_DIR "/bin/sweep"; }

std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos || name == std::to_string(::getpid())) continue;
    const std::string all = contents(entry.path() / "environ") + contents(entry.path() / "cmdline");
    if (all.find(text) != std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

bool none_lives_with(const std::string& text) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::chrono::seconds kPromised(30);
#else
  constexpr std::chrono::seconds kPromised(2);
#endif
  const auto until = std::chrono::steady_clock::now() + kPromised;
  while (!processes_with(text).empty()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    ::usleep(5000);
  }
  return true;
}
