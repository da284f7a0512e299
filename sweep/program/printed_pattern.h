// The regular expression of `read_metrics`, applied to a line. Used by PrintedMetrics, and by whoever wants to know
// early whether a pattern is one. RE2, because its time is linear in the line for every pattern (docs/decisions.md).
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

class PrintedPattern {
 public:
  /// As sweep/spec/metric_pattern.h has it. Errors: UserError at
  /// `read_metrics.pattern`.
  explicit PrintedPattern(const std::string& pattern);
  ~PrintedPattern();
  PrintedPattern(PrintedPattern&&) noexcept;
  PrintedPattern& operator=(PrintedPattern&&) noexcept;

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
