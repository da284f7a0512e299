// See metric_pattern.h.
#include "sweep/spec/metric_pattern.h"

#include <re2/re2.h>

#include <algorithm>

namespace sweep {
namespace {

constexpr std::size_t kLongest = 1000;

// The name behind "(?<", if one stands there with its '>'.
std::string_view group_name(std::string_view rest) {
  const std::size_t end = rest.find('>');
  if (end == std::string_view::npos) return {};
  const std::string_view name = rest.substr(0, end);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/' ||
           c == '.' || c == '-';
  };
  return std::all_of(name.begin(), name.end(), fits) ? name : std::string_view();
}

MetricPattern refuse(std::string problem, std::string remedy = {}) {
  return {.problem = std::move(problem), .remedy = std::move(remedy)};
}

}  // namespace

MetricPattern read_metric_pattern(std::string_view pattern) {
  if (pattern.size() > kLongest) return refuse("the pattern is longer than " + std::to_string(kLongest) + " bytes");
  MetricPattern read;
  bool in_class = false;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    const char c = pattern[at];
    read.expression += c;
    if (c == '\\' && at + 1 < pattern.size()) {
      read.expression += pattern[++at];
    } else if (c == '[' || c == ']') {
      in_class = c == '[';
    } else if (c == '(' && !in_class) {
      const std::string_view rest = pattern.substr(at + 1);
      if (rest.starts_with("?P<")) return refuse("a named group is written (?<name>...) here, without the P");
      if (rest.starts_with("?<") && !rest.starts_with("?<=") && !rest.starts_with("?<!")) {
        const std::string_view name = group_name(rest.substr(2));
        if (name.empty()) return refuse("a group of the pattern has no name", "write (?<val_loss>...)");
        if (std::count(read.groups.begin(), read.groups.end(), name) > 0)
          return refuse("the pattern has two groups '" + std::string(name) + "'");
        read.groups.emplace_back(name);
        at += 3 + name.size();
      } else if (!rest.starts_with('?')) {
        read.groups.emplace_back();
      }
    }
  }
  if (std::all_of(read.groups.begin(), read.groups.end(), [](const std::string& name) { return name.empty(); }))
    return refuse("the pattern has no named group", "name what is read, (?<val_loss>...)");
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 compiled(read.expression, options);
  if (!compiled.ok())
    return refuse("the pattern is no regular expression: " + compiled.error(),
                  "there is no look-around and no back-reference");
  if (static_cast<std::size_t>(compiled.NumberOfCapturingGroups()) != read.groups.size())
    return refuse("the brackets of the pattern can be read in two ways", "write a bracket that is meant as \\[ or \\]");
  return read;
}

}  // namespace sweep
