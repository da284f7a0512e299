// The sweep as a journal of Optuna: one file, a line of JSON for each operation, which JournalStorage plays again. Made
// by exports.cpp.
// Source: what optuna/storages/_journal/storage.py and optuna/distributions.py of Optuna 3 read. They are read by
// Python, whose JSON has NaN and Infinity.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "core/error.h"
#include "core/utf8.h"
#include "sweep/exports/writer.h"

namespace sweep {
namespace {

using core::Json;

// Numbers of Optuna's enumerations.
enum Operation { kCreateStudy = 0, kSetStudyAttribute = 2, kCreateTrial = 4 };
enum Direction { kNotSet = 0, kMinimize = 1, kMaximize = 2 };
enum State { kRunning = 0, kComplete = 1, kPruned = 2, kFail = 3, kWaiting = 4 };

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  return std::isinf(value) ? (value > 0 ? "Infinity" : "-Infinity") : core::format_double(value);
}

std::string quoted(const std::string& text) { return core::canonical_json(Json(text)); }

// One of the few kinds of value that a choice of Optuna's may be.
std::string choice(const Json& value) {
  if (value.is_number_float()) return number(value.get<double>());
  return value.is_structured() ? quoted(core::canonical_json(value)) : core::canonical_json(value);
}

// {"name": VALUE, …} of texts that are JSON already.
class Object {
 public:
  Object& add(const std::string& name, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + quoted(name) + ":" + json;
    return *this;
  }
  std::string text() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string choices_text(const ExportedParameter& parameter) {
  std::string text;
  for (const Json& value : parameter.choices) text += (text.empty() ? "" : ",") + choice(value);
  return "[" + text + "]";
}

// The distribution, and the value in it as Optuna keeps it: of a choice its number.
struct Placed {
  std::string distribution, value;
};

Placed place(const ExportedParameter& parameter, const Json& value) {
  const auto distribution = [](const char* name, const Object& attributes) {
    return Object().add("attributes", attributes.text()).add("name", quoted(name)).text();
  };
  if (parameter.kind == ExportedParameter::Kind::kInteger)
    return {distribution("IntDistribution", Object()
                                                .add("high", std::to_string(parameter.last))
                                                .add("log", "false")
                                                .add("low", std::to_string(parameter.first))
                                                .add("step", std::to_string(parameter.step))),
            core::canonical_json(value)};
  if (parameter.kind == ExportedParameter::Kind::kReal)
    return {distribution("FloatDistribution", Object()
                                                  .add("high", number(std::max(parameter.high, value.get<double>())))
                                                  .add("log", parameter.log ? "true" : "false")
                                                  .add("low", number(std::min(parameter.low, value.get<double>())))
                                                  .add("step", "null")),
            number(value.get<double>())};
  const std::string text = core::canonical_json(value);  // 1, 1.0 and true are three values
  const auto found = std::find_if(parameter.choices.begin(), parameter.choices.end(),
                                  [&](const Json& one) { return core::canonical_json(one) == text; });
  core::check(found != parameter.choices.end(), "a value that is none of its parameter's");
  return {distribution("CategoricalDistribution", Object().add("choices", choices_text(parameter))),
          std::to_string(found - parameter.choices.begin())};
}

// Optuna's times have no zone; these are UTC.
std::string time_text(std::int64_t ms) {
  const std::time_t whole = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  return fmt::format("\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}000\"", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, ms % 1000);
}

State state_of(const TrialState& trial) {
  if (trial.phase == Phase::kRunning) return kRunning;
  if (trial.phase != Phase::kEnded || !trial.outcome) return kWaiting;
  if (trial.outcome == protocol::Outcome::kPruned) return kPruned;
  return ranked_value(trial) ? kComplete : kFail;  // Optuna knows no complete trial without a value
}

class OptunaWriter : public ExportWriter {
 public:
  OptunaWriter(const ExportHead& head, ExportTarget& target)
      : head_(head), target_(target), worker_(quoted("sweep-" + head.record.id)) {
    const SweepRecord& record = head.record;
    Direction direction = kNotSet;
    if (record.metric) direction = record.metric->goal == protocol::Goal::kMaximize ? kMaximize : kMinimize;
    // Its beginning is kExportFileBegin.
    target_.append(Object()
                       .add("directions", fmt::format("[{}]", static_cast<int>(direction)))
                       .add("op_code", std::to_string(kCreateStudy))
                       .add("study_name", quoted(record.name.empty() ? record.id : record.name))
                       .add("worker_id", worker_)
                       .text() +
                   "\n");
    set_attribute("sweep:id", quoted(record.id));
    set_attribute("sweep:method", quoted(record.method));
    set_attribute("sweep:seed", std::to_string(record.seed));
    if (record.metric) set_attribute("sweep:metric", quoted(record.metric->name));
  }

