// See event_text.h.
#include "sweep/store/event_text.h"

#include "core/error.h"
#include "core/object_text.h"

namespace sweep {
namespace {

using core::Json;
using core::ObjectText;

constexpr std::uint32_t kUsualRetries = 1;  // what an event without the number means, as all older ones are

template <class T>
std::optional<T> optional_at(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::nullopt : std::optional<T>(value.get<T>());
}

protocol::Outcome outcome_at(const Json& json, std::string_view place) {
  const auto name = json.at("outcome").get<std::string>();
  if (const auto outcome = protocol::outcome_named(name)) return *outcome;
  throw core::UserError(std::string(place), "unknown outcome '" + name + "'", "a newer sweep wrote it");
}

struct ToText {
  EventText operator()(const TrialPlanned& e) const {
    ObjectText text;
    text.add("trial", e.trial).add("replicate", e.replicate).add("config", e.config).add("seed", e.seed);
    return {"planned", e.index, std::nullopt, std::nullopt, text.add("repeats", e.repeats_index).text()};
  }
  EventText operator()(const AttemptOrdered& e) const {
    ObjectText text;
    text.add("slot", e.slot).add("device", e.device).add("resume", e.resume_file).add("reason", e.reason);
    return {"ordered", e.index, e.attempt, std::nullopt, text.text()};
  }
  EventText operator()(const TrainerSaid& e) const {
    return {std::string(protocol::event_name(e.event)), e.index, e.attempt, e.event.seq, e.event.line()};
  }
  EventText operator()(const AttemptEnded& e) const {
    ObjectText text;
    text.add("outcome", protocol::name(e.outcome)).add("detail", e.detail).add("seconds", e.seconds);
    text.add("asked_again", e.asked_again);
    if (e.retries != kUsualRetries) text.add("retries", e.retries);
    if (e.shared_gpu) text.add("shared_gpu", true);
    return {"ended", e.index, e.attempt, std::nullopt, text.text()};
  }
  EventText operator()(const TrialReused& e) const {
    ObjectText text;
    const Json at_value(e.at_value), final_values(e.final_values);
    text.add("sweep", e.from_sweep).add("index", e.from_index).add("outcome", protocol::name(e.outcome));
    text.add("detail", e.detail).add("value", e.value).add("epoch", e.epoch).add("step", e.step);
    text.add("at_value", at_value).add("final_values", final_values).add("last_step", e.last_step);
    text.add("weights_sha256", e.weights_sha256);
    return {"reused", e.index, std::nullopt, std::nullopt, text.text()};
  }
  EventText operator()(const TrialReopened& e) const {
    return {"reopened", e.index, std::nullopt, std::nullopt, ObjectText().add("reason", e.reason).text()};
  }
  EventText operator()(const GuardLifted& e) const {
    return {"guard_lifted", e.index, std::nullopt, std::nullopt, "{}"};
  }
};

TrialPlanned planned(const EventText& text, const Json& json) {
  return {text.index,        json.at("replicate").get<std::uint32_t>(), json.at("trial").get<std::string>(),
          json.at("config"), json.at("seed").get<std::uint32_t>(),      optional_at<std::uint64_t>(json, "repeats")};
}

AttemptOrdered ordered(const EventText& text, const Json& json) {
  return {text.index,
          text.attempt.value_or(0),
          json.at("slot").get<std::string>(),
          json.at("device").get<std::string>(),
          json.at("resume").get<std::string>(),
          json.at("reason").get<std::string>()};
}

AttemptEnded ended(const EventText& text, const Json& json, std::string_view place) {
  return {text.index,
          text.attempt.value_or(0),
          outcome_at(json, place),
          json.at("detail").get<std::string>(),
          json.at("seconds").get<double>(),
          json.at("asked_again").get<bool>(),
          json.value("retries", kUsualRetries),
          json.value("shared_gpu", false)};
}

TrialReused reused(const EventText& text, const Json& json, std::string_view place) {
  TrialReused event;
  event.index = text.index;
  event.from_sweep = json.at("sweep").get<std::string>();
  event.from_index = json.at("index").get<std::uint64_t>();
  event.outcome = outcome_at(json, place);
  event.detail = json.at("detail").get<std::string>();
  event.value = optional_at<double>(json, "value");
  event.epoch = optional_at<std::uint64_t>(json, "epoch");
  event.step = optional_at<std::uint64_t>(json, "step");
  event.at_value = json.at("at_value").get<std::map<std::string, double>>();
  event.final_values = json.at("final_values").get<std::map<std::string, double>>();
  event.last_step = json.at("last_step").get<std::uint64_t>();
  event.weights_sha256 = json.at("weights_sha256").get<std::string>();
  return event;
}

}  // namespace

EventText to_text(const StudyEvent& event) { return std::visit(ToText{}, event); }

StudyEvent from_text(const EventText& text, std::string_view place) {
  if (text.seq) return TrainerSaid{text.index, text.attempt.value_or(0), protocol::Event::parse(text.line, place)};
  const Json json = core::parse_json(text.line, place);
  try {
    if (text.kind == "planned") return planned(text, json);
    if (text.kind == "ordered") return ordered(text, json);
    if (text.kind == "ended") return ended(text, json, place);
    if (text.kind == "reused") return reused(text, json, place);
    if (text.kind == "reopened") return TrialReopened{text.index, json.at("reason").get<std::string>()};
    if (text.kind == "guard_lifted") return GuardLifted{text.index};
  } catch (const Json::exception& error) {
    throw core::UserError(std::string(place), std::string("a '") + text.kind + "' event is damaged: " + error.what());
  }
  throw core::UserError(std::string(place), "unknown event '" + text.kind + "'", "a newer sweep wrote it");
}

}  // namespace sweep
