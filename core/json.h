// Canonical JSON: the one form in which the project writes JSON and the only form that is ever hashed.
// Rules: keys sorted by bytes, no spaces, strings as UTF-8 with the shortest escapes, integers as written, doubles in
// the shortest form that reads back to the same bits and always with a '.' or an 'e', -0.0 kept, not-finite numbers as
// {"float":"nan"}, {"float":"inf"}, {"float":"-inf"}. So 2 and 2.0 stay different on every way.
#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace core {

/// Objects are ordered by bytes of the key; integers, unsigned integers and doubles stay apart.
using Json = nlohmann::json;

/// The canonical text. Requires: every string is valid UTF-8 (else UserError).
std::string canonical_json(const Json& value);

/// A double as canonical JSON writes it; `nan`, `inf`, `-inf` for those that are not finite.
std::string format_double(double value);

/// Appends a number as canonical JSON writes it: the one place that formats numbers.
void append_number(std::string& out, double value);
void append_number(std::string& out, std::int64_t value);

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
  /// All members of an object. Requires: it stays until text().
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
  void write(std::string_view value);
  void write(const char* value) { write(std::string_view(value)); }
  void write(const std::string& value) { write(std::string_view(value)); }
  void write(const std::vector<std::string>& values);
  void write(const Json& value);
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

/// Reads JSON text written by a program (not by a person: sweep/spec/document.h keeps positions for those). Turns
/// {"float":"nan"} and its kin back into doubles. Errors: UserError for the byte, a huge number, 1000 levels.
Json parse_json(std::string_view text, std::string_view place);

}  // namespace core
