// A program run to its end or interrupted in the middle, for tests of the whole.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

struct Ended {
  int code = 0;  ///< exit code; 128 + the signal where one ended it
  std::string out, err;
  long peak_kib = 0;  ///< of memory
};

class Program {
 public:
  /// Starts it in a process group of its own; its output goes to files under `folder`.
  Program(const std::filesystem::path& folder, std::vector<std::string> argv,
          std::vector<std::string> environment = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Waits until its stderr holds `text`; false where it ended before.
  bool wait_for(const std::string& text);
  /// Waits until `is_so()`, asked every few milliseconds; false where it ended before.
  bool wait_until(const std::function<bool()>& is_so);
  /// Calls `look` every few milliseconds until the program has ended.
  void watch(const std::function<void()>& look);
  void signal(int number);
  Ended wait();
  pid_t pid() const { return pid_; }

 private:
  bool has_ended();

  std::filesystem::path out_, err_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
  long peak_kib_ = 0;
};

/// The `sweep` of this build.
std::string sweep_program();

/// One --runs folder, and commands on it.
struct RunsPlace {
  TemporaryFolder folder;
  std::string runs = (folder.path() / "runs").string();

  std::vector<std::string> line(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), sweep_program());
    arguments.insert(arguments.end(), {"--runs", runs});
    return arguments;
  }
  Ended command(std::vector<std::string> arguments) const {
    return Program(folder.path(), line(std::move(arguments))).wait();
  }
  std::string csv() const { return command({"report", "--format", "csv"}).out; }
};

/// Processes that live (zombies do not) and hold `text` in their environment or among their arguments.
std::vector<pid_t> processes_with(const std::string& text);

/// Whether there is none within the two seconds that are promised; sanitized programs, which are slow, have thirty.
bool none_lives_with(const std::string& text);