  void add(const ExportedTrial& trial) override {
    const TrialState& state = trial.state;
    Object distributions, parameters;
    for (const ExportedParameter& parameter : head_.parameters) {
      const Placed placed = place(parameter, parameter.value_in(state.config));
      distributions.add(parameter.name, quoted(placed.distribution));
      parameters.add(parameter.name, placed.value);
    }
    Object line;
    if (state.phase == Phase::kEnded) line.add("datetime_complete", time_text(trial.ended_ms));
    line.add("datetime_start", trial.started_ms > 0 ? time_text(trial.started_ms) : "null")
        .add("distributions", distributions.text())
        .add("intermediate_values", intermediate_values(trial))
        .add("op_code", std::to_string(kCreateTrial))
        .add("params", parameters.text())
        .add("state", std::to_string(state_of(state)))
        .add("study_id", "0")
        .add("system_attrs", "{}")
        .add("user_attrs", attributes(trial))
        .add("value", ranked_value(state) ? number(*ranked_value(state)) : "null")
        .add("values", "null")
        .add("worker_id", worker_);
    target_.append(line.text() + "\n");
  }

  void finish() override {}

 private:
  void set_attribute(const std::string& name, const std::string& json) {
    target_.append(Object()
                       .add("op_code", std::to_string(kSetStudyAttribute))
                       .add("study_id", "0")
                       .add("user_attr", Object().add(name, json).text())
                       .add("worker_id", worker_)
                       .text() +
                   "\n");
  }

  // The sweep's metric by step; of a step to which the program came again the last value.
  std::string intermediate_values(const ExportedTrial& trial) const {
    std::map<std::uint64_t, double> by_step;
    if (head_.record.metric)
      for (const MetricPoint& point : trial.points)
        if (const auto found = point.values.find(head_.record.metric->name); found != point.values.end())
          by_step[point.step] = found->second;
    Object values;
    for (const auto& [step, value] : by_step) values.add(std::to_string(step), number(value));
    return values.text();
  }

  static std::string attributes(const ExportedTrial& trial) {
    const TrialState& state = trial.state;
    Object attributes;
    for (const auto& [name, value] : *state.final_values) attributes.add("final:" + name, number(value));
    if (!state.detail.empty()) attributes.add("sweep:detail", quoted(core::valid_utf8(state.detail)));
    attributes.add("sweep:outcome", quoted(trial.outcome));
    if (state.repeats_index) attributes.add("sweep:repeats", std::to_string(*state.repeats_index));
    attributes.add("sweep:replicate", std::to_string(state.replicate));
    if (!state.reused_from->empty()) attributes.add("sweep:reused_from", quoted(*state.reused_from));
    return attributes.add("sweep:seed", std::to_string(state.seed)).add("sweep:trial", quoted(state.trial)).text();
  }

  const ExportHead& head_;
  ExportTarget& target_;
  std::string worker_;
};

}  // namespace

std::unique_ptr<ExportWriter> optuna_writer(const ExportHead& head, ExportTarget& target) {
  return std::make_unique<OptunaWriter>(head, target);
}

}  // namespace sweep
