// The sweep file against what `sweep-trainer --describe` says of itself; see hyperparameters.h.
#include "sweep/spec/hyperparameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "core/suggest.h"
#include "protocol/checkpoint_name.h"
#include "protocol/data_set.h"
#include "sweep/spec/reach.h"

namespace sweep {
namespace {

using core::Json;

constexpr std::size_t kItemsShown = 16;  // of a list that does not fit

// One hyperparameter of the description.
struct Rule {
  std::string name;
  std::string type;  // "integer", "number", "choice", "boolean", "integers", "text", "texts"
  Json min, max;     // numbers, or null where there is no limit
  Json max_items;    // of "integers" and "texts", or null
  std::vector<std::string> choices;

  explicit Rule(const Json& row)
      : name(row.at("name")),
        type(row.at("type")),
        min(row.value("min", Json())),
        max(row.value("max", Json())),
        max_items(row.value("max_items", Json())),
        choices(row.value("choices", std::vector<std::string>())) {}
};

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && value.get<double>() == std::trunc(value.get<double>());
}

bool in_range(const Rule& rule, const Json& value) {
  return (rule.min.is_null() || value >= rule.min) && (rule.max.is_null() || value <= rule.max);
}

std::string range_text(const Rule& rule) {
  std::string text;
  if (!rule.min.is_null()) text += " from " + core::canonical_json(rule.min);
  if (!rule.max.is_null()) text += " to " + core::canonical_json(rule.max);
  return text;
}

std::string limit_text(const Rule& rule) {
  return rule.max_items.is_null() ? "" : "at most " + core::canonical_json(rule.max_items) + " ";
}

std::string expected(const Rule& rule) {
  if (rule.type == "integer") return "an integer" + range_text(rule);
  if (rule.type == "number") return "a number" + range_text(rule);
  if (rule.type == "integers") return "a list of " + limit_text(rule) + "integers" + range_text(rule);
  if (rule.type == "boolean") return "true or false";
  if (rule.type == "text") return "a text";
  if (rule.type == "texts") return "a list of " + limit_text(rule) + "texts";
  return "a word";
}

bool fits(const Rule& rule, const Json& value) {
  const auto integer = [&](const Json& number) { return is_whole(number) && in_range(rule, number); };
  const auto text = [](const Json& item) { return item.is_string(); };
  const auto list_of = [&](const auto& item) {
    if (!value.is_array()) return item(value);
    return (rule.max_items.is_null() || value.size() <= rule.max_items) &&
           std::all_of(value.begin(), value.end(), item);
  };
  if (rule.type == "integer") return integer(value);
  if (rule.type == "number") return value.is_number() && in_range(rule, value);
  if (rule.type == "boolean") return value.is_boolean();
  if (rule.type == "text") return value.is_string();
  if (rule.type == "integers") return list_of(integer);
  if (rule.type == "texts") return list_of(text);
  return value.is_string() && std::count(rule.choices.begin(), rule.choices.end(), value.get<std::string>()) > 0;
}

class Checker {
 public:
  Checker(Reading& reading, const Node& root, const Json& description) : root_(root), reading_(reading) {
    for (const Json& row : description.at("hyperparameters")) rules_.emplace_back(row);
    metrics_ = description.value("metrics", metrics_);
    data_ = description.value("data", data_);
  }

  void check(const Spec& spec) {
    for (const Parameter& parameter : spec.parameters) check_parameter(parameter);
    check_metric();
    check_validation(spec);
    check_precision(spec);
    check_task(spec);
    check_keep();
    check_data();
  }

 private:
  void check_parameter(const Parameter& parameter) {
    if (!parameter.path.empty()) return refuse_nested(parameter);
    const Member& written = *root_.find("parameters")->value.find(parameter.name);
    const auto rule =
        std::find_if(rules_.begin(), rules_.end(), [&](const Rule& r) { return r.name == parameter.name; });
    if (rule == rules_.end()) {
      std::vector<std::string> names;
      for (const Rule& known : rules_) names.push_back(known.name);
      reading_.error(written.mark, fmt::format("the built-in trainer has no hyperparameter '{}'", parameter.name),
                     suggest(parameter.name, names));
      return;
    }
    if (const Member* value = written.value.find("value")) check_value(*rule, value->value);
    if (const Member* values = written.value.find("values"))
      for (const Node& value : values->value.items) check_value(*rule, value);
    if (const auto reach = reach_of(parameter.distribution)) check_reach(*rule, written, parameter, *reach);
  }

  void refuse_nested(const Parameter& parameter) {
    const Member* outermost = root_.find("parameters")->value.find(parameter.path.front());
    if (nested_.insert(parameter.path.front()).second)
      reading_.error(
          outermost->mark,
          fmt::format("the built-in trainer has no nested hyperparameters, as in '{}'", parameter.path.front()),
          "write them beside the others");
  }

  void check_reach(const Rule& rule, const Member& written, const Parameter& parameter, const Reach& reach) {
    const std::string_view word = name(parameter.distribution);
    if (rule.type == "choice" || rule.type == "boolean" || rule.type.starts_with("text")) {
      reading_.error(written.mark, fmt::format("'{}' must be {}, not a range", rule.name, expected(rule)),
                     "write 'values'");
    } else if (rule.type != "number" && !reach.whole) {
      reading_.error(written.mark,
                     fmt::format("'{}' must be {}, but {} draws fractions", rule.name, expected(rule), word),
                     "write integers as 'min' and 'max', or 'values', or a distribution with a whole 'q'");
    } else if (reach.bounds) {
      check_value(rule, written.value.find("min")->value);
      check_value(rule, written.value.find("max")->value);
    } else if (!in_range(rule, reach.low) || !in_range(rule, reach.high)) {
      reading_.error(written.mark,
                     fmt::format("'{}' must be {}, but {} draws from {:.4g} to {:.4g}", rule.name, expected(rule), word,
                                 reach.low, reach.high),
                     "narrow it, or write 'values'");
    }
  }

