// The sweep as a folder for TensorBoard: an event file for the experiment, and a folder with one for each trial, whose
// scalars are its metrics and whose hyperparameters the HParams plugin shows. Made by exports.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "core/printable.h"
#include "sweep/exports/event_file.h"
#include "sweep/exports/writer.h"

namespace sweep {
namespace {

using core::Json;

// Numbers of the plugin's enumerations.
enum DataType : std::uint64_t { kString = 1, kBool = 2, kFloat64 = 3 };
enum Status : std::uint64_t { kUnknown = 0, kSuccess = 1, kFailure = 2, kRunning = 3 };
enum PluginData : unsigned { kExperiment = 2, kSessionStart = 3, kSessionEnd = 4 };  // fields of HParamsPluginData
constexpr std::uint64_t kTensorClass = 2;                                            // of DataClass

double seconds(std::int64_t ms) { return static_cast<double>(ms) / 1000; }

// What TensorBoard keeps of a number: out of a float's range it is infinite.
float as_float(double value) {
  if (std::isfinite(value) && std::fabs(value) > static_cast<double>(FLT_MAX))
    return std::copysign(std::numeric_limits<float>::infinity(), value > 0 ? 1.0f : -1.0f);
  return static_cast<float>(value);
}

bool is_finite_number(const Json& value) { return value.is_number() && std::isfinite(value.get<double>()); }

// The type that all values of a parameter have; one of mixed values is a text.
DataType type_of(const ExportedParameter& parameter) {
  const auto& choices = parameter.choices;
  if (std::all_of(choices.begin(), choices.end(), is_finite_number)) return kFloat64;  // a range too: it has none
  return std::all_of(choices.begin(), choices.end(), [](const Json& value) { return value.is_boolean(); }) ? kBool
                                                                                                           : kString;
}

// google.protobuf.Value
ProtoMessage value_message(const Json& value, DataType type) {
  ProtoMessage message;
  if (type == kFloat64) return message.real(2, value.get<double>());
  if (type == kBool) return message.number(4, value.get<bool>() ? 1 : 0);
  return message.bytes(3, parameter_text(value));
}

ProtoMessage parameter_info(const ExportedParameter& parameter, const std::string& name) {
  const DataType type = type_of(parameter);
  ProtoMessage info;
  info.bytes(1, name).number(4, type);
  if (parameter.kind != ExportedParameter::Kind::kChoice)
    return info.message(6, ProtoMessage().real(1, parameter.low).real(2, parameter.high));
  ProtoMessage values;
  for (const Json& choice : parameter.choices) values.message(1, value_message(choice, type));
  return info.message(5, values);
}

// Summary.Value of the HParams plugin: the data stand in the metadata, and the tensor says nothing.
ProtoMessage plugin_summary(std::string_view tag, unsigned field, const ProtoMessage& data) {
  const ProtoMessage content = ProtoMessage().message(field, data);
  const ProtoMessage plugin = ProtoMessage().bytes(1, "hparams").bytes(2, content.encoded());
  const ProtoMessage one = ProtoMessage().message(2, ProtoMessage().number(1, 1));  // the shape (1)
  const ProtoMessage tensor = ProtoMessage().number(1, 1).message(2, one).bytes(5, std::string(4, '\0'));
  return ProtoMessage().bytes(1, tag).message(8, tensor).message(
      9, ProtoMessage().message(1, plugin).number(4, kTensorClass));
}

std::string first_record(std::int64_t ms) {
  return event_record(ProtoMessage().real(1, seconds(ms)).bytes(3, "brain.Event:2").encoded());
}

std::string summary_record(std::int64_t ms, std::uint64_t step, const ProtoMessage& values) {
  return event_record(ProtoMessage().real(1, seconds(ms)).number(2, step).message(5, values).encoded());
}

std::string plugin_record(std::int64_t ms, std::string_view tag, unsigned field, const ProtoMessage& data) {
  return summary_record(ms, 0, ProtoMessage().message(1, plugin_summary(tag, field, data)));
}

ProtoMessage scalar(const std::string& tag, double value) {
  return ProtoMessage().bytes(1, tag).real32(2, as_float(value));
}

Status status_of(const TrialState& trial) {
  if (trial.phase == Phase::kRunning) return kRunning;
  if (trial.phase != Phase::kEnded || !trial.outcome) return kUnknown;
  const bool went_well = trial.outcome == protocol::Outcome::kCompleted || trial.outcome == protocol::Outcome::kPruned;
  return went_well ? kSuccess : kFailure;
}

class TensorboardWriter : public ExportWriter {
 public:
  TensorboardWriter(const ExportHead& head, ExportTarget& target) : head_(head), target_(target) {
    for (const ExportedParameter& parameter : head.parameters) parameters_.of(parameter.name);
    width_ = std::to_string(head.record.trials > 0 ? head.record.trials - 1 : 0).size();
  }

