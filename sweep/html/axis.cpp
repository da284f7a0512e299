// See axis.h.
#include "sweep/html/axis.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;

// An axis is no place for the last numbers that a double holds: differences of the largest are infinite, and steps
// between the smallest are none.
double drawable(double value) { return std::abs(value) < 1e-290 ? 0 : std::clamp(value, -1e300, 1e300); }

std::string word_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? core::format_double(value.get<double>()) : core::canonical_json(value);
}

std::string tick_text(double value) {
  std::string text = rounded(value, 4);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// 1, 2 or 5 times a power of ten, so that about so many steps go into the width.
double round_step(double width, int about) {
  const double rough = width / about, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double share = rough / power;
  return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

bool lies_by_decades(double low, double middle, double high) {
  if (low <= 0 || high / low < kByDecades) return false;
  const auto off = [](double share) { return std::abs(share - 0.5); };
  return off(std::log(middle / low) / std::log(high / low)) < off((middle - low) / (high - low));
}

}  // namespace

Axis Axis::line(double low, double high, double begin, double end) {
  Axis axis(begin, end);
  const double margin = high > low ? 0 : std::max(std::abs(low) * 0.05, 1e-9);
  axis.low_ = low - margin;
  axis.high_ = high + margin;
  return axis;
}

Axis Axis::of(const std::vector<std::optional<Json>>& values, double begin, double end) {
  std::vector<double> numbers;
  std::set<std::string> words;
  bool all_finite = true;
  for (const auto& value : values) {
    if (!value || value->is_null()) continue;
    words.insert(word_of(*value));
    const bool is_finite = value->is_number() && std::isfinite(value->get<double>());
    all_finite = all_finite && is_finite;
    if (is_finite) numbers.push_back(drawable(value->get<double>()));
  }
  if (!all_finite || numbers.empty()) {
    Axis axis(begin, end);
    axis.words_.assign(words.begin(), words.end());
    return axis;
  }
  std::sort(numbers.begin(), numbers.end());
  const double low = numbers.front(), high = numbers.back();
  if (!lies_by_decades(low, numbers[(numbers.size() - 1) / 2], high)) return line(low, high, begin, end);
  Axis axis = line(std::log10(low), std::log10(high), begin, end);
  axis.by_decades_ = true;
  return axis;
}

double Axis::scaled(double number) const { return by_decades_ ? std::log10(number) : number; }

std::optional<double> Axis::at(double number) const {
  if (!std::isfinite(number) || (by_decades_ && number <= 0)) return std::nullopt;
  number = drawable(number);
  return pixel(std::clamp((scaled(number) - low_) / (high_ - low_), -0.02, 1.02));
}

std::optional<double> Axis::at(const std::optional<Json>& value) const {
  if (!value || value->is_null()) return std::nullopt;
  if (words_.empty()) return value->is_number() ? at(value->get<double>()) : std::nullopt;
  const auto found = std::find(words_.begin(), words_.end(), word_of(*value));
  if (found == words_.end()) return std::nullopt;
  return pixel((static_cast<double>(found - words_.begin()) + 0.5) / static_cast<double>(words_.size()));
}

std::vector<std::pair<double, std::string>> Axis::ticks(int about) const {
  std::vector<std::pair<double, std::string>> ticks;
  if (!words_.empty()) {
    const std::size_t every = (words_.size() + 11) / 12;
    for (std::size_t i = 0; i < words_.size(); i += every)
      ticks.emplace_back(*at(std::optional(Json(words_[i]))), printable(words_[i], 14));
    return ticks;
  }
  const double step = by_decades_ ? std::max(1.0, std::ceil((high_ - low_) / about)) : round_step(high_ - low_, about);
  for (double at = std::ceil(low_ / step) * step; at <= high_ + step * 1e-9; at += step) {
    const double value = std::abs(at) < step * 1e-9 ? 0 : at;
    ticks.emplace_back(pixel((value - low_) / (high_ - low_)), tick_text(by_decades_ ? std::pow(10.0, value) : value));
    if (ticks.size() > 40) break;
  }
  return ticks;
}

std::pair<double, double> usual_range(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  for (double& value : values) value = drawable(value);
  if (values.empty()) return {0, 1};
  std::sort(values.begin(), values.end());
  // Of few values none is cut off: a twentieth of them is less than one.
  const auto cut = static_cast<std::size_t>(0.05 * static_cast<double>(values.size() - 1));
  const double low = values[cut], high = values[values.size() - 1 - cut], more = (high - low) / 3;
  return {std::max(values.front(), low - more), std::min(values.back(), high + more)};
}

}  // namespace sweep
