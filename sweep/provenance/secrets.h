// What must never be stored, found in text that is: tokens by their known shapes, values of environment variables
// whose names look like those of secrets, passwords in addresses, private keys. Called by what records text from
// outside: command lines, differences, outputs of recorded commands. It knows no file and starts nothing.
//
// It errs towards redacting: a line too many that is left out costs less than a password that is kept. It cannot know a
// secret without a shape, a telling name or a variable that holds it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace sweep {

inline constexpr char kRedacted[] = "[redacted]";

class Secrets {
 public:
  /// Those that a set of variables holds. `named`: variables that are secrets whatever they are called.
  explicit Secrets(const std::map<std::string, std::string>& variables, const std::vector<std::string>& named = {});
  /// Of this process's environment.
  static Secrets of_environment(const std::vector<std::string>& named = {});

  bool in(std::string_view text) const { return redact(text) != text; }
  /// The text with each secret replaced by kRedacted.
  std::string redact(std::string_view text) const;
  /// The same of every string in a value, keys among them.
  core::Json redact_json(const core::Json& value) const;

 private:
  void add(std::string_view value);

  std::vector<std::string> values_;  ///< longest first: one may be part of another
};

/// "https://user:password@host/path?token=x" → "https://host/path"; the address of a remote without what may be secret.
std::string redacted_address(std::string_view address, const Secrets& secrets);

}  // namespace sweep
