// The table and its readers; see hyperparameters.h.
#include "trainer/hyperparameters.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>

#include "core/error.h"
#include "core/suggest.h"

namespace trainer {
namespace {

using core::Json;
using kernels::Activation;
using kernels::Initialisation;
using kernels::Optimizer;

constexpr std::array<std::string_view, 1> kModels{"mlp"};
constexpr std::array<std::string_view, 4> kActivations{"relu", "tanh", "gelu", "sigmoid"};
constexpr std::array<std::string_view, 3> kOptimizers{"sgd", "adam", "adamw"};
constexpr std::array<std::string_view, 2> kSchedules{"constant", "cosine"};
constexpr std::array<std::string_view, 2> kInits{"he", "xavier"};

constexpr std::array kActivationValues{Activation::kRelu, Activation::kTanh, Activation::kGelu, Activation::kSigmoid};
constexpr std::array kOptimizerValues{Optimizer::kSgd, Optimizer::kAdam, Optimizer::kAdamW};
constexpr std::array kScheduleValues{ScheduleKind::kConstant, ScheduleKind::kCosine};
constexpr std::array kInitValues{Initialisation::kHe, Initialisation::kXavier};

// The enumerator that stands where the word stands among the choices.
template <class T, std::size_t N>
T chosen(const Json& value, const std::array<std::string_view, N>& words, const std::array<T, N>& values) {
  const std::string word = value.get<std::string>();
  for (std::size_t i = 0; i < N; ++i)
    if (words[i] == word) return values[i];
  core::check(false, "a choice was not checked");
  return values[0];
}

std::vector<int> sizes(const Json& value) {
  if (!value.is_array()) return {value.get<int>()};
  std::vector<int> list;
  for (const Json& item : value) list.push_back(item.get<int>());
  return list;
}

using H = Hyperparameters;
constexpr double kMaxBeta = 0.999999;  // below 1 also as a float: the bias correction divides by 1 − beta
constexpr double kMaxSeed = 2147483647.0;
constexpr std::size_t kItemsShown = 16;  // of a list that does not fit

constexpr std::array kTable{
    Hyperparameter{"model", ValueType::kChoice, R"("mlp")", 0, 0, kModels, "network: mlp is fully connected layers",
                   [](H& h, const Json& v) { h.model = v.get<std::string>(); }},
    Hyperparameter{"hidden",
                   ValueType::kIntegers,
                   "[256, 128]",
                   1,
                   65536,
                   {},
                   "sizes of the hidden layers; an integer alone is one layer, [] none",
                   [](H& h, const Json& v) { h.hidden = sizes(v); }},
    Hyperparameter{"activation", ValueType::kChoice, R"("relu")", 0, 0, kActivations, "of each hidden layer",
                   [](H& h, const Json& v) { h.activation = chosen(v, kActivations, kActivationValues); }},
    Hyperparameter{"dropout",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   0.99,
                   {},
                   "share of each hidden layer's outputs that a training step sets to zero",
                   [](H& h, const Json& v) { h.dropout = v.get<double>(); }},
    Hyperparameter{"optimizer", ValueType::kChoice, R"("adam")", 0, 0, kOptimizers,
                   "sgd with momentum, adam, or adamw (decoupled weight decay)",
                   [](H& h, const Json& v) { h.optimizer.kind = chosen(v, kOptimizers, kOptimizerValues); }},
    Hyperparameter{"learning_rate",
                   ValueType::kNumber,
                   "0.001",
                   0,
                   1000,
                   {},
                   "step size at the schedule's height",
                   [](H& h, const Json& v) { h.learning_rate = v.get<double>(); }},
    Hyperparameter{"momentum",
                   ValueType::kNumber,
                   "0.9",
                   0,
                   kMaxBeta,
                   {},
                   "sgd: of the running gradient",
                   [](H& h, const Json& v) { h.optimizer.momentum = v.get<float>(); }},
    Hyperparameter{"beta1",
                   ValueType::kNumber,
                   "0.9",
                   0,
                   kMaxBeta,
                   {},
                   "adam, adamw: decay of the first moment",
                   [](H& h, const Json& v) { h.optimizer.beta1 = v.get<float>(); }},
    Hyperparameter{"beta2",
                   ValueType::kNumber,
                   "0.999",
                   0,
                   kMaxBeta,
                   {},
                   "adam, adamw: decay of the second moment",
                   [](H& h, const Json& v) { h.optimizer.beta2 = v.get<float>(); }},
    Hyperparameter{"epsilon",
                   ValueType::kNumber,
                   "1e-08",
                   1e-20,
                   1,
                   {},
                   "adam, adamw: added to the divisor",
                   [](H& h, const Json& v) { h.optimizer.epsilon = v.get<float>(); }},
    Hyperparameter{"weight_decay",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   100,
                   {},
                   "sgd, adam: L2, added to the gradient; adamw: decoupled from it",
                   [](H& h, const Json& v) { h.optimizer.weight_decay = v.get<float>(); }},
    Hyperparameter{"schedule", ValueType::kChoice, R"("cosine")", 0, 0, kSchedules,
                   "of the learning rate, after the warm-up: constant, or half a cosine down to zero",
                   [](H& h, const Json& v) { h.schedule = chosen(v, kSchedules, kScheduleValues); }},
    Hyperparameter{"warmup_epochs",
                   ValueType::kNumber,
                   "0.0",
                   0,
                   100000,
                   {},
                   "the learning rate rises in a line over so many epochs (a part of one is allowed)",
                   [](H& h, const Json& v) { h.warmup_epochs = v.get<double>(); }},
    Hyperparameter{"batch_size",
                   ValueType::kInteger,
                   "128",
                   1,
                   65536,
                   {},
                   "samples a step; the last batch of an epoch may be smaller",
                   [](H& h, const Json& v) { h.batch_size = v.get<int>(); }},
    Hyperparameter{"epochs",
                   ValueType::kInteger,
                   "10",
                   1,
                   100000,
                   {},
                   "passes over the training part",
                   [](H& h, const Json& v) { h.epochs = v.get<int>(); }},
    Hyperparameter{"init", ValueType::kChoice, R"("he")", 0, 0, kInits,
                   "initial weights: he (normal, variance 2/inputs) or xavier (uniform)",
                   [](H& h, const Json& v) { h.init = chosen(v, kInits, kInitValues); }},
    Hyperparameter{
        "validation_fraction",
        ValueType::kNumber,
        "0.1",
        0,
        0.9,
        {},
        "share of the training data that is held out for val_loss and val_accuracy; 0: none, and no such metric",
        [](H& h, const Json& v) { h.validation_fraction = v.get<double>(); }},
    Hyperparameter{"seed",
                   ValueType::kInteger,
                   "null",
                   0,
                   kMaxSeed,
                   {},
                   "the training seed; without it the seed is derived from the sweep's seed and the configuration",
                   [](H&, const Json&) {}},  // the controller has put it into the trial document's seed
};

constexpr std::array<std::string_view, 3> kRankingMetrics{kTrainLoss, kValLoss, kValAccuracy};
constexpr std::array<std::string_view, 2> kTestMetrics{kTestLoss, kTestAccuracy};

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
      return fmt::format("a list of at most {} integers{}", kMaxHiddenLayers, range);
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
      if (value.size() > kMaxHiddenLayers) return false;
      for (const Json& item : value)
        if (!is_whole(item) || !in_range(row, item)) return false;
      return true;
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
  for (const Hyperparameter& row : kTable) {
    names.emplace_back(row.name);
    listed += (listed.empty() ? "" : ", ") + std::string(row.name);
  }
  const auto nearest = core::nearest_word(name, names);
  return {"config." + name,
          "there is no such hyperparameter",
          nearest ? "did you mean '" + *nearest + "'?" : "there are: " + listed,
          {}};
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
  }
  return {};
}

