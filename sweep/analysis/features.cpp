// See features.h.
#include "sweep/analysis/features.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sweep {
namespace {

using core::Json;

constexpr int kHalvings = 44;       // finer than the distance of any two draws that matter
constexpr double kLeast = 0x1p-44;  // the smallest share that first_from() looks at

// Null where the configuration does not set it.
const Json* find_value(const Json& config, const Parameter& parameter) {
  const auto inner = [](const Json* object, const std::string& key) -> const Json* {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto found = object->find(key);
    return found == object->end() ? nullptr : &*found;
  };
  if (parameter.path.empty()) return inner(&config, parameter.name);
  const Json* value = &config;
  for (const std::string& key : parameter.path) value = inner(value, key);
  return value;
}

// The smallest u in [0, 1], to a hair, from which on `above` holds.
template <class Above>
double first_from(Above above) {
  double low = 0, high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (above(middle) ? high : low) = middle;
  }
  return low == 0 ? 0 : high;
}

using Values = std::vector<const Json*>;

void read_ordered(const Parameter& parameter, Method method, const Values& values, Feature& feature) {
  const Line line(parameter, method);
  std::map<double, Stretch> stretches;
  for (const auto& number : feature.numbers)
    if (number && !stretches.contains(*number)) stretches[*number] = line.stretch_of(*number);
  std::map<double, std::uint32_t> places;
  if (feature.absent > 0) feature.stretches.push_back({-1, 0});
  for (const auto& [number, stretch] : stretches) {
    places[number] = static_cast<std::uint32_t>(feature.stretches.size());
    feature.stretches.push_back(stretch);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    feature.place.push_back(feature.numbers[i] ? places.at(*feature.numbers[i]) : 0);
}

// Choices that the file does not name, as that of not being set, are as likely as they were among the trials.
void read_choices(const Parameter& parameter, const Values& values, Feature& feature) {
  std::map<std::string, std::uint32_t> levels;
  const auto level_of = [&](const Json& value) {
    const auto [found, is_new] =
        levels.try_emplace(core::canonical_json(value), static_cast<std::uint32_t>(feature.levels.size()));
    if (is_new) feature.levels.push_back(value), feature.weights.push_back(0);
    return found->second;
  };
  if (const auto* choices = std::get_if<Categorical>(&parameter.distribution))
    for (std::size_t i = 0; i < choices->values.size(); ++i)
      feature.weights[level_of(choices->values[i])] += choices->probabilities.empty() ? 1.0 : choices->probabilities[i];
  const std::size_t named = feature.levels.size();
  if (feature.absent > 0) {
    feature.unset = static_cast<std::uint32_t>(feature.levels.size());
    feature.levels.emplace_back();
    feature.weights.push_back(0);
  }
  std::vector<std::uint64_t> counts;
  for (const Json* value : values) {
    feature.place.push_back(value == nullptr ? *feature.unset : level_of(*value));
    counts.resize(feature.levels.size());
    ++counts[feature.place.back()];
  }
  double sum = 0, others = 0;
  for (std::size_t level = 0; level < named; ++level) sum += feature.weights[level];
  for (std::size_t level = named; level < feature.levels.size(); ++level) {
    feature.weights[level] = static_cast<double>(counts[level]) / static_cast<double>(values.size());
    others += feature.weights[level];
  }
  for (std::size_t level = 0; level < named; ++level)
    feature.weights[level] = sum > 0 ? feature.weights[level] / sum * (1 - others) : 0;
}

// By their text, as the levels of a choice: two NaNs are one value.
bool varies(const Values& values) {
  const auto text_of = [](const Json* value) { return value == nullptr ? "" : core::canonical_json(*value); };
  const std::string first = text_of(values.front());
  return std::any_of(values.begin(), values.end(), [&](const Json* value) { return text_of(value) != first; });
}

// A NaN is none: it stands nowhere among the others. An infinity does.
std::optional<double> number_of(const Json* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->get<double>();
  return std::isnan(number) ? std::nullopt : std::optional(number);
}

}  // namespace

double Feature::measure(double low, double high) const {
  const auto overlap = [&](double from, double to) { return std::max(0.0, std::min(high, to) - std::max(low, from)); };
  return absent * overlap(-1, 0) + (1 - absent) * overlap(0, 1);
}

Line::Line(const Parameter& parameter, Method method)
    : dimension_(parameter), is_grid_(method == Method::kGrid && dimension_.enumerable()) {}

Json Line::at(double u) const {
  if (!is_grid_) return dimension_.json(dimension_.at_quantile(u));
  return dimension_.json(dimension_.at_digit(floor_of_product(u, dimension_.count())));
}

Stretch Line::stretch_of(double value) const {
  const double low = first_from([&](double u) { return at(u).get<double>() >= value; });
  const double high = first_from([&](double u) { return at(u).get<double>() > value; });
  return {low, std::max(low, high)};
}

std::vector<Json> Line::few_values(std::size_t most) const {
  std::vector<Json> values = {at(kLeast)};
  for (;;) {
    const double last = values.back().get<double>();
    const double next = first_from([&](double u) { return at(u).get<double>() > last; });
    if (next == 1) return values;
    if (values.size() == most) return {};
    values.push_back(at(next));
  }
}

bool is_ordered(const Parameter& parameter) {
  return std::holds_alternative<IntUniform>(parameter.distribution) ||
         std::holds_alternative<Continuous>(parameter.distribution);
}

std::vector<Feature> features_of(const Spec& spec, std::span<const Observation> observations) {
  std::vector<Feature> features;
  for (const Parameter& parameter : spec.parameters) {
    Values values;
    for (const Observation& observation : observations) values.push_back(find_value(*observation.config, parameter));
    if (values.empty() || !varies(values)) continue;
    Feature feature;
    feature.name = parameter.name;
    feature.is_ordered = is_ordered(parameter);
    std::uint64_t unset = 0;
    for (const Json* value : values) {
      feature.numbers.push_back(number_of(value));
      unset += feature.is_ordered ? !feature.numbers.back() : value == nullptr;
    }
    feature.absent = static_cast<double>(unset) / static_cast<double>(values.size());
    if (feature.is_ordered)
      read_ordered(parameter, spec.method, values, feature);
    else
      read_choices(parameter, values, feature);
    features.push_back(std::move(feature));
  }
  return features;
}

}  // namespace sweep
