// Whole files, read at once and written so that a crash leaves the old one or the new one, never a part.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace core {

inline constexpr std::uint64_t kNoLimit = UINT64_MAX;

/// Calls `take` with the bytes of a regular file, piece by piece. A device, a pipe or a socket is refused before a byte
/// is read: it may have no end, or never begin. Errors: UserError that names the file; one of more than `limit_bytes`
/// is refused, at once where its size says so.
void read_pieces(const std::filesystem::path& file, std::uint64_t limit_bytes,
                 const std::function<void(std::string_view)>& take);

/// Absolute, without "." and ".."; links are not followed.
inline std::filesystem::path absolute_path(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

/// "file:///runs/100%25": the absolute path as a URI; every byte that is no letter, digit, '/' or one of "-_.~" is
/// written with a percent sign. Links and ".." stay.
std::string file_uri(const std::filesystem::path& path);

/// The contents of a regular file. Errors: as of read_pieces.
std::string read_file(const std::filesystem::path& file, std::uint64_t limit_bytes = kNoLimit);

/// Writes a file without a name (where there are none, beside `file` under a temporary one), syncs it, names it, syncs
/// the folder. Creates the folder where it is missing. A device or a pipe is written to as it is; a link is followed.
/// Errors: EnvironmentError that names the file and the reason (a full disk, a read-only folder).
/// `mode`: permissions of a file that is made anew, less the umask; it has them before it has its name.
void write_file_durably(const std::filesystem::path& file, std::string_view contents, unsigned mode = 0666);

}  // namespace core
