// When two metric events of one step are one line, and when the program has come to that step again. Used by the fold
// and by replay/, which must agree.
#pragma once

#include <algorithm>
#include <map>
#include <string>

namespace sweep {

/// Whether both give one and the same metric: then the later one is another line of its step.
inline bool share_a_name(const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& value) { return b.contains(value.first); });
}

}  // namespace sweep
