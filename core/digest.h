// SHA-256 through OpenSSL: the project's only hash for identity and integrity.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/files.h"

namespace core {

/// A running SHA-256. Not thread-safe. Errors: check() where OpenSSL fails.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }
  /// 64 lower-case hex digits. Requires: called once, nothing after it.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The digest of `bytes` as 64 hex digits.
std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

/// The digest of a regular file's contents. Errors: as of read_pieces (core/files.h).
std::string sha256_file(const std::filesystem::path& file, std::uint64_t limit_bytes = kNoLimit);

}  // namespace core
