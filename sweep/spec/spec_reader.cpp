// A sweep file's top level: read_spec(). The table of keys below is the list of what the language has; one function a
// key reads it. Distributions: parameter_reader.cpp. A user's program: program_reader.cpp. Resources:
// resources_reader.cpp. The data set: data_reader.cpp. The trainer's own names: hyperparameters.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "core/suggest.h"
#include "protocol/data_set.h"
#include "sweep/spec/data_reader.h"
#include "sweep/spec/early_terminate.h"
#include "sweep/spec/hyperparameters.h"
#include "sweep/spec/parameter_reader.h"
#include "sweep/spec/program_reader.h"
#include "sweep/spec/reading.h"
#include "sweep/spec/resources_reader.h"
#include "sweep/spec/spec.h"

namespace sweep {
namespace {

constexpr std::array kKeys = {
    Key{"method"},
    Key{"parameters"},
    Key{"metric"},
    Key{"run_cap"},
    Key{"name"},
    Key{"seed"},
    Key{"repeats"},
    Key{"order"},
    Key{"data"},
    Key{"inputs"},
    Key{"device"},
    Key{"numerics"},
    Key{"resources"},
    Key{"program"},
    Key{"command"},
    Key{"read_metrics"},
    Key{"templates"},
    Key{"record"},
    Key{"reuse"},
    Key{"compat"},
    Key{"keep"},
    Key{"trace"},
    Key{"early_terminate"},
    Key{"description", Support::kIgnored},
    Key{"project", Support::kIgnored},
    Key{"entity", Support::kIgnored},
    Key{"controller", Support::kIgnored},
    Key{"apiVersion", Support::kIgnored},
    Key{"kind", Support::kIgnored},
    Key{"job", Support::kForeign},
    Key{"image_uri", Support::kForeign},
    Key{"launch", Support::kForeign},
    Key{"queue", Support::kForeign},
    Key{"resource_args", Support::kForeign},
    Key{"scheduler", Support::kForeign},
};

constexpr std::uint64_t kMostTracedSteps = 1'000'000'000;  // no training has so many

constexpr std::array kMetricKeys = {
    Key{"name"},
    Key{"goal"},
    Key{"reduce"},
    Key{"target"},
    Key{"impute", Support::kIgnored},
    Key{"impute_while_running", Support::kIgnored},
};

constexpr std::array kKeepKeys = {Key{"last"}, Key{"best"}, Key{"epochs"}, Key{"name"}};

constexpr std::uint64_t kLargestTrainingSeed = 0x7fffffff;
constexpr std::uint64_t kMostRepeats = 1'000'000;

class SpecReader {
 public:
  SpecReader(const Document& document, const SpecOverrides& overrides, const Describe& describe)
      : root_(document.root()), overrides_(overrides), describe_(describe), reading_(document) {}

  Spec read() {
    if (!root_.is_object()) {
      reading_.error(root_.mark, fmt::format("a sweep file is an object, this is {}", root_.describe()));
      reading_.throw_errors();
    }
    check_top_level_keys();
    read_method();
    read_order();
    read_scalars();
    read_device_and_numerics();
    spec_.program = read_program(reading_, root_);
    read_metric();
    if (const Member* member = root_.find("resources"))
      spec_.resources = read_resources(reading_, *member, names_a_program());
    read_keep();
    read_trace();
    read_early_terminate();
    read_parameters();
    read_counts();
    if (!spec_.program && !names_a_program()) check_against_trainer();
    reading_.throw_errors();
    spec_.warnings = reading_.warnings();
    return std::move(spec_);
  }

 private:
  // Also where what it says of one is wrong.
  bool names_a_program() const { return root_.find("program") || root_.find("command"); }

  // A trainer that does not answer is no reason to keep the file's own problems back.
  void check_against_trainer() {
    if (!describe_) return;
    core::Json description;
    try {
      description = describe_();
    } catch (const core::EnvironmentError&) {
      reading_.throw_errors();
      throw;
    }
    check_hyperparameters(reading_, root_, spec_, description);
  }

  // A foreign file may hold keys of other tools; only what looks like a slip of the pen is an error.
  void check_top_level_keys() {
    std::vector<std::string> names;
    for (const Key& key : kKeys) names.emplace_back(key.name);
    for (const Member& member : root_.members) {
      const auto key = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& k) { return k.name == member.key; });
      if (key != kKeys.end()) {
        if (key->support == Support::kForeign)
          reading_.warn(member.mark, fmt::format("the key '{}' is of W&B Launch", member.key), "it is ignored");
        continue;
      }
      const auto near = core::nearest_word(member.key, names);
      const std::string problem = fmt::format("unknown key '{}'", member.key);
      if (near) {
        reading_.error(member.mark, problem, fmt::format("did you mean '{}'?", *near));
        meant_.push_back(*near);
      } else {
        reading_.warn(member.mark, problem, "it is ignored");
      }
    }
  }

