// What the walk over a Document gathers, and the questions it asks of a value. Shared by the parts of the reader
// (spec_reader.cpp, parameter_reader.cpp, hyperparameters.cpp); knows no key of the language.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/spec/document.h"

namespace sweep {

/// What we do with a key.
enum class Support {
  kRead,     ///< it has a meaning here
  kIgnored,  ///< known to the language, without influence on a sweep
  kForeign,  ///< of another part of W&B: ignored with a warning
  kLater,    ///< known to the language, refused until we have it
};

struct Key {
  std::string_view name;
  Support support = Support::kRead;
  std::string_view remedy = "remove it";  ///< where it is for later
};

class Reading {
 public:
  explicit Reading(const Document& document) : document_(document), warnings_(document.warnings()) {}

  /// "file:line:column".
  std::string place(Mark mark) const { return document_.problem_at(mark, {}).place; }

  void error(Mark mark, std::string problem, std::string remedy = {});
  void warn(Mark mark, std::string problem, std::string remedy = {});
  std::size_t error_count() const { return errors_.size(); }
  /// Errors: UserError with every error so far, in the order of the file; returns where there is none.
  void throw_errors() const;
  /// In the order of the file.
  std::vector<core::Problem> warnings() const;

  /// Whether it is an object; an error where it is not.
  bool expect_object(const Member& member);
  /// Refuses every key of `object` that is not in `keys`, and those that are for later. `of` ends the message
  /// ("in 'metric'").
  void check_keys(const Node& object, std::span<const Key> keys, std::string_view of);

  /// Each: the value, or an error and nothing.
  std::optional<std::string> text(const Member& member);
  /// An integral float counts (5.0 is 5).
  std::optional<std::uint64_t> count(const Member& member, std::uint64_t min,
                                     std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  /// A finite number.
  std::optional<double> number(const Member& member);
  std::optional<bool> truth(const Member& member);
  /// A list of strings that are not empty; one at least.
  std::optional<std::vector<std::string>> texts(const Member& member);
  /// Index of the string in `words`. The message calls another one "no `called`", or no KEY.
  std::optional<std::size_t> word(const Member& member, std::span<const std::string> words,
                                  std::string_view called = {});

 private:
  static std::vector<core::Problem> in_order(std::vector<Finding> findings);

  const Document& document_;
  std::vector<Finding> warnings_, errors_;
};

/// "did you mean 'x'?" where a word is near or begins the same, else "use a, b or c".
std::string suggest(std::string_view typed, std::span<const std::string> words);

}  // namespace sweep
