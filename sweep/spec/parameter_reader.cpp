// See parameter_reader.h. The words of distributions are distributions.h's; here are the keys, which of them go
// together, and the distributions over lists and integers.
#include "sweep/spec/parameter_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/plural.h"
#include "sweep/spec/continuous_reader.h"
#include "sweep/spec/distributions.h"

namespace sweep {
namespace {

constexpr std::array kKeys = {
    Key{"value"}, Key{"values"}, Key{"min"}, Key{"max"}, Key{"distribution"}, Key{"probabilities"}, Key{"q"},
    Key{"mu"},    Key{"sigma"},  Key{"a"},   Key{"b"},   Key{"parameters"},
};

constexpr double kProbabilityTolerance = 1e-5;  // of their sum, as in W&B

std::vector<std::string_view> needed_keys(const DistributionForm& form) {
  switch (form.shape) {
    case Shape::kConstant:
      return {"value"};
    case Shape::kCategorical:
      return {"values"};
    case Shape::kWeighted:
      return {"values", "probabilities"};
    case Shape::kInteger:
      return {"min", "max"};
    case Shape::kContinuous:
      break;
  }
  const FamilyKeys keys = keys_of(form.family);
  if (keys.defaults) return {};
  return {keys.names[0], keys.names[1]};
}

bool takes(const DistributionForm& form, std::string_view key) {
  if (key == "distribution" || (key == "q" && form.quantised)) return true;
  if (form.shape == Shape::kContinuous) {
    const FamilyKeys keys = keys_of(form.family);
    return key == keys.names[0] || key == keys.names[1];
  }
  const auto needed = needed_keys(form);
  return std::count(needed.begin(), needed.end(), key) > 0;
}

std::optional<std::vector<core::Json>> read_values(Reading& reading, const Member& parameter) {
  const Node& values = parameter.value.find("values")->value;
  if (!values.is_list()) {
    reading.error(values.mark, fmt::format("'values' must be a list, is {}", values.describe()),
                  "write [...] or use 'value'");
    return std::nullopt;
  }
  if (values.items.empty()) {
    reading.error(values.mark, "'values' is empty", "write at least one");
    return std::nullopt;
  }
  std::vector<core::Json> items;
  for (const Node& item : values.items) items.push_back(item.json());
  return items;
}

std::optional<std::vector<double>> read_probabilities(Reading& reading, const Member& parameter, std::size_t count) {
  const Node& list = parameter.value.find("probabilities")->value;
  if (!list.is_list()) {
    reading.error(list.mark, fmt::format("'probabilities' must be a list, is {}", list.describe()));
    return std::nullopt;
  }
  std::vector<double> probabilities;
  double sum = 0;
  for (const Node& item : list.items) {
    const double number = item.scalar.is_number() ? item.scalar.get<double>() : -1;
    if (number >= 0 && std::isfinite(number)) {
      probabilities.push_back(number);
      sum += number;
    } else {
      reading.error(item.mark, fmt::format("a probability must be a number from 0 to 1, is {}", item.describe()));
    }
  }
  if (list.items.size() != count) {
    reading.error(list.mark,
                  fmt::format("'probabilities' has {} for {}", core::counted(list.items.size(), "item"),
                              core::counted(count, "value")),
                  "write one a value");
    return std::nullopt;
  }
  if (probabilities.size() != count) return std::nullopt;
  if (std::abs(sum - 1) <= kProbabilityTolerance) return probabilities;
  reading.error(list.mark, fmt::format("the probabilities add up to {}, not to 1", core::format_double(sum)));
  return std::nullopt;
}

std::optional<Distribution> read_categorical(Reading& reading, const Member& parameter, bool weighted) {
  const auto values = read_values(reading, parameter);
  if (!values) return std::nullopt;
  if (!weighted) return Categorical{*values, {}};
  const auto probabilities = read_probabilities(reading, parameter, values->size());
  if (!probabilities) return std::nullopt;
  return Categorical{*values, *probabilities};
}

// An integer that int64 holds, integral floats included.
std::optional<std::int64_t> integer(const core::Json& value) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > 0x7fffffffffffffffu) return std::nullopt;
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (number != std::floor(number) || number < -0x1p63 || number >= 0x1p63) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<Distribution> read_int_uniform(Reading& reading, const Member& parameter) {
  std::array<std::optional<std::int64_t>, 2> found;
  for (std::size_t i = 0; i < 2; ++i) {
    const Member& member = *parameter.value.find(i == 0 ? "min" : "max");
    found[i] = integer(member.value.scalar);
    if (!found[i])
      reading.error(member.value.mark, fmt::format("'{}' of int_uniform must be an integer of 64 bits, is {}",
                                                   member.key, member.value.describe()));
  }
  if (!found[0] || !found[1]) return std::nullopt;
  if (*found[0] < *found[1]) return IntUniform{*found[0], *found[1]};
  refuse_order(reading, parameter);
  return std::nullopt;
}

const DistributionForm* named_form(Reading& reading, const Member& parameter, const Member& word) {
  const std::string typed = word.value.scalar.is_string() ? word.value.scalar.get<std::string>() : "";
  if (const DistributionForm* form = find_distribution(typed)) {
    const bool weighted = form->shape == Shape::kCategorical && parameter.value.find("probabilities");
    return weighted ? find_distribution("categorical_w_probabilities") : form;
  }
  std::vector<std::string> words;
  for (const DistributionForm& form : kDistributions) words.emplace_back(form.word);
  reading.error(word.value.mark, fmt::format("{} is no distribution", word.value.describe()), suggest(typed, words));
  return nullptr;
}

// Keys that only a named distribution has: without its name it could be one of several.
std::optional<std::string_view> wanted_name(const Node& object) {
  if (object.find("mu") || object.find("sigma")) return "normal";
  if (object.find("a") || object.find("b")) return "beta";
  if (object.find("q")) return "q_uniform";
  return std::nullopt;
}

// The form that the keys imply where no distribution is named.
const DistributionForm* implied_form(Reading& reading, const Member& parameter) {
  const Node& object = parameter.value;
  if (object.find("value")) return find_distribution("constant");
  if (object.find("values"))
    return find_distribution(object.find("probabilities") ? "categorical_w_probabilities" : "categorical");
  if (const auto name = wanted_name(object)) {
    reading.error(parameter.mark, fmt::format("the parameter '{}' has no 'distribution'", parameter.key),
                  fmt::format("write \"distribution\": \"{}\" or another", *name));
    return nullptr;
  }
  if (!object.find("min") && !object.find("max")) {
    reading.error(parameter.mark, fmt::format("the parameter '{}' has no values", parameter.key),
                  "write 'value', 'values', or 'min' and 'max'");
    return nullptr;
  }
  const auto is_integer = [&](const char* key) {
    const Member* bound = object.find(key);
    return bound && bound->value.scalar.is_number_integer();
  };
  return find_distribution(is_integer("min") && is_integer("max") ? "int_uniform" : "uniform");
}

// Whether the keys of the parameter are those of its form.
bool keys_fit(Reading& reading, const Member& parameter, const DistributionForm& form) {
  bool good = true;
  for (const std::string_view key : needed_keys(form)) {
    if (parameter.value.find(key)) continue;
    reading.error(parameter.mark, fmt::format("the parameter '{}' ({}) has no '{}'", parameter.key, form.word, key));
    good = false;
  }
  for (const Member& member : parameter.value.members) {
    if (takes(form, member.key)) continue;
    std::string remedy = "remove one of them";
    if (member.key == "q" && find_distribution(fmt::format("q_{}", form.word)))
      remedy = fmt::format("use q_{} or remove it", form.word);
    reading.error(member.mark,
                  fmt::format("'{}' does not go with {} in parameter '{}'", member.key, form.word, parameter.key),
                  remedy);
    good = false;
  }
  return good;
}

// {"optimizer": {"lr": {"value": 1}}}: a nested block that lacks its word.
void check_parameter_keys(Reading& reading, const Member& parameter) {
  const std::string of = fmt::format("in parameter '{}'", parameter.key);
  std::vector<Member> others;
  for (const Member& member : parameter.value.members) {
    const bool known = std::any_of(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == member.key; });
    if (!known && member.value.is_object()) {
      reading.error(member.mark, fmt::format("unknown key '{}' {}", member.key, of),
                    "nested parameters stand in a block 'parameters'");
    } else {
      others.push_back({member.key, member.mark, {}});
    }
  }
  Node rest;
  rest.members = std::move(others);
  reading.check_keys(rest, kKeys, of);
}

}  // namespace

