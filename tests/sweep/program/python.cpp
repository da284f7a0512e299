// See python.h.
#include "tests/sweep/program/python.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>

#include "core/error.h"
#include "core/files.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"

PythonResult run_python(const std::string& script, const std::vector<std::string>& arguments,
                        const std::map<std::string, std::string>& environment) {
  const TemporaryFolder folder;
  const std::string source = folder.write("script.py", script).string();
  const std::string out = (folder.path() / "out").string(), error = (folder.path() / "error").string();

  std::vector<std::string> words = {"python3", source};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> settings;
  const char* path = std::getenv("PATH");
  settings.push_back("PATH=" + std::string(path ? path : "/usr/bin:/bin"));
  for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& setting : settings) envp.push_back(setting.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, error.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "python3", &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) skip("there is no python3 here");
  int status = 0;
  core::check(waitpid(child, &status, 0) == child, "a child is lost");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), core::read_file(out),
          core::read_file(error)};
}
