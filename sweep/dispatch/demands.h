// What a sweep demands of the machine before anything is written or started: a folder to write to, and open files for
// its trials. Used by prepare.cpp and dispatcher.cpp. What it finds too little is an error that says how much is
// needed.
#pragma once

#include <cstdint>
#include <filesystem>

namespace sweep {

/// Makes the folder of the store where it is missing. Errors: EnvironmentError that names it where it cannot be made or
/// written to.
void require_runs_folder(const std::filesystem::path& runs);

/// How many files this process must be able to open for so many trials at once.
std::uint64_t open_files_for(std::uint64_t trials);

/// Errors: EnvironmentError where the limit (`ulimit -n`) is below that.
void require_open_files(std::uint64_t trials);

}  // namespace sweep
