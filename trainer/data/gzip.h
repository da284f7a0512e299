// A file's bytes, unpacked where it is gzip (told by its first two bytes, not by its name).
#pragma once

#include <filesystem>
#include <string>

namespace trainer {

/// What a packed file may grow to. A header that lies, or a hostile file, must not eat the machine's memory.
inline constexpr std::size_t kMaxUnpackedBytes = std::size_t{4} << 30;

/// Errors: UserError that names the file and the offset of the first byte that is wrong: not gzip although named .gz,
/// damaged, cut off, or more than kMaxUnpackedBytes unpacked.
std::string read_plain_or_gzip(const std::filesystem::path& file);

}  // namespace trainer
