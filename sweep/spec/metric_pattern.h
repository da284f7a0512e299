// The pattern of read_metrics: a regular expression in the syntax of RE2, its groups named as in ECMAScript. Used by
// read_spec(), which checks it, and by program/, which reads a program's output with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sweep {

struct MetricPattern {
  std::string expression;           ///< for RE2: every group without its name
  std::vector<std::string> groups;  ///< the name of capture i at i - 1; empty for a group without a name
  std::string problem, remedy;      ///< where it is no such pattern; the rest is then empty
};

/// (?<name>…) is a group whose text is a metric or the step; there is at least one, and no name stands twice.
MetricPattern read_metric_pattern(std::string_view pattern);

}  // namespace sweep
