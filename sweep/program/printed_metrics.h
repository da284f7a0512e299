// Metrics of a program that knows nothing of our protocol, read from the lines that it prints on standard output.
// Called by dispatch/ for each line of an attempt; one object an attempt. Reads no file and starts nothing.
//
// What a line gives depends on the format (docs/own-trainer.md has the rules with examples):
//   kJson    a JSON object, or a dict as Python prints it, to the end of the line; nested names are joined by dots
//   kEquals  name=value, any number of them, spaces around the = allowed
//   kColon   name: value, likewise
//   kAny     kJson, and where that gives nothing kEquals
//   kRegex   the named groups of the first match
// Only numbers count; nan and inf are numbers. A value stands as printed (91% is 91). A line is looked at as a terminal
// would leave it: without colour codes, and of a line redrawn with carriage returns the last state.
//
// Determinism: a function of the lines. Time per line: linear in its length, whatever the pattern.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/event.h"
#include "sweep/spec/metric_pattern.h"
#include "sweep/spec/spec.h"

namespace sweep {

inline constexpr std::size_t kLongestPrintedLine = 64 * 1024;  ///< bytes that are looked at

class PrintedMetrics {
 public:
  /// `metric` is the name that ranks; empty where the sweep has none. Errors: UserError for a pattern that is not a
  /// regular expression, has no named group, or lacks one for the metric or the step.
  PrintedMetrics(const ReadMetrics& read, std::optional<std::string> metric);

  /// The values of one line (its newline may be there or not), or nothing. The step is that of the step's key: on this
  /// line, else the last one printed. Where no key is given, it is that of a key `step` on this line alone, since many
  /// programs begin to count anew with each epoch. Else it is the ordinal (1, 2, …) of the line among those that hold
  /// the metric; a line without the metric counts by the most frequent of its own names.
  std::optional<protocol::MetricValues> add_line(std::string_view line);

  /// Of the lines so far the one that looked most like the metric, where the metric itself never came: cut to 200
  /// bytes, always valid UTF-8. Empty where no line resembles it.
  std::string nearest_line() const { return metric_seen_ ? std::string() : nearest_; }

  /// The names that came, sorted. At most 4096.
  std::vector<std::string> names() const;

 private:
  struct Line;
  std::string_view step_key() const { return read_.step.empty() ? std::string_view("step") : read_.step; }
  void read_line(std::string_view text, Line& line) const;
  std::uint64_t ordinal(const Line& line);
  void compare_with_metric(std::string_view text);

  ReadMetrics read_;
  std::string metric_;  // empty: none
  std::optional<MetricPattern> pattern_;
  std::map<std::string, std::uint64_t> lines_of_;  // by name: how many lines held it
  std::optional<std::uint64_t> last_step_;
  bool metric_seen_ = false;
  std::string nearest_;
  int nearest_score_ = 0;
};

}  // namespace sweep
