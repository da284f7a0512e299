// 64 bits over the columns of a row, stored beside them: a bit that changes on the disk, in memory or by another
// program's hand is noticed when the row is read. Used by sqlite.h, which feeds it. It protects against accident, not
// against forgery: there is no secret in it, and whoever writes SQL can write the digest as well.
//
// Each word is mixed in by a bijection of the state, so that two rows which differ in one word only never share a
// digest; others do with a chance of 2^-64. A column is a word with its type and length, then its contents: whole
// numbers and doubles as 8 bytes (-0.0 as 0.0, which is how SQLite gives it back), texts and blobs as words of 8 bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sweep {

class RowDigest {
 public:
  void add_null() { add_column(0, 0); }
  void add(std::int64_t number) {
    add_column(1, 8);
    mix(static_cast<std::uint64_t>(number));
  }
  void add(double number) {
    add_column(2, 8);
    mix(std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number));
  }
  void add(std::string_view text) { add_bytes(3, text); }
  void add_blob(std::string_view bytes) { add_bytes(4, bytes); }

  /// `table` tells rows of two tables apart.
  std::int64_t value(std::uint64_t table) const {
    RowDigest last = *this;
    last.mix(table);
    last.mix(table);
    return static_cast<std::int64_t>(last.state_);
  }

 private:
  void add_column(std::uint64_t type, std::uint64_t length) { mix(type << 56 | length); }
  void add_bytes(std::uint64_t type, std::string_view bytes) {
    add_column(type, bytes.size());
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      mix(word);
    }
    if (left == 0) return;
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    mix(word);
  }
  void mix(std::uint64_t word) {
    state_ = (state_ ^ word) * 0x9e3779b97f4a7c15u;
    state_ ^= state_ >> 32;
  }

  std::uint64_t state_ = 0x73776570726f7731;
};

}  // namespace sweep
