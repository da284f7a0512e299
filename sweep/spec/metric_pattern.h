// The regular expression of `read_metrics`. read_spec() makes one to see whether the pattern is one; program/ applies
// it to the lines that a program prints. RE2, because its time is linear in the line for every pattern
// (docs/decisions.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace sweep {

class MetricPattern {
 public:
  /// Groups are named as in ECMAScript, (?<name>…), or as in Python, (?P<name>…); a name may hold letters, digits,
  /// _ / . and -. Errors: UserError with one problem, at `read_metrics.pattern`.
  explicit MetricPattern(const std::string& pattern);
  ~MetricPattern();
  MetricPattern(MetricPattern&&) noexcept;
  MetricPattern& operator=(MetricPattern&&) noexcept;

  /// The names of its groups, in the order in which they stand.
  const std::vector<std::string>& groups() const { return groups_; }

  /// Calls `found` for every named group that takes part in the first match.
  void match(std::string_view line,
             const std::function<void(const std::string& name, std::string_view text)>& found) const;

 private:
  std::unique_ptr<re2::RE2> expression_;
  std::vector<std::string> groups_;
  std::vector<std::size_t> numbers_;  // of the groups, as RE2 counts them
};

}  // namespace sweep
