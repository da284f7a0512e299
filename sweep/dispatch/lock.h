// Locks that die with their holder (flock): one controller a sweep, one process a trial.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "sweep/launch/start.h"

namespace sweep {

/// Holds the sweep. Errors: EnvironmentError naming the pid of the controller that holds it.
class SweepLock {
 public:
  SweepLock(const std::filesystem::path& runs, const std::string& sweep);

 private:
  Descriptor file_;
};

/// Makes the trial's folder and locks it; nothing where another process holds it.
std::optional<Descriptor> lock_trial(const std::filesystem::path& trial_folder);

}  // namespace sweep
