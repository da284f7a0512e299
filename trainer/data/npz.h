// The arrays of a .npz file, which is a zip archive of .npy files, stored or deflated. Callers: arrays.cpp.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace trainer {

inline constexpr std::size_t kMaxNpzEntries = 1000;

/// The bytes of each array by its name without .npy. What an entry claims to hold is believed only as its bytes come;
/// all of them together may unpack to kMaxUnpackedBytes (gzip.h). Errors: UserError that names the file and the entry:
/// no zip archive, cut off, damaged, encrypted, other bytes than its size says, not a .npy, too many or too large.
std::map<std::string, std::string> read_npz(const std::filesystem::path& file);

}  // namespace trainer