  // A required key is missing; said once, where its name was not misspelt.
  void refuse_missing(const std::string& key, std::string remedy) {
    if (std::count(meant_.begin(), meant_.end(), key) == 0)
      reading_.error(root_.mark, fmt::format("the key '{}' is missing", key), std::move(remedy));
  }

  void read_method() {
    const std::vector<std::string> words = {"grid", "random"};
    const Member* member = root_.find("method");
    if (overrides_.method) {
      spec_.method = *overrides_.method;
      return;
    }
    if (!member) {
      refuse_missing("method", "write \"method\": \"grid\" or \"random\"");
      return;
    }
    const core::Json& value = member->value.scalar;
    if (value == "bayes" || value == "custom") {
      reading_.error(member->value.mark, fmt::format("the method '{}' is not supported yet", value.get<std::string>()),
                     "run it with --method random");
    } else if (const auto found = reading_.word(*member, words)) {
      spec_.method = *found == 0 ? Method::kGrid : Method::kRandom;
    }
  }

  void read_order() {
    const Member* member = root_.find("order");
    if (!member) return;
    const std::array<std::string, 2> words = {"written", "shuffled"};
    const auto found = reading_.word(*member, words);
    if (spec_.method == Method::kGrid) {
      if (found) spec_.order = static_cast<GridOrder>(*found);
    } else if (overrides_.method) {
      reading_.warn(member->mark, "'order' is that of a grid", "it has no influence on method 'random'");
    } else {
      reading_.error(member->mark, "'order' is that of a grid", "remove it, or use method 'grid'");
    }
  }

  void read_scalars() {
    if (const Member* member = root_.find("name"); member && !member->value.scalar.is_null())
      spec_.name = reading_.text(*member).value_or("");
    if (const Member* member = root_.find("data")) read_data(reading_, *member, spec_);
    if (const Member* member = root_.find("inputs"))
      spec_.inputs = reading_.texts(*member).value_or(std::vector<std::string>());
    if (const Member* member = root_.find("seed")) spec_.seed = reading_.count(*member, 0).value_or(0);
    if (overrides_.seed) spec_.seed = *overrides_.seed;
  }

  void read_device_and_numerics() {
    if (const Member* member = root_.find("device")) {
      const std::array<std::string, 3> words = {"auto", "cpu", "cuda"};
      if (member->value.scalar == "gpu") {
        reading_.error(member->value.mark, "'gpu' is no device", "did you mean 'cuda'?");
      } else if (const auto found = reading_.word(*member, words)) {
        spec_.device = static_cast<Device>(*found);
      }
    }
    if (overrides_.device) spec_.device = *overrides_.device;
    if (const Member* member = root_.find("numerics")) {
      const std::array<std::string, 2> words = {"portable", "fast"};
      if (reading_.word(*member, words).value_or(0) == 1) spec_.numerics = Numerics::kFast;
      if (spec_.numerics == Numerics::kFast && spec_.device == Device::kCpu)
        reading_.error(member->value.mark, "the numerics 'fast' are those of a GPU, and 'device' is cpu",
                       "use 'portable', or device cuda");
    }
  }

  void read_metric() {
    const Member* member = root_.find("metric");
    if (!member && !spec_.program) spec_.metric = usual_metric();
    if (!member || !reading_.expect_object(*member)) return;
    const Node& object = member->value;
    reading_.check_keys(object, kMetricKeys, "in 'metric'");
    protocol::Metric metric;
    if (const Member* name = object.find("name")) {
      metric.name = metric_name(*name);
    } else {
      reading_.error(member->mark, "the metric has no 'name'", "write the name of a value that the trainer reports");
    }
    if (const Member* goal = object.find("goal")) {
      const std::vector<std::string> words = {"minimize", "maximize"};
      if (reading_.word(*goal, words).value_or(0) == 1) metric.goal = protocol::Goal::kMaximize;
    } else {
      reading_.warn(member->mark, "the metric has no 'goal'", "it is minimized");
    }
    if (const Member* reduce = object.find("reduce")) {
      const std::vector<std::string> words = {"best", "last"};
      if (reading_.word(*reduce, words).value_or(0) == 1) metric.reduce = protocol::Reduce::kLast;
    }
    if (const Member* target = object.find("target")) spec_.target = reading_.number(*target);
    spec_.metric = std::move(metric);
  }