std::span<const Hyperparameter> hyperparameters() { return kTable; }
std::span<const std::string_view> ranking_metrics() { return kRankingMetrics; }
std::span<const std::string_view> test_metrics() { return kTestMetrics; }

Hyperparameters parse_hyperparameters(const Json& config) {
  if (!config.is_object()) throw core::UserError("config", "is not a JSON object");
  std::vector<core::Problem> problems;
  for (const auto& [key, value] : config.items()) {
    const Hyperparameter* row = nullptr;
    for (const Hyperparameter& candidate : kTable)
      if (candidate.name == key) row = &candidate;
    if (!row)
      problems.push_back(unknown(key));
    else if (!fits(*row, value))
      problems.push_back(misfit(*row, value));
  }
  if (!problems.empty()) throw core::UserError(std::move(problems));

  Hyperparameters result;
  for (const Hyperparameter& row : kTable) {
    const auto given = config.find(row.name);
    row.set(result, given != config.end() ? *given : Json::parse(row.default_json));
  }
  return result;
}

std::string hyperparameter_help() {
  std::string text;
  for (const Hyperparameter& row : kTable) {
    const std::string fallback = Json::parse(row.default_json).is_null() ? "" : fmt::format(" [{}]", row.default_json);
    text += fmt::format("  {:<20} {}{}\n  {:<20} {}\n", row.name, expected(row), fallback, "", row.help);
  }
  return text;
}

Json describe_hyperparameters() {
  Json rows = Json::array();
  for (const Hyperparameter& row : kTable) {
    Json json = {
        {"name", row.name}, {"type", name(row.type)}, {"default", Json::parse(row.default_json)}, {"help", row.help}};
    if (row.type == ValueType::kChoice) {
      json["choices"] = std::vector<std::string>(row.choices.begin(), row.choices.end());
    } else if (row.type == ValueType::kNumber) {
      json["min"] = row.min;
      json["max"] = row.max;
    } else {
      json["min"] = static_cast<std::int64_t>(row.min);
      json["max"] = static_cast<std::int64_t>(row.max);
    }
    if (row.type == ValueType::kIntegers) json["max_items"] = kMaxHiddenLayers;
    rows.push_back(std::move(json));
  }
  return rows;
}

}  // namespace trainer
