// The table and its readers; see hyperparameters.h.
#include "trainer/hyperparameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/suggest.h"
#include "trainer/hyperparameters/rows.h"

namespace trainer {
namespace {

using core::Json;
constexpr std::size_t kItemsShown = 16;  // of a list that does not fit

constexpr MetricRow kMetrics[] = {
    {kTrainLoss, true, "mean loss over the epoch's batches, as training saw them"},
    {kValLoss, true, "mean loss over the validation part, without label smoothing"},
    {kValAccuracy, true, "share of the validation part whose class has the largest output; classes only"},
    {kValTop5, true, "share whose class is among the five largest outputs; with top5 only"},
    {kValR2, true, "1 - squared errors / squares about the mean of the validation part; regression only"},
    {kTestLoss, false, "the same of the test part"},
    {kTestAccuracy, false, "the same of the test part"},
    {kTestTop5, false, "the same of the test part"},
    {kTestR2, false, "the same of the test part"},
};

std::vector<std::string> metric_names(bool ranks) {
  std::vector<std::string> names;
  for (const MetricRow& row : kMetrics)
    if (row.ranks == ranks) names.emplace_back(row.name);
  return names;
}

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

// A bound as people write it: 1, 65536, 1e-20, 0.99.
std::string bound(double value) { return fmt::format("{}", value); }

std::string expected(const Hyperparameter& row) {
  const std::string range = " from " + bound(row.min) + " to " + bound(row.max);
  switch (row.type) {
    case ValueType::kInteger:
      return "an integer" + range;
    case ValueType::kNumber:
      return "a number" + range;
    case ValueType::kChoice:
      return "one of " + join(row.choices);
    case ValueType::kIntegers:
      return fmt::format("a list of at most {} integers{}", kMaxItems, range);
    case ValueType::kBoolean:
      return "true or false";
    case ValueType::kText:
      return "a text";
    case ValueType::kTexts:
      return fmt::format("a list of at most {} texts", kMaxItems);
  }
  return {};
}

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::isfinite(value.get<double>()) &&
         value.get<double>() == std::trunc(value.get<double>());
}

bool in_range(const Hyperparameter& row, const Json& value) {
  const double number = value.get<double>();
  return number >= row.min && number <= row.max;  // false for a NaN
}

bool fits(const Hyperparameter& row, const Json& value) {
  switch (row.type) {
    case ValueType::kInteger:
      return is_whole(value) && in_range(row, value);
    case ValueType::kNumber:
      return value.is_number() && in_range(row, value);
    case ValueType::kChoice:
      if (!value.is_string()) return false;
      for (const std::string_view choice : row.choices)
        if (value.get_ref<const std::string&>() == choice) return true;
      return false;
    case ValueType::kIntegers:
      if (!value.is_array()) return is_whole(value) && in_range(row, value);
      if (value.size() > kMaxItems) return false;
      for (const Json& item : value)
        if (!is_whole(item) || !in_range(row, item)) return false;
      return true;
    case ValueType::kBoolean:
      return value.is_boolean();
    case ValueType::kText:
      return value.is_string();
    case ValueType::kTexts:
      if (!value.is_array()) return value.is_string();
      return value.size() <= kMaxItems &&
             std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_string(); });
  }
  return false;
}

core::Problem misfit(const Hyperparameter& row, const Json& value) {
  const bool is_long = value.is_array() && value.size() > kItemsShown;
  core::Problem problem{
      "config." + std::string(row.name),
      (is_long ? fmt::format("a list of {}", value.size()) : core::canonical_json(value)) + " does not fit",
      "expected " + expected(row),
      {}};
  if (row.type == ValueType::kChoice && value.is_string()) {
    const std::vector<std::string> words(row.choices.begin(), row.choices.end());
    if (const auto nearest = core::nearest_word(value.get<std::string>(), words))
      problem.remedy = "did you mean '" + *nearest + "'?";
  }
  return problem;
}

core::Problem unknown(const std::string& name) {
  std::vector<std::string> names;
  std::string listed;
  for (const Hyperparameter& row : hyperparameters()) {
    names.emplace_back(row.name);
    listed += (listed.empty() ? "" : ", ") + std::string(row.name);
  }
  const auto nearest = core::nearest_word(name, names);
  return {"config." + name,
          "there is no such hyperparameter",
          nearest ? "did you mean '" + *nearest + "'?" : "there are: " + listed,
          {}};
}

// Every trial takes most of its values from here. The texts are few, and a worker reads them once.
const Json& parsed_default(const char* text) {
  thread_local std::map<std::string_view, Json> parsed;
  const auto found = parsed.find(text);
  return found != parsed.end() ? found->second : parsed.emplace(text, Json::parse(text)).first->second;
}

}  // namespace

