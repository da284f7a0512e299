// Locks that die with their holder: one controller a sweep (flock), one process a trial (a byte of a file).
#pragma once

#include <filesystem>
#include <string>

#include "sweep/launch/start.h"

namespace sweep {

/// Holds the sweep. Errors: EnvironmentError naming the pid of the controller that holds it.
class SweepLock {
 public:
  SweepLock(const std::filesystem::path& runs, const std::string& sweep);

  /// Errors: EnvironmentError where its file was deleted or replaced: another controller may hold the sweep then.
  void require_in_place() const;

 private:
  std::filesystem::path place_;
  Descriptor file_;
};

/// Of all trials under one --runs: each is a byte of locks/trials.lock, at the place that its id names, so that taking
/// and leaving one makes and removes no file.
class TrialLocks {
 public:
  explicit TrialLocks(const std::filesystem::path& runs);

  /// False: another process holds it.
  bool take(const std::string& trial);
  void leave(const std::string& trial);

 private:
  std::filesystem::path place_;
  Descriptor file_;
};

}  // namespace sweep
