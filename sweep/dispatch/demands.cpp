// See demands.h.
#include "sweep/dispatch/demands.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/plural.h"
#include "protocol/files.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// The store, locks, timers and the numbers from 48 on, which local.cpp keeps apart; of a trial its pipes, its document
// and its process.
constexpr std::uint64_t kOfTheController = 64;
constexpr std::uint64_t kOfATrial = 6;

}  // namespace

// Its permissions do not say it all (a system's own folder, a file system that is read-only): the folder of locks,
// which every sweep has, is made to see.
void require_runs_folder(const fs::path& runs) {
  constexpr char kRemedy[] = "name another folder with --runs";
  std::error_code error;
  fs::create_directories(runs, error);
  if (error || !fs::is_directory(runs, error))
    throw core::EnvironmentError(runs.string(), "cannot be made: " + (error ? error.message() : "it is a file"),
                                 kRemedy);
  fs::create_directories(runs / protocol::kLocksFolder, error);
  if (error) throw core::EnvironmentError(runs.string(), "cannot be written to: " + error.message(), kRemedy);
  if (::access(runs.c_str(), W_OK | X_OK) != 0)
    throw core::EnvironmentError(runs.string(), std::string("cannot be written to: ") + std::strerror(errno), kRemedy);
}

std::uint64_t open_files_for(std::uint64_t trials) { return kOfTheController + kOfATrial * trials; }

void require_open_files(std::uint64_t trials) {
  rlimit files{};
  const std::uint64_t needed = open_files_for(trials);
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY || files.rlim_cur >= needed) return;
  throw core::EnvironmentError(
      "open files",
      fmt::format("{} are allowed to a process, {} at once {} {}", files.rlim_cur, core::counted(trials, "trial"),
                  trials == 1 ? "needs" : "need", needed),
      fmt::format("raise the limit (`ulimit -n {}`){}", needed, trials > 1 ? " or run fewer at once (--slots)" : ""));
}

}  // namespace sweep
