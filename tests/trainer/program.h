// sweep-trainer as a process, for tests: a clean environment, its standard output on a pipe, its standard input from a
// file.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/files.h"
#include "tests/catch.h"
#include "tests/temporary_folder.h"

using Environment = std::map<std::string, std::string>;

class Process {
 public:
  Process(std::vector<std::string> arguments, const Environment& environment, const std::string& stderr_file,
          const std::string& stdin_file = "/dev/null") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    arguments.insert(arguments.begin(), SWEEP_TRAINER);
    std::vector<std::string> settings;
    for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
    std::vector<char*> argv = pointers(arguments), envp = pointers(settings);
    pid_ = ::fork();
    if (pid_ == 0) {
      const int input = ::open(stdin_file.c_str(), O_RDONLY);
      const int errors = ::open(stderr_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(input, 0);
      ::dup2(ends[1], 1);
      ::dup2(errors, 2);
      ::execve(SWEEP_TRAINER, argv.data(), envp.data());
      ::_exit(127);
    }
    ::close(ends[1]);
    output_ = ends[0];
  }
  ~Process() {
    close_output();
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const { ::kill(pid_, number); }

  // The next line without its newline; empty at the end.
  std::string line() {
    for (;;) {
      if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return text;
      }
      std::array<char, 4096> chunk;
      const ssize_t got = ::read(output_, chunk.data(), chunk.size());
      if (got <= 0) return {};
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }
  void close_output() {
    if (output_ >= 0) ::close(output_);
    output_ = -1;
  }

  // The exit code, or minus the signal.
  int wait() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  }

  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

struct Run {
  int code = 0;
  std::string output;
  std::string errors;
};

inline Run run(const TemporaryFolder& folder, std::vector<std::string> arguments, const Environment& environment = {},
               const std::string& stdin_file = "/dev/null") {
  const std::string errors = (folder.path() / "stderr").string();
  Process process(std::move(arguments), environment, errors, stdin_file);
  Run result;
  for (std::string line; !(line = process.line()).empty();) result.output += line + "\n";
  result.code = process.wait();
  result.errors = core::read_file(errors);
  return result;
}