  void add(const ExportedTrial& trial) override {
    const TrialState& state = trial.state;
    const std::int64_t began = trial.started_ms > 0 ? trial.started_ms : head_.record.created_ms;
    std::string records = first_record(began);
    records += plugin_record(began, "_hparams_/session_start_info", kSessionStart, session_start(state, began));
    for (const MetricPoint& point : trial.points) {
      ProtoMessage values;
      for (const auto& [name, value] : point.values) values.message(1, scalar(metrics_.of(name), value));
      records += summary_record(point.time_ms, point.step, values);
    }
    if (const auto value = ranked_value(state))
      records += summary_record(trial.ended_ms > 0 ? trial.ended_ms : began, state.step.value_or(0),
                                ProtoMessage().message(1, scalar(kRankedValue, *value)));
    if (const Status status = status_of(state); status == kSuccess || status == kFailure)
      records += plugin_record(trial.ended_ms, "_hparams_/session_end_info", kSessionEnd,
                               ProtoMessage().number(1, status).real(2, seconds(trial.ended_ms)));
    const std::string folder = fmt::format("{:0{}}-{}", state.index, width_, state.trial);
    target_.add(folder + "/" + file_name(began), records);
  }

  void finish() override {
    const std::int64_t created = head_.record.created_ms;
    ProtoMessage experiment;
    experiment.real(3, seconds(created));
    for (const ExportedParameter& parameter : head_.parameters)
      experiment.message(4, parameter_info(parameter, parameters_.of(parameter.name)));
    if (head_.record.metric)
      add_metric(experiment, kRankedValue,
                 "the value by which trials are ranked: of " + core::printable(head_.record.metric->name));
    for (const std::string& name : metrics_.all()) add_metric(experiment, name, "");
    experiment.bytes(6, export_title(head_.record));
    target_.add(file_name(created),
                first_record(created) + plugin_record(created, "_hparams_/experiment", kExperiment, experiment));
  }

  Renamed renamed_metrics() const override { return metrics_.renamed(); }
  Renamed renamed_parameters() const override { return parameters_.renamed(); }

 private:
  static std::string file_name(std::int64_t ms) { return fmt::format("events.out.tfevents.{:010}.sweep", ms / 1000); }

  static void add_metric(ProtoMessage& experiment, const std::string& tag, const std::string& description) {
    ProtoMessage info;
    info.message(1, ProtoMessage().bytes(2, tag));
    if (!description.empty()) info.bytes(4, description);
    experiment.message(5, info);
  }

  ProtoMessage session_start(const TrialState& state, std::int64_t began) {
    ProtoMessage start;
    for (const ExportedParameter& parameter : head_.parameters)
      start.message(1, ProtoMessage()
                           .bytes(1, parameters_.of(parameter.name))
                           .message(2, value_message(parameter.value_in(state.config), type_of(parameter))));
    // Trials of one configuration are one group, of which the plugin shows the mean.
    if (head_.record.repeats > 1) start.bytes(4, fmt::format("configuration {}", state.index / head_.record.repeats));
    return start.real(5, seconds(began));
  }

  const ExportHead& head_;
  ExportTarget& target_;
  SafeNames metrics_{NameRule::kTag, kRankedValue}, parameters_{NameRule::kTag};
  std::size_t width_ = 1;
};

}  // namespace

std::unique_ptr<ExportWriter> tensorboard_writer(const ExportHead& head, ExportTarget& target) {
  return std::make_unique<TensorboardWriter>(head, target);
}

}  // namespace sweep
