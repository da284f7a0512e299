// Canonical JSON without a value in between, for what is written for every trial. Used by protocol/ and sweep/store.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace core {

/// Appends what canonical_json() gives.
void append_json(std::string& out, const Json& value);
void append_json(std::string& out, std::string_view text);

/// The canonical text of an object, member by member and without a value in between: the same bytes, a few times
/// faster.
class ObjectText {
 public:
  /// Requires: each key once, in any order; the key's bytes stay until text(). Errors: as canonical_json().
  template <class T>
  ObjectText& add(std::string_view key, const T& value) {
    begin(key);
    write(value);
    return *this;
  }
  /// All members of an object, or none of null. Requires: it stays until text().
  ObjectText& add_members(const Json& object);

  std::string text() const;

 private:
  struct Member {
    std::string_view key;
    std::size_t from;  ///< of its value in values_; the next member's is where it ends
  };

  void begin(std::string_view key) { members_.push_back({key, values_.size()}); }
  void write(std::nullptr_t);
  void write(bool value);
  void write(double value) { append_number(values_, value); }
  void write(std::string_view value) { append_json(values_, value); }
  void write(const char* value) { write(std::string_view(value)); }
  void write(const std::string& value) { write(std::string_view(value)); }
  void write(const std::vector<std::string>& values);
  void write(const Json& value) { append_json(values_, value); }
  template <std::integral T>
  void write(T value) {
    if constexpr (std::is_signed_v<T>)
      append_number(values_, std::int64_t{value});
    else
      write_unsigned(value);
  }
  template <class T>
  void write(const std::optional<T>& value) {
    if (value)
      write(*value);
    else
      write(nullptr);
  }
  void write_unsigned(std::uint64_t value);

  std::vector<Member> members_;
  std::string values_;
};

}  // namespace core
