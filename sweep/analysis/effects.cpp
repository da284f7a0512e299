// See effects.h.
#include "sweep/analysis/effects.h"

#include <algorithm>

#include "core/error.h"

namespace sweep {
namespace {

using core::Json;

constexpr int kRanges = 8;
constexpr double kHair = 0x1p-44;  // as far as a stretch of the line is known
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

struct Cuts {
  std::vector<double> places;      // from 0 to 1
  bool are_beside_values = false;  // what is drawn just before one is another value than what is drawn there
};

// Equally likely ranges; where a value is so likely that it would be one of them and a part of the next one as well,
// they end beside the values, so that none is in two.
Cuts cuts_of(const Line& line) {
  Cuts equal;
  for (int k = 0; k <= kRanges; ++k) equal.places.push_back(static_cast<double>(k) / kRanges);
  const auto is_same = [&](double a, double b) { return line.at(a).get<double>() == line.at(b).get<double>(); };
  const auto end = equal.places.end() - 1;
  if (std::adjacent_find(equal.places.begin() + 1, end, is_same) == end) return equal;
  Cuts beside{{0}, true};
  for (int k = 1; k < kRanges; ++k) {
    const double cut = equal.places[static_cast<std::size_t>(k)];
    const Stretch stretch = line.stretch_of(line.at(cut).get<double>());
    const double place = cut - stretch.low < stretch.high - cut ? stretch.low : stretch.high;
    if (place > beside.places.back() && place < 1) beside.places.push_back(place);
  }
  beside.places.push_back(1);
  return beside.places.size() > 2 ? beside : equal;
}

// A line has no first and no last value where its distribution has no bounds: there it is the outermost trial's.
std::vector<Part> ranges_of(const Line& line, const Feature& feature) {
  std::vector<double> numbers;
  for (const auto& number : feature.numbers)
    if (number) numbers.push_back(*number);
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  const auto as_written = [&](double number) {
    const Json like = line.at(0.5);
    return like.is_number_float() ? Json(number) : Json(static_cast<std::int64_t>(number));
  };
  const Cuts cuts = cuts_of(line);
  const std::size_t count = cuts.places.size() - 1;
  const auto first_of = [&](std::size_t k) { return line.at(cuts.places[k]); };
  const auto last_of = [&](std::size_t k) {
    return line.at(cuts.places[k + 1] - (cuts.are_beside_values ? kHair : 0));
  };
  std::vector<Part> parts;
  for (std::size_t k = 0; k < count; ++k) {
    Part part;
    part.stretch = {cuts.places[k], cuts.places[k + 1]};
    part.effect.from = k > 0 ? first_of(k) : last_of(k).get<double>() < *least ? last_of(k) : as_written(*least);
    part.effect.to = k + 1 < count ? last_of(k) : first_of(k).get<double>() > *most ? first_of(k) : as_written(*most);
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
