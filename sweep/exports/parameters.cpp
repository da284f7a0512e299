// See parameters.h.
#include "sweep/exports/parameters.h"

#include <utility>

#include "core/error.h"
#include "sweep/space/dimension.h"

namespace sweep {
namespace {

using core::Json;

// The ends of what search/random.h draws.
constexpr double kSmallestQuantile = 0x1p-53, kLargestQuantile = 1 - 0x1p-53;

std::pair<Json, Json> ends(const Parameter& parameter, Method method) {
  if (const auto* range = std::get_if<Continuous>(&parameter.distribution); range && !range->quantum)
    if (range->family == Family::kUniform || range->family == Family::kLogUniformValues)
      return {range->first, range->second};  // as written, which the ends of what is drawn only come near
  const Dimension dimension(parameter);
  if (method == Method::kGrid && dimension.enumerable())
    return {dimension.json(dimension.at_digit(0)),
            dimension.json(dimension.at_digit(static_cast<std::uint64_t>(dimension.count() - 1)))};
  return {dimension.json(dimension.at_quantile(kSmallestQuantile)),
          dimension.json(dimension.at_quantile(kLargestQuantile))};
}

// An integer's step; 0 where the values are no integers.
std::int64_t whole_step(const Distribution& distribution) {
  if (std::holds_alternative<IntUniform>(distribution)) return 1;
  const auto* continuous = std::get_if<Continuous>(&distribution);
  // Beyond 2^53 the step is no exact double, and what is drawn no exact integer.
  if (!continuous || !continuous->quantum || !continuous->quantum->integer || continuous->quantum->step > 0x1p53)
    return 0;
  return static_cast<std::int64_t>(continuous->quantum->step);
}

bool spread_by_logarithm(const Distribution& distribution) {
  const auto* continuous = std::get_if<Continuous>(&distribution);
  if (!continuous) return false;
  return continuous->family == Family::kLogUniform || continuous->family == Family::kLogUniformValues ||
         continuous->family == Family::kLogNormal;
}

ExportedParameter exported(const Parameter& parameter, Method method) {
  ExportedParameter result{parameter.name, parameter.path};
  if (const auto* constant = std::get_if<Constant>(&parameter.distribution)) {
    result.choices = {constant->value};
    return result;
  }
  if (const auto* categorical = std::get_if<Categorical>(&parameter.distribution)) {
    result.choices = categorical->values;
    return result;
  }
  auto [low, high] = ends(parameter, method);
  if (high < low) std::swap(low, high);
  const std::int64_t step = whole_step(parameter.distribution);
  if (step > 0 && low.is_number_integer() && high.is_number_integer()) {
    result.kind = ExportedParameter::Kind::kInteger;
    result.first = low.get<std::int64_t>();
    result.last = high.get<std::int64_t>();
    result.step = step;
  } else {
    result.kind = ExportedParameter::Kind::kReal;
  }
  result.low = low.get<double>();
  result.high = high.get<double>();
  result.log =
      result.kind == ExportedParameter::Kind::kReal && result.low > 0 && spread_by_logarithm(parameter.distribution);
  return result;
}

}  // namespace

const Json& ExportedParameter::value_in(const Json& config) const {
  if (path.empty()) return config.at(name);
  const Json* at = &config;
  for (const std::string& key : path) at = &at->at(key);
  return *at;
}

std::vector<ExportedParameter> exported_parameters(const Spec& spec) {
  std::vector<ExportedParameter> parameters;
  for (const Parameter& parameter : spec.parameters) parameters.push_back(exported(parameter, spec.method));
  return parameters;
}

std::string parameter_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? core::format_double(value.get<double>()) : core::canonical_json(value);
}

}  // namespace sweep
