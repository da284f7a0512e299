// The entries of a zip archive that lies in memory, read one by one. Called by trainer/data (.npz) and sweep/capsule.
// It believes nothing that an archive says of itself: bytes count as they come. What names, kinds and sizes are fit for
// the caller's purpose is the caller's to say; nothing is unpacked to the disk here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace core {

/// What the archive claims of an entry.
struct ZipEntry {
  std::string name;  ///< the bytes as they stand there
  std::uint64_t bytes = 0;
  std::uint64_t packed_bytes = 0;
  bool is_stored = false;  ///< not compressed
  bool is_encrypted = false;
  std::uint32_t mode = 0;  ///< st_mode where a Unix program made it, else 0
};

class ZipReader {
 public:
  /// `bytes` outlive it. All entries that are read may have `room` bytes together. `place` is what messages call the
  /// archive. Errors: UserError where it is no zip archive or is cut off.
  ZipReader(std::string_view bytes, std::string place, std::uint64_t room);
  ~ZipReader();
  ZipReader(ZipReader&&) noexcept;

  std::uint64_t count() const;
  /// Requires: index < count(). Errors: UserError where the directory is damaged.
  ZipEntry entry(std::uint64_t index) const;
  /// The contents, unpacked. Errors: UserError that names the entry: damaged, cut off, encrypted, packed in a way that
  /// is not known, of another size than it claims, or more than there is room for.
  std::string read(std::uint64_t index);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace core
