// What `sweep doctor` looks at beside machine and GPUs: the folder of the store, and the limits of this process. Each
// gives one line. Called by doctor.cpp.
#pragma once

#include <filesystem>
#include <string>

#include "core/json.h"

namespace sweep {

/// One line: what was looked at, whether it is good, what was found.
struct DoctorFinding {
  std::string name;
  bool good = true;
  std::string text;
  core::Json detail;
};

/// Free bytes and files, the kind of file system, whether a file can be made: of the runs folder, or of the one where
/// it would be made.
DoctorFinding disk_finding(const std::filesystem::path& runs);

/// SQLite there: its version, journal mode, the time of a commit.
DoctorFinding store_finding(const std::filesystem::path& runs);

/// Open files, processes, memory: what this process and its children may have.
DoctorFinding limits_finding();

/// Whether there is a cgroup (version 2) that this process may divide among its trials, and what bounds it.
DoctorFinding cgroup_finding();

/// The name that a file system goes by, from what statfs(2) gives in f_type; its number in hex where it is not known.
std::string file_system_name(long type);

}  // namespace sweep
