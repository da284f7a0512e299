// The three kinds of error. The user is wrong: UserError. The world is wrong (a child crashed, a disk is full): a
// value, handled where it happens. We are wrong: check() aborts, in every build.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

namespace core {

/// One thing that the user can mend. Printed as `place: problem, remedy`: lower case, no final period, exact values.
struct Problem {
  std::string place;    ///< file:line:column, a flag, a path; empty where there is none
  std::string problem;  ///< what is wrong
  std::string remedy;   ///< what to do; may be empty
  std::string excerpt;  ///< lines printed below: the source line and a caret; may be empty

  /// The message without a final newline.
  std::string text() const;
};

/// The user's file, flag or data is at fault. Thrown with every problem found, caught once in main: exit code 2.
class UserError : public std::runtime_error {
 public:
  explicit UserError(std::vector<Problem> problems);
  UserError(std::string place, std::string problem, std::string remedy = {});
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// The machine cannot do what was asked (no GPU, disk full, store locked by another): exit code 4.
class EnvironmentError : public std::runtime_error {
 public:
  EnvironmentError(std::string place, std::string problem, std::string remedy = {});
  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

/// Prints `message` with its place and aborts.
[[noreturn]] void fail_check(const char* message, std::source_location where);

/// Aborts where `condition` does not hold: a mistake of ours, never of the user's. In every build.
inline void check(bool condition, const char* message, std::source_location where = std::source_location::current()) {
  if (!condition) [[unlikely]]
    fail_check(message, where);
}

}  // namespace core