  void check_value(const Rule& rule, const Node& value) {
    if (fits(rule, value.json())) return;
    if (rule.type == "choice" && value.scalar.is_string()) {
      const std::string typed = value.scalar.get<std::string>();
      reading_.error(value.mark, fmt::format("'{}' is no {}", typed, rule.name), suggest(typed, rule.choices));
      return;
    }
    std::string remedy;
    if (rule.type == "choice") remedy = suggest("", rule.choices);
    std::string is = value.kind == Node::Kind::kScalar ? value.describe() : core::canonical_json(value.json());
    if (value.is_list() && value.items.size() > kItemsShown) is = fmt::format("a list of {}", value.items.size());
    reading_.error(value.mark, fmt::format("'{}' must be {}, is {}", rule.name, expected(rule), is), remedy);
  }

  void check_metric() {
    const Member* metric = root_.find("metric");
    const Member* name = metric ? metric->value.find("name") : nullptr;
    if (!name || !name->value.scalar.is_string() || metrics_.empty()) return;
    const std::string typed = name->value.scalar.get<std::string>();
    std::vector<std::string> ranking;
    for (const std::string& known : metrics_)
      if (!known.starts_with("test_")) ranking.push_back(known);
    if (std::count(ranking.begin(), ranking.end(), typed) > 0 || typed == "accuracy" || typed == "loss") return;
    if (typed.starts_with("test_")) {
      reading_.error(name->value.mark, fmt::format("'{}' is measured once at the end and never ranked on", typed),
                     "rank by val_" + typed.substr(5));
      return;
    }
    reading_.error(name->value.mark, fmt::format("the built-in trainer reports no '{}'", typed),
                   suggest(typed, ranking));
  }

  // Without a validation part there is nothing that a val_ metric could be of.
  void check_validation(const Spec& spec) {
    const std::string ranked = spec.metric ? spec.metric->name : std::string();
    if (!(ranked.starts_with("val_") || ranked == "accuracy" || ranked == "loss")) return;
    for_values("validation_fraction", [&](const Node& value) {
      if (value.scalar.is_number() && value.scalar == 0)
        reading_.error(value.mark,
                       fmt::format("with 'validation_fraction' {} there is no '{}'", value.describe(), ranked),
                       "write a number above 0, or rank by 'train_loss'");
    });
  }

  void check_precision(const Spec& spec) {
    if (spec.numerics == Numerics::kFast) return;
    for_values("precision", [&](const Node& value) {
      if (value.scalar == "tf32" || value.scalar == "bf16")
        reading_.error(value.mark, fmt::format("the precision {} is one of numerics fast", value.describe()),
                       "add `numerics: fast`, which needs a GPU, or leave it out");
    });
  }

  // Each value that the file lists for a hyperparameter; of a distribution none.
  void for_values(const char* name, const std::function<void(const Node&)>& visit) {
    const Member* parameters = root_.find("parameters");
    const Member* parameter = parameters ? parameters->value.find(name) : nullptr;
    if (!parameter) return;
    if (const Member* value = parameter->value.find("value")) visit(value->value);
    if (const Member* values = parameter->value.find("values"))
      for (const Node& value : values->value.items) visit(value);
  }

  // A number has no class, and a class no R².
  void check_task(const Spec& spec) {
    const Member* metric = root_.find("metric");
    const Member* name = metric ? metric->value.find("name") : nullptr;
    if (!name || !spec.metric || !root_.find("data")) return;
    const std::string& ranked = spec.metric->name;
    const bool is_number = protocol::predicts_number(spec.data, spec.data_options);
    if (is_number && (ranked.ends_with("_accuracy") || ranked.ends_with("_top5")))
      reading_.error(name->value.mark, fmt::format("of a number to predict there is no '{}'", ranked),
                     "rank by val_loss or val_r2");
    if (!is_number && ranked.ends_with("_r2"))
      reading_.error(name->value.mark, fmt::format("of classes there is no '{}'", ranked),
                     "rank by val_loss or val_accuracy, or set task: regression");
  }

  void check_keep() {
    const Member* keep = root_.find("keep");
    const Member* name = keep ? keep->value.find("name") : nullptr;
    if (!name || !name->value.scalar.is_string() || metrics_.empty()) return;
    try {
      protocol::NameTemplate(name->value.scalar.get<std::string>(), metrics_, "");
    } catch (const core::UserError& error) {
      for (const core::Problem& problem : error.problems())
        reading_.error(name->value.mark, "'name' " + problem.problem, problem.remedy);
    }
  }

  void check_data() {
    const Member* data = root_.find("data");
    if (data && data->value.is_object()) data = data->value.find("path");
    if (!data || !data->value.scalar.is_string() || data_.empty()) return;
    const std::string typed = data->value.scalar.get<std::string>();
    std::string_view word = typed;
    if (!word.starts_with("builtin:")) return;
    word.remove_prefix(8);
    if (std::count(data_.begin(), data_.end(), word) == 0)
      reading_.error(data->value.mark, fmt::format("there is no built-in data set '{}'", word), suggest(word, data_));
  }

  const Node& root_;
  Reading& reading_;
  std::vector<Rule> rules_;
  std::vector<std::string> metrics_, data_;
  std::set<std::string> nested_;  // blocks that have been refused
};

}  // namespace

void check_hyperparameters(Reading& reading, const Node& root, const Spec& spec, const Json& description) {
  Checker(reading, root, description).check(spec);
}

}  // namespace sweep
