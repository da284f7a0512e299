// The words of the language, and what determines a sweep; see spec.h.
#include "sweep/spec/spec.h"

#include <array>
#include <utility>

#include "sweep/spec/distributions.h"
#include "sweep/spec/reading.h"

namespace sweep {
namespace {

using core::Json;

constexpr std::array<std::string_view, 2> kMethods = {"grid", "random"};
constexpr std::array<std::string_view, 2> kOrders = {"written", "shuffled"};
constexpr std::array<std::string_view, 3> kDevices = {"auto", "cpu", "cuda"};

template <class Enum, std::size_t n>
Enum read_word(const std::array<std::string_view, n>& words, std::string_view word, std::string_view place) {
  for (std::size_t i = 0; i < n; ++i)
    if (words[i] == word) return static_cast<Enum>(i);
  const std::vector<std::string> known(words.begin(), words.end());
  throw core::UserError(std::string(place), "unknown word '" + std::string(word) + "'", suggest(word, known));
}

struct Namer {
  std::string_view operator()(const Constant&) const { return "constant"; }
  std::string_view operator()(const Categorical& d) const {
    return d.probabilities.empty() ? "categorical" : "categorical_w_probabilities";
  }
  std::string_view operator()(const IntUniform&) const { return "int_uniform"; }
  std::string_view operator()(const Continuous& d) const { return d.word; }
};

struct AsJson {
  Json operator()(const Constant& d) const { return {{"value", d.value}}; }
  Json operator()(const Categorical& d) const {
    Json json = {{"values", d.values}};
    if (!d.probabilities.empty()) json["probabilities"] = d.probabilities;
    return json;
  }
  Json operator()(const IntUniform& d) const {
    return {{"distribution", "int_uniform"}, {"min", d.min}, {"max", d.max}};
  }
  Json operator()(const Continuous& d) const {
    const FamilyKeys keys = keys_of(d.family);
    Json json = {{"distribution", d.word}, {keys.names[0], d.first}, {keys.names[1], d.second}};
    if (d.quantum && d.quantum->integer) json["q"] = static_cast<std::int64_t>(d.quantum->step);
    if (d.quantum && !d.quantum->integer) json["q"] = d.quantum->step;
    return json;
  }
};

constexpr std::array<std::string_view, 5> kMetricFormats = {"any", "json", "key=value", "key: value", "regex"};

// Of a user's trainer: how its values are read. What runs is part of the identity.
Json program_json(const UserProgram& program) {
  const ReadMetrics& metrics = program.read_metrics;
  return {{"read_metrics",
           {{"format", kMetricFormats[static_cast<std::size_t>(metrics.format)]},
            {"pattern", metrics.pattern},
            {"step", metrics.step}}},
          {"templates", program.templates},
          {"wandb", program.wandb}};
}

}  // namespace

std::string_view name(Method method) { return kMethods[static_cast<std::size_t>(method)]; }
std::string_view name(GridOrder order) { return kOrders[static_cast<std::size_t>(order)]; }
std::string_view name(Device device) { return kDevices[static_cast<std::size_t>(device)]; }
std::string_view name(Numerics numerics) { return numerics == Numerics::kPortable ? "portable" : "fast"; }

std::string_view name(const Distribution& distribution) { return std::visit(Namer{}, distribution); }

bool enumerable(const Distribution& distribution) {
  if (const auto* list = std::get_if<Categorical>(&distribution)) return list->probabilities.empty();
  if (const auto* range = std::get_if<Continuous>(&distribution))
    return range->family == Family::kUniform && range->quantum.has_value();
  return true;
}

Method read_method(std::string_view word, std::string_view place) { return read_word<Method>(kMethods, word, place); }
Device read_device(std::string_view word, std::string_view place) { return read_word<Device>(kDevices, word, place); }

Json Spec::determining() const {
  Json space = Json::object();
  for (const Parameter& parameter : parameters) {
    Json row = std::visit(AsJson{}, parameter.distribution);
    if (!parameter.path.empty()) row["path"] = parameter.path;
    space[parameter.name] = std::move(row);
  }
  Json cap = nullptr;
  if (run_cap) cap = *run_cap;
  if (!run_cap && method == Method::kRandom) cap = kDefaultRandomTrials;
  Json json = {{"method", sweep::name(method)},
               {"order", sweep::name(order)},
               {"seed", seed},
               {"parameters", std::move(space)},
               {"metric", metric ? metric->to_json() : Json(nullptr)},
               {"target", target ? Json(*target) : Json(nullptr)},
               {"run_cap", std::move(cap)},
               {"repeats", repeats},
               {"program", program ? program_json(*program) : Json(nullptr)}};
  if (resources.max_failures) json["max_failures"] = *resources.max_failures;  // ids of sweeps without it are older
  return json;
}

}  // namespace sweep
