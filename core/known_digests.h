// Digests of files that were read before: a file whose path, size, inode, device and times are those of the last look
// is not read again. Callers: the watch over a program's sources, which keeps them in memory, and the search for a data
// set, which keeps them in a file. Whoever must be sure of the bytes, as the trainer is of its data, reads them.
//
// A file that was written within a grain of its times before the look is read again the next time: a second change
// would not show.
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>

#include "core/files.h"

namespace core {

class KnownDigests {
 public:
  /// In memory alone.
  KnownDigests() = default;
  /// As `file` has them: one JSON object with a digest over itself. One that is missing, damaged or of another form
  /// counts as empty.
  explicit KnownDigests(std::filesystem::path file);

  /// As sha256_file. Errors: the same.
  std::string of(const std::filesystem::path& file, std::uint64_t limit_bytes = kNoLimit);

  /// Writes those of files of at least a mebibyte, where there is a new one: smaller ones are read as fast. Where the
  /// file cannot be written the next look takes longer, no more.
  void save();

 private:
  struct Look {
    std::uint64_t size = 0, inode = 0, device = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    std::string sha256;

    bool same_file(const Look& other) const;
  };

  std::filesystem::path file_;
  std::map<std::string, Look> looks_;  ///< by absolute path
  bool is_new_ = false;
};

}  // namespace core