  // Without one the built-in trainer ranks by what it always reports.
  protocol::Metric usual_metric() const {
    if (protocol::predicts_number(spec_.data, spec_.data_options))
      return {"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest};
    return {"val_accuracy", protocol::Goal::kMaximize, protocol::Reduce::kBest};
  }

  std::string metric_name(const Member& member) {
    const std::string name = reading_.text(member).value_or("");
    if (spec_.program || (name != "accuracy" && name != "loss")) return name;
    reading_.warn(member.value.mark, fmt::format("the metric '{}' is read as 'val_{}'", name, name),
                  "which is the built-in trainer's name for it");
    return "val_" + name;
  }

  void read_keep() {
    const Member* member = root_.find("keep");
    if (!member || !reading_.expect_object(*member)) return;
    reading_.check_keys(member->value, kKeepKeys, "in 'keep'");
    if (const Member* last = member->value.find("last")) {
      const std::array<std::string, 3> words = {"unfinished", "all", "none"};
      spec_.keep.last = static_cast<Keep::Last>(reading_.word(*last, words, "rule for checkpoints").value_or(0));
    }
    if (const Member* best = member->value.find("best")) spec_.keep.best = reading_.count(*best, 0).value_or(0);
    if (const Member* epochs = member->value.find("epochs"))
      spec_.keep.epochs = reading_.count(*epochs, 1, protocol::kMaxKeptEpochs).value_or(1);
    if (const Member* name = member->value.find("name")) spec_.keep.name = reading_.text(*name).value_or("{step}");
  }

  void read_trace() {
    const Member* member = root_.find("trace");
    if (!member) return;
    if (member->value.scalar.is_number()) {
      spec_.trace = std::to_string(reading_.count(*member, 1, kMostTracedSteps).value_or(1));
    } else {
      const std::array<std::string, 2> words = {"step", "off"};
      spec_.trace = words[reading_.word(*member, words).value_or(0)];
    }
  }

  void read_early_terminate() {
    if (const Member* member = root_.find("early_terminate"))
      check_early_terminate(reading_, *member, overrides_.ignore_early_terminate,
                            spec_.metric.has_value() || root_.find("metric"));
  }

  void read_parameters() {
    const Member* member = root_.find("parameters");
    if (!member) {
      refuse_missing("parameters", "write \"parameters\": {\"NAME\": {\"values\": [...]}}");
      return;
    }
    if (!reading_.expect_object(*member)) return;
    if (member->value.members.empty())
      reading_.error(member->value.mark, "'parameters' is empty", "write at least one");
    for (const Member& parameter : member->value.members) read_parameter(parameter, {});
    std::stable_sort(spec_.parameters.begin(), spec_.parameters.end(),
                     [](const Parameter& a, const Parameter& b) { return a.name < b.name; });
    refuse_equal_names();
  }

  // {"a.b": …, "a": {"parameters": {"b": …}}}: one name for two parameters.
  void refuse_equal_names() {
    for (std::size_t i = 1; i < spec_.parameters.size(); ++i) {
      const Parameter& first = spec_.parameters[i - 1];
      const Parameter& second = spec_.parameters[i];
      if (first.name == second.name)
        reading_.error({second.line, second.column}, fmt::format("a second parameter has the name '{}'", second.name),
                       fmt::format("the first stands in line {}", first.line));
    }
    refuse_parts_named_alike();
  }

  // {"a.b": {"value": 1}, "a": {"values": [{"b": 2}]}}: in a table and on a command line a part of a value has its
  // name.
  void refuse_parts_named_alike() {
    std::map<std::string, const Parameter*> named;
    for (const Parameter& parameter : spec_.parameters) named[parameter.name] = &parameter;
    std::set<std::string> told;
    const auto check = [&](const Parameter& parameter, const core::Json& value) {
      each_part(parameter.name, value, [&](const std::string& part) {
        const auto other = named.find(part);
        if (other != named.end() && other->second != &parameter && told.insert(parameter.name + "\n" + part).second)
          reading_.error({parameter.line, parameter.column},
                         fmt::format("a value of '{}' has a part '{}', which is the name of another parameter",
                                     parameter.name, part),
                         fmt::format("rename one of them; the other stands in line {}", other->second->line));
      });
    };
    for (const Parameter& parameter : spec_.parameters) {
      if (const auto* constant = std::get_if<Constant>(&parameter.distribution)) check(parameter, constant->value);
      if (const auto* choice = std::get_if<Categorical>(&parameter.distribution))
        for (const core::Json& value : choice->values) check(parameter, value);
    }
  }

