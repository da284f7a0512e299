// Whole files, read at once and written so that a crash leaves the old one or the new one, never a part.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace core {

/// The contents of `file`. Errors: UserError that names it.
std::string read_file(const std::filesystem::path& file);

/// Writes to a temporary name beside `file`, syncs it, renames it, syncs the folder. Creates the folder where it is
/// missing. A device or a pipe is written to as it is; a link is followed. Errors: EnvironmentError that names the file and the reason (a full disk, a read-only folder).
void write_file_durably(const std::filesystem::path& file, std::string_view contents);

}  // namespace core
