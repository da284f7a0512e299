// See record_text.h.
#include "sweep/capsule/record_text.h"

#include <optional>

#include "core/error.h"
#include "sweep/store/event_text.h"

namespace sweep {
namespace {

using core::Json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class T>
std::optional<T> optional_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

StoredEvent event_from_line(std::string_view line, const std::string& sweep, std::uint64_t index,
                            const std::string& place) {
  const Json json = core::parse_json(line, place);
  EventText text;
  text.index = index;
  text.kind = json.at("kind").get<std::string>();
  text.attempt = optional_at<std::uint32_t>(json, "attempt");
  text.seq = optional_at<std::uint64_t>(json, "seq");
  text.line = core::canonical_json(json.at("event"));
  StoredEvent stored{sweep, json.at("time_ms").get<std::int64_t>(), from_text(text, place)};
  // A trainer's event says itself what it is, and a line of another form would come out as another line.
  if (const EventText again = to_text(stored.event); again.kind != text.kind || again.seq != text.seq)
    throw core::UserError(place, "is an event of another kind than it says");
  return stored;
}

}  // namespace

Json to_json(const SweepRecord& sweep) {
  return {{"created_ms", sweep.created_ms},
          {"data", sweep.data},
          {"file", sweep.file},
          {"id", sweep.id},
          {"identity", sweep.identity},
          {"method", sweep.method},
          {"metric", sweep.metric ? sweep.metric->to_json() : Json(nullptr)},
          {"name", sweep.name},
          {"overrides", sweep.overrides},
          {"program", sweep.program},
          {"provenance", sweep.provenance},
          {"repeats", sweep.repeats},
          {"seed", sweep.seed},
          {"target", or_null(sweep.target)},
          {"trainer_sha256", sweep.trainer_sha256},
          {"trials", sweep.trials}};
}

SweepRecord sweep_from_json(const Json& json, const std::string& place) try {
  SweepRecord sweep;
  sweep.created_ms = json.at("created_ms").get<std::int64_t>();
  sweep.data = json.at("data");
  sweep.file = json.at("file").get<std::string>();
  sweep.id = json.at("id").get<std::string>();
  sweep.identity = json.at("identity");
  sweep.method = json.at("method").get<std::string>();
  if (!json.at("metric").is_null()) sweep.metric = protocol::Metric::from_json(json.at("metric"), place);
  sweep.name = json.at("name").get<std::string>();
  sweep.overrides = json.at("overrides");
  sweep.program = json.at("program");
  sweep.provenance = json.at("provenance");
  sweep.repeats = json.at("repeats").get<std::uint32_t>();
  sweep.seed = json.at("seed").get<std::uint64_t>();
  sweep.target = optional_at<double>(json, "target");
  sweep.trainer_sha256 = json.at("trainer_sha256").get<std::string>();
  sweep.trials = json.at("trials").get<std::uint64_t>();
  return sweep;
} catch (const Json::exception& error) {
  throw core::UserError(place, std::string("is damaged: ") + error.what());
}

std::string to_lines(const std::vector<StoredEvent>& events) {
  std::string lines;
  for (const StoredEvent& stored : events) {
    const EventText text = to_text(stored.event);
    lines += core::canonical_json({{"attempt", or_null(text.attempt)},
                                   {"event", core::parse_json(text.line, "an event")},
                                   {"kind", text.kind},
                                   {"seq", or_null(text.seq)},
                                   {"time_ms", stored.time_ms}}) +
             "\n";
  }
  return lines;
}

std::vector<StoredEvent> events_from_lines(const std::string& text, const std::string& sweep, std::uint64_t index,
                                           const std::string& place) {
  std::vector<StoredEvent> events;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string here = place + ": line " + std::to_string(events.size() + 1);
    try {
      events.push_back(event_from_line(std::string_view(text).substr(begin, end - begin), sweep, index, here));
    } catch (const Json::exception& error) {
      throw core::UserError(here, std::string("is damaged: ") + error.what());
    }
    begin = end + 1;
  }
  return events;
}

}  // namespace sweep