  // The dotted names of what an object holds, at every depth.
  template <class Visit>
  static void each_part(const std::string& name, const core::Json& value, const Visit& visit) {
    if (!value.is_object()) return;
    for (const auto& [key, inner] : value.items()) {
      visit(name + "." + key);
      each_part(name + "." + key, inner, visit);
    }
  }

  // `path`: the names of the blocks in which it stands.
  void read_parameter(const Member& parameter, std::vector<std::string> path) {
    check_name(parameter);
    path.push_back(parameter.key);
    if (const Member* nested = nested_parameters(reading_, parameter)) {
      for (const Member& inner : nested->value.members) read_parameter(inner, path);
      return;
    }
    const auto distribution = read_distribution(reading_, parameter);
    if (!distribution) return;
    const std::string name = fmt::format("{}", fmt::join(path, "."));
    if (spec_.method == Method::kGrid && !enumerable(*distribution))
      reading_.error(parameter.mark, fmt::format("a grid cannot enumerate '{}' ({})", name, sweep::name(*distribution)),
                     enumerable_remedy(*distribution));
    if (path.size() == 1 && name == "seed") check_training_seed(parameter, *distribution);
    if (path.size() == 1) path.clear();
    spec_.parameters.push_back({name, *distribution, parameter.mark.line, parameter.mark.column, std::move(path)});
  }

  void check_name(const Member& parameter) {
    const std::string& name = parameter.key;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto other = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    if (name.empty()) {
      reading_.error(parameter.mark, "the name of a parameter is empty");
    } else if (std::any_of(name.begin(), name.end(), control)) {
      reading_.error(parameter.mark, "the name of a parameter holds a control character");
    } else if (!letter(name[0]) || !std::all_of(name.begin(), name.end(), other)) {
      reading_.warn(parameter.mark, fmt::format("the parameter name '{}' is unusual", name),
                    "letters, digits, '_', '.' and '-' are safe everywhere");
    }
  }

  // A parameter named `seed` is the training seed of its trial.
  void check_training_seed(const Member& parameter, const Distribution& distribution) {
    const auto fits = [](const core::Json& value) {
      return value.is_number_unsigned() && value.get<std::uint64_t>() <= kLargestTrainingSeed;
    };
    bool good = false;
    if (const auto* constant = std::get_if<Constant>(&distribution)) good = fits(constant->value);
    if (const auto* list = std::get_if<Categorical>(&distribution))
      good = std::all_of(list->values.begin(), list->values.end(), fits);
    if (const auto* range = std::get_if<IntUniform>(&distribution))
      good = range->min >= 0 && range->max <= static_cast<std::int64_t>(kLargestTrainingSeed);
    if (!good)
      reading_.error(parameter.mark,
                     fmt::format("'seed' is the training seed: integers from 0 to {}", kLargestTrainingSeed),
                     "write them as 'value', 'values', or 'min' and 'max'");
    const Member* repeats = root_.find("repeats");
    if (repeats && repeats->value.scalar != 1)
      reading_.error(repeats->mark, "'repeats' chooses training seeds, and so does the parameter 'seed'",
                     "remove one of them");
  }

  void read_counts() {
    if (const Member* member = root_.find("repeats"))
      spec_.repeats = static_cast<std::uint32_t>(reading_.count(*member, 1, kMostRepeats).value_or(1));
    if (const Member* member = root_.find("run_cap")) spec_.run_cap = reading_.count(*member, 1);
    if (overrides_.run_cap) spec_.run_cap = overrides_.run_cap;
    if (spec_.method == Method::kRandom && !spec_.run_cap && !root_.find("run_cap"))
      reading_.warn(root_.mark, "the key 'run_cap' is missing",
                    fmt::format("so random draws {} trials", kDefaultRandomTrials));
  }

  const Node& root_;
  const SpecOverrides& overrides_;
  const Describe& describe_;
  Reading reading_;
  std::vector<std::string> meant_;  // known keys that unknown ones were taken for
  Spec spec_;
};

}  // namespace

Spec read_spec(std::string_view text, const std::filesystem::path& file, const SpecOverrides& overrides,
               const Describe& describe) {
  const Document document(text, file);
  return SpecReader(document, overrides, describe).read();
}

}  // namespace sweep
