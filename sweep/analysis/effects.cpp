// See effects.h.
#include "sweep/analysis/effects.h"

#include <algorithm>

#include "core/error.h"

namespace sweep {
namespace {

using core::Json;

constexpr int kRanges = 8;
constexpr std::size_t kFewValues = 12;

const Parameter& find_parameter(const Spec& spec, const std::string& name) {
  const auto found = std::find_if(spec.parameters.begin(), spec.parameters.end(),
                                  [&](const Parameter& parameter) { return parameter.name == name; });
  core::check(found != spec.parameters.end(), "a feature of no parameter");
  return *found;
}

std::vector<Part> levels_of(const Feature& feature) {
  std::vector<Part> parts;
  for (std::uint32_t level = 0; level < feature.levels.size(); ++level) {
    Part part;
    part.level = level;
    part.effect.from = part.effect.to = feature.levels[level];
    part.effect.share = feature.weights[level];
    parts.push_back(std::move(part));
  }
  return parts;
}

// A line has no first and no last value where its distribution has no bounds: there it is the outermost trial's.
std::vector<Part> ranges_of(const Line& line, const Feature& feature) {
  std::vector<double> numbers;
  for (const auto& number : feature.numbers)
    if (number) numbers.push_back(*number);
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const auto bound = [&](int k) { return line.at(static_cast<double>(k) / kRanges); };
  const auto as_written = [&](double number) {
    const Json like = line.at(0.5);
    return like.is_number_float() ? Json(number) : Json(static_cast<std::int64_t>(number));
  };
  std::vector<Part> parts;
  for (int k = 0; k < kRanges; ++k) {
    Part part;
    part.stretch = {static_cast<double>(k) / kRanges, static_cast<double>(k + 1) / kRanges};
    part.effect.from = k > 0 ? bound(k) : bound(1).get<double>() < *least ? bound(1) : as_written(*least);
    part.effect.to = k + 1 < kRanges ? bound(k + 1) : bound(k).get<double>() > *most ? bound(k) : as_written(*most);
    parts.push_back(std::move(part));
  }
  return parts;
}

std::vector<Part> stretches_of(const Spec& spec, const Feature& feature) {
  const Line line(find_parameter(spec, feature.name), spec.method);
  std::vector<Part> parts;
  for (const Json& value : line.few_values(kFewValues)) {
    Part part;
    part.effect.from = part.effect.to = value;
    part.stretch = line.stretch_of(value.get<double>());
    parts.push_back(std::move(part));
  }
  if (parts.empty()) parts = ranges_of(line, feature);
  if (feature.absent > 0) {
    Part unset;
    unset.stretch = {-1, 0};
    parts.insert(parts.begin(), std::move(unset));
  }
  for (Part& part : parts) part.effect.share = feature.measure(part.stretch.low, part.stretch.high);
  return parts;
}

// The part that a trial is in: where the middle of its stretch lies.
Part* part_of(std::vector<Part>& parts, const Feature& feature, std::size_t trial) {
  if (!feature.is_ordered) return &parts[feature.place[trial]];
  const Stretch& stretch = feature.stretches[feature.place[trial]];
  const double middle = (stretch.low + stretch.high) / 2;
  for (Part& part : parts)
    if (middle >= part.stretch.low && middle < part.stretch.high) return &part;
  return &parts.back();
}

}  // namespace

std::vector<Part> parts_of(const Spec& spec, const Feature& feature, std::span<const Observation> observations,
                           bool maximize) {
  std::vector<Part> parts = feature.is_ordered ? stretches_of(spec, feature) : levels_of(feature);
  for (std::size_t i = 0; i < observations.size(); ++i) {
    Effect& effect = part_of(parts, feature, i)->effect;
    const double value = observations[i].value;
    ++effect.trials;
    if (effect.best && (maximize ? value <= *effect.best : value >= *effect.best)) continue;
    effect.best = value;
    effect.best_index = observations[i].index;
  }
  return parts;
}

double expected(const Feature& feature, const Part& part, double tree_mean, const Marginal& marginal) {
  if (!feature.is_ordered) return tree_mean + marginal.means[part.level];
  return tree_mean + mean_between(feature, marginal, part.stretch.low, part.stretch.high);
}

}  // namespace sweep