const Member* nested_parameters(Reading& reading, const Member& parameter) {
  const Member* nested = parameter.value.find("parameters");
  if (!nested) return nullptr;
  for (const Member& member : parameter.value.members)
    if (member.key != "parameters")
      reading.error(member.mark,
                    fmt::format("'{}' does not go with nested parameters in '{}'", member.key, parameter.key),
                    "remove it, or move it into the block");
  if (reading.expect_object(*nested) && nested->value.members.empty())
    reading.error(nested->value.mark, fmt::format("the nested parameters of '{}' are empty", parameter.key),
                  "write at least one");
  return nested;
}

std::optional<Distribution> read_distribution(Reading& reading, const Member& parameter) {
  const Node& object = parameter.value;
  if (!object.is_object()) {
    const std::string written = core::canonical_json(object.json());
    const bool fits = written.size() <= 60;
    reading.error(object.mark,
                  fmt::format("the parameter '{}' must be an object, is {}", parameter.key, object.describe()),
                  fmt::format("write {{\"{}\": {}}}", object.is_list() ? "values" : "value", fits ? written : "..."));
    return std::nullopt;
  }
  const std::size_t before = reading.error_count();
  check_parameter_keys(reading, parameter);
  if (reading.error_count() > before) return std::nullopt;
  const Member* word = object.find("distribution");
  const DistributionForm* form = word ? named_form(reading, parameter, *word) : implied_form(reading, parameter);
  if (!form || !keys_fit(reading, parameter, *form)) return std::nullopt;
  switch (form->shape) {
    case Shape::kConstant:
      return Constant{object.find("value")->value.json()};
    case Shape::kCategorical:
    case Shape::kWeighted:
      return read_categorical(reading, parameter, form->shape == Shape::kWeighted);
    case Shape::kInteger:
      return read_int_uniform(reading, parameter);
    case Shape::kContinuous:
      break;
  }
  const auto continuous = read_continuous(reading, parameter, *form);
  if (!continuous) return std::nullopt;
  return *continuous;
}

std::string enumerable_remedy(const Distribution& distribution) {
  if (std::holds_alternative<Categorical>(distribution)) return "remove 'probabilities', or use method 'random'";
  if (std::get<Continuous>(distribution).family == Family::kUniform)
    return "write 'values', integers as 'min' and 'max', or q_uniform with a step 'q', or use method 'random'";
  return "write 'values', or use method 'random'";
}

}  // namespace sweep