std::string_view name(ValueType type) {
  switch (type) {
    case ValueType::kInteger:
      return "integer";
    case ValueType::kNumber:
      return "number";
    case ValueType::kChoice:
      return "choice";
    case ValueType::kIntegers:
      return "integers";
    case ValueType::kBoolean:
      return "boolean";
    case ValueType::kText:
      return "text";
    case ValueType::kTexts:
      return "texts";
  }
  return {};
}

std::span<const Hyperparameter> hyperparameters() {
  static const std::vector<Hyperparameter> table = [] {
    std::vector<Hyperparameter> rows;
    for (const auto subject : {network_rows(), optimizer_rows(), training_rows(), data_rows()})
      rows.insert(rows.end(), subject.begin(), subject.end());
    return rows;
  }();
  return table;
}
std::span<const MetricRow> metrics() { return kMetrics; }
std::vector<std::string> ranking_metrics() { return metric_names(true); }
std::vector<std::string> test_metrics() { return metric_names(false); }

std::string metric_help() {
  std::string text;
  for (const MetricRow& row : kMetrics)
    text += fmt::format("  {:<20} {}: {}\n", row.name, row.ranks ? "each epoch" : "at the end", row.meaning);
  return text;
}

namespace {

// Calls `visit` with each row and its value, which fits it.
template <class Visit>
Hyperparameters read(const Json& config, Visit visit) {
  if (!config.is_object()) throw core::UserError("config", "is not a JSON object");
  std::vector<core::Problem> problems;
  for (const auto& [key, value] : config.items()) {
    const Hyperparameter* row = nullptr;
    for (const Hyperparameter& candidate : hyperparameters())
      if (candidate.name == key) row = &candidate;
    if (!row)
      problems.push_back(unknown(key));
    else if (!fits(*row, value))
      problems.push_back(misfit(*row, value));
  }
  if (!problems.empty()) throw core::UserError(std::move(problems));

  Hyperparameters result;
  for (const Hyperparameter& row : hyperparameters()) {
    const auto given = config.find(row.name);
    const Json& value = given != config.end() ? *given : parsed_default(default_of(row, result));
    row.set(result, value);
    visit(row, value);
  }
  return result;
}

// 64.0 is an integer where one is wanted, 1 a number, and a lone integer or text a list.
Json typed(const Hyperparameter& row, const Json& value) {
  if (value.is_number() && row.type == ValueType::kNumber) return value.get<double>();
  if (value.is_number() && row.type == ValueType::kInteger) return value.get<std::int64_t>();
  if (row.type == ValueType::kTexts) return value.is_array() ? value : Json::array({value});
  if (row.type != ValueType::kIntegers || value.is_null()) return value;
  Json list = Json::array();
  for (const Json& item : value.is_array() ? value : Json::array({value})) list.push_back(item.get<std::int64_t>());
  return list;
}

}  // namespace

Hyperparameters parse_hyperparameters(const Json& config) {
  return read(config, [](const Hyperparameter&, const Json&) {});
}

Json complete_configuration(const Json& config) {
  Json complete = Json::object();
  read(config,
       [&](const Hyperparameter& row, const Json& value) { complete[std::string(row.name)] = typed(row, value); });
  return complete;
}

std::string hyperparameter_help() {
  std::string text;
  for (const Hyperparameter& row : hyperparameters()) {
    const std::string fallback = Json::parse(row.default_json).is_null() ? "" : fmt::format(" [{}]", row.default_json);
    text += fmt::format("  {:<20} {}{}\n  {:<20} {}\n", row.name, expected(row), fallback, "", row.help);
  }
  return text;
}

Json describe_hyperparameters() {
  Json rows = Json::array();
  for (const Hyperparameter& row : hyperparameters()) {
    Json json = {
        {"name", row.name}, {"type", name(row.type)}, {"default", Json::parse(row.default_json)}, {"help", row.help}};
    if (row.type == ValueType::kChoice) {
      json["choices"] = std::vector<std::string>(row.choices.begin(), row.choices.end());
    } else if (row.type == ValueType::kNumber) {
      json["min"] = row.min;
      json["max"] = row.max;
    } else if (row.type == ValueType::kInteger || row.type == ValueType::kIntegers) {
      json["min"] = static_cast<std::int64_t>(row.min);
      json["max"] = static_cast<std::int64_t>(row.max);
    }
    if (row.type == ValueType::kIntegers || row.type == ValueType::kTexts) json["max_items"] = kMaxItems;
    rows.push_back(std::move(json));
  }
  return rows;
}

}  // namespace trainer
