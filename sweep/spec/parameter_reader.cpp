// See parameter_reader.h. Two tables hold what the language knows: the keys of a parameter and its distributions.
#include "sweep/spec/parameter_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/json.h"

namespace sweep {
namespace {

constexpr std::array kKeys = {
    Key{"value"},
    Key{"values"},
    Key{"min"},
    Key{"max"},
    Key{"distribution"},
    Key{"probabilities", Support::kLater},
    Key{"q", Support::kLater},
    Key{"mu", Support::kLater},
    Key{"sigma", Support::kLater},
    Key{"a", Support::kLater},
    Key{"b", Support::kLater},
    Key{"parameters", Support::kLater},
};

using Read = std::optional<Distribution> (*)(Reading&, const Member&);

struct Form {
  std::string_view distribution;
  std::array<std::string_view, 2> keys;  // that it needs; the second may be empty
  Read read;                             // null for those that come later
};

const Form* find_form(std::string_view distribution);

const Member& bound(const Member& parameter, std::size_t i) { return *parameter.value.find(i == 0 ? "min" : "max"); }

// 'max' is not greater than 'min'.
void refuse_order(Reading& reading, const Member& parameter) {
  const Node& min = bound(parameter, 0).value;
  const Node& max = bound(parameter, 1).value;
  const bool equal = min.scalar == max.scalar;
  reading.error(
      max.mark,
      fmt::format("'max' must be greater than 'min', but {} is not greater than {}", max.describe(), min.describe()),
      equal ? "write 'value' for a constant" : "exchange them");
}

// Both bounds as doubles, checked against each other.
std::optional<std::pair<double, double>> bounds(Reading& reading, const Member& parameter) {
  std::array<double, 2> values{};
  bool good = true;
  for (std::size_t i = 0; i < 2; ++i) {
    const Member& member = bound(parameter, i);
    if (member.value.scalar.is_number()) {
      values[i] = member.value.scalar.get<double>();
    } else {
      reading.error(member.value.mark,
                    fmt::format("'{}' must be a number, is {}", member.key, member.value.describe()));
      good = false;
    }
  }
  if (good && values[0] < values[1]) return std::pair(values[0], values[1]);
  if (good) refuse_order(reading, parameter);
  return std::nullopt;
}

std::optional<Distribution> read_constant(Reading&, const Member& parameter) {
  return Constant{parameter.value.find("value")->value.json()};
}

std::optional<Distribution> read_categorical(Reading& reading, const Member& parameter) {
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
  Categorical categorical;
  for (const Node& item : values.items) categorical.values.push_back(item.json());
  return categorical;
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
    const Member& member = bound(parameter, i);
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

std::optional<Distribution> read_uniform(Reading& reading, const Member& parameter) {
  const auto range = bounds(reading, parameter);
  if (!range) return std::nullopt;
  if (std::isfinite(range->second - range->first)) return Continuous{"uniform", Family::kUniform, range->first, range->second};
  reading.error(parameter.value.find("max")->value.mark, "'max' - 'min' is too large for a double");
  return std::nullopt;
}

std::optional<Distribution> read_log_uniform_values(Reading& reading, const Member& parameter) {
  const auto range = bounds(reading, parameter);
  if (!range) return std::nullopt;
  if (range->first > 0) return Continuous{"log_uniform_values", Family::kLogUniformValues, range->first, range->second};
  const Node& min = parameter.value.find("min")->value;
  reading.error(min.mark, "'min' of log_uniform_values must be greater than 0, is " + min.describe());
  return std::nullopt;
}

constexpr std::array kForms = {
    Form{"constant", {"value"}, read_constant},
    Form{"categorical", {"values"}, read_categorical},
    Form{"int_uniform", {"min", "max"}, read_int_uniform},
    Form{"uniform", {"min", "max"}, read_uniform},
    Form{"log_uniform_values", {"min", "max"}, read_log_uniform_values},
    Form{"categorical_w_probabilities", {}, nullptr},
    Form{"q_uniform", {}, nullptr},
    Form{"inv_log_uniform_values", {}, nullptr},
    Form{"log_uniform", {}, nullptr},
    Form{"inv_log_uniform", {}, nullptr},
    Form{"q_log_uniform", {}, nullptr},
    Form{"q_log_uniform_values", {}, nullptr},
    Form{"normal", {}, nullptr},
    Form{"log_normal", {}, nullptr},
    Form{"q_normal", {}, nullptr},
    Form{"q_log_normal", {}, nullptr},
    Form{"beta", {}, nullptr},
    Form{"q_beta", {}, nullptr},
};

const Form* find_form(std::string_view distribution) {
  const auto found =
      std::find_if(kForms.begin(), kForms.end(), [&](const Form& form) { return form.distribution == distribution; });
  return found == kForms.end() ? nullptr : &*found;
}

std::vector<std::string> supported_distributions() {
  std::vector<std::string> names;
  for (const Form& form : kForms)
    if (form.read) names.emplace_back(form.distribution);
  return names;
}

const Form* named_form(Reading& reading, const Member& word) {
  const Node& value = word.value;
  const Form* form = value.scalar.is_string() ? find_form(value.scalar.get_ref<const std::string&>()) : nullptr;
  if (form && form->read) return form;
  const std::string typed = value.scalar.is_string() ? value.scalar.get<std::string>() : "";
  if (form) {
    reading.error(value.mark, fmt::format("the distribution '{}' is not supported yet", typed),
                  suggest("", supported_distributions()));
  } else {
    reading.error(value.mark, fmt::format("{} is no distribution", value.describe()),
                  suggest(typed, supported_distributions()));
  }
  return nullptr;
}

// The form that the keys imply where no distribution is named.
const Form* implied_form(Reading& reading, const Member& parameter) {
  const Node& object = parameter.value;
  const std::array<const char*, 4> deciding = {"value", "values", "min", "max"};
  if (std::none_of(deciding.begin(), deciding.end(), [&](const char* key) { return object.find(key) != nullptr; })) {
    reading.error(parameter.mark, fmt::format("the parameter '{}' has no values", parameter.key),
                  "write 'value', 'values', or 'min' and 'max'");
    return nullptr;
  }
  if (object.find("value")) return find_form("constant");
  if (object.find("values")) return find_form("categorical");
  const auto is_integer = [&](const char* key) {
    const Member* bound = object.find(key);
    return bound && bound->value.scalar.is_number_integer();
  };
  return find_form(is_integer("min") && is_integer("max") ? "int_uniform" : "uniform");
}

// Whether the keys of the parameter are those of its form.
bool keys_fit(Reading& reading, const Member& parameter, const Form& form) {
  bool good = true;
  for (const std::string_view key : form.keys) {
    if (key.empty() || parameter.value.find(key)) continue;
    reading.error(parameter.mark,
                  fmt::format("the parameter '{}' ({}) has no '{}'", parameter.key, form.distribution, key));
    good = false;
  }
  for (const Member& member : parameter.value.members) {
    const bool own = member.key == "distribution" || std::count(form.keys.begin(), form.keys.end(), member.key) > 0;
    if (own || std::none_of(kKeys.begin(), kKeys.end(),
                            [&](const Key& key) { return key.name == member.key && key.support == Support::kRead; }))
      continue;
    reading.error(
        member.mark,
        fmt::format("'{}' does not go with {} in parameter '{}'", member.key, form.distribution, parameter.key),
        "remove one of them");
    good = false;
  }
  return good;
}

}  // namespace

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
  reading.check_keys(object, kKeys, fmt::format("in parameter '{}'", parameter.key));
  if (reading.error_count() > before) return std::nullopt;
  const Member* word = object.find("distribution");
  const Form* form = word ? named_form(reading, *word) : implied_form(reading, parameter);
  if (!form || !keys_fit(reading, parameter, *form)) return std::nullopt;
  return form->read(reading, parameter);
}

}  // namespace sweep
