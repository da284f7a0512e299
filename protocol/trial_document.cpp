// See trial_document.h.
#include "protocol/trial_document.h"

#include <cmath>

#include "core/error.h"
#include "core/object_text.h"

namespace protocol {
namespace {

using core::Json;

// Reads one field with its type checked; the message names the place and the field.
template <class T>
T field(const Json& json, const char* key, std::string_view place) {
  const auto found = json.find(key);
  if (found == json.end()) throw core::UserError(std::string(place), std::string("no field '") + key + "'");
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    throw core::UserError(std::string(place), std::string("field '") + key + "' is of the wrong type");
  }
}

}  // namespace

std::string_view name(Goal goal) { return goal == Goal::kMinimize ? "minimize" : "maximize"; }
std::string_view name(Reduce reduce) { return reduce == Reduce::kBest ? "best" : "last"; }

Json Metric::to_json() const {
  return {{"name", name}, {"goal", protocol::name(goal)}, {"reduce", protocol::name(reduce)}};
}

Metric Metric::from_json(const Json& json, std::string_view place) {
  const std::string goal = field<std::string>(json, "goal", place);
  const std::string reduce = json.contains("reduce") ? field<std::string>(json, "reduce", place) : "best";
  if ((goal != "minimize" && goal != "maximize") || (reduce != "best" && reduce != "last"))
    throw core::UserError(std::string(place), "field 'metric' has an unknown goal or reduce");
  return {field<std::string>(json, "name", place), goal == "minimize" ? Goal::kMinimize : Goal::kMaximize,
          reduce == "best" ? Reduce::kBest : Reduce::kLast};
}

Json DataSource::to_json() const {
  Json json = {{"name", name}, {"path", path}, {"sha256", sha256}};
  if (!options.empty()) json["options"] = options.to_json();
  return json;
}

DataSource DataSource::from_json(const Json& json, std::string_view place) {
  DataSource source{field<std::string>(json, "name", place), field<std::string>(json, "path", place),
                    field<std::string>(json, "sha256", place)};
  if (const auto options = json.find("options"); options != json.end())
    source.options = DataOptions::from_json(*options, place);
  return source;
}

bool better(Goal goal, double a, double b) {
  if (!std::isfinite(a)) return false;
  if (!std::isfinite(b)) return true;
  return goal == Goal::kMinimize ? a < b : a > b;
}

std::string TrialDocument::text() const {
  core::ObjectText text;
  text.add("protocol", kProtocolVersion).add("sweep", sweep).add("trial", trial).add("index", index);
  text.add("replicate", replicate).add("seed", seed).add("config", config).add("device", device);
  text.add("threads", threads).add("numerics", numerics).add("trace", trace);
  if (!gpu.empty()) text.add("gpu", gpu);
  if (data) text.add("data", data->to_json());
  if (metric) text.add("metric", metric->to_json());
  const TrialDocument usual;
  if (keep_best != usual.keep_best || best_name != usual.best_name)
    text.add("checkpoints", Json{{"best", keep_best}, {"name", best_name}});
  return text.text();
}

Json TrialDocument::to_json() const { return core::parse_json(text(), "trial document"); }

TrialDocument TrialDocument::from_json(const Json& json, std::string_view place) {
  if (!json.is_object()) throw core::UserError(std::string(place), "a trial document is a JSON object");
  if (const int version = field<int>(json, "protocol", place); version != kProtocolVersion)
    throw core::UserError(std::string(place), "speaks trial protocol " + std::to_string(version),
                          "this trainer speaks " + std::to_string(kProtocolVersion));
  TrialDocument document;
  document.sweep = field<std::string>(json, "sweep", place);
  document.trial = field<std::string>(json, "trial", place);
  document.index = field<std::uint64_t>(json, "index", place);
  document.replicate = field<std::uint32_t>(json, "replicate", place);
  document.seed = field<std::uint32_t>(json, "seed", place);
  document.config = field<Json>(json, "config", place);
  document.device = field<std::string>(json, "device", place);
  if (json.contains("gpu")) document.gpu = field<std::string>(json, "gpu", place);
  document.threads = field<int>(json, "threads", place);
  document.numerics = field<std::string>(json, "numerics", place);
  if (json.contains("checkpoints")) {
    const Json checkpoints = field<Json>(json, "checkpoints", place);
    if (checkpoints.contains("best")) document.keep_best = field<std::uint64_t>(checkpoints, "best", place);
    if (checkpoints.contains("name")) document.best_name = field<std::string>(checkpoints, "name", place);
    if (document.keep_best < 1 || document.keep_best > kMaxKeptEpochs)
      throw core::UserError(std::string(place), "field 'checkpoints.best' is " + std::to_string(document.keep_best),
                            "expected 1 to " + std::to_string(kMaxKeptEpochs));
  }
  if (json.contains("trace")) document.trace = field<std::string>(json, "trace", place);
  if (json.contains("data")) document.data = DataSource::from_json(field<Json>(json, "data", place), place);
  if (json.contains("metric")) document.metric = Metric::from_json(field<Json>(json, "metric", place), place);
  return document;
}

}  // namespace protocol
