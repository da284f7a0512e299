// Where a value stands on the axis of a plain chart: numbers on a line or by decades, words side by side; numbers
// beside one that is not finite, which has no place on a line, are words too. Inside of html/. The script in web/
// follows the same rules.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"

namespace sweep {

/// Positive numbers whose largest is at least so many times the smallest are shown by decades, where the middle one of
/// them then lies nearer to the middle of the axis.
inline constexpr double kByDecades = 8;

class Axis {
 public:
  /// Of these values, from pixel `begin` to pixel `end`.
  static Axis of(const std::vector<std::optional<core::Json>>& values, double begin, double end);
  /// From `low` to `high`, a line. Requires: finite, low ≤ high.
  static Axis line(double low, double high, double begin, double end);

  std::optional<double> at(const std::optional<core::Json>& value) const;
  /// Requires: of numbers.
  std::optional<double> at(double number) const;
  /// Pixel and label of round numbers, or of every word (where they are many, of some).
  std::vector<std::pair<double, std::string>> ticks(int about) const;

 private:
  Axis(double begin, double end) : begin_(begin), end_(end) {}
  double pixel(double share) const { return begin_ + share * (end_ - begin_); }
  double scaled(double number) const;

  double begin_, end_;
  bool by_decades_ = false;
  double low_ = 0, high_ = 1;       // scaled
  std::vector<std::string> words_;  // not empty: places of words
};

/// Bounds of a metric's axis that a few values far off do not stretch: the middle nine tenths and a third of their
/// width more to each side, no further than the values go. {0, 1} for none.
std::pair<double, double> usual_range(std::vector<double> values);

}  // namespace sweep
