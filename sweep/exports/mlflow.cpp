// The sweep as a folder `mlruns` for MLflow: an experiment, and a run for each trial, each value a small file. Made by
// exports.cpp.
// Source: what mlflow/store/tracking/file_store.py and mlflow/utils/validation.py of MLflow 2 read.
#include <fmt/format.h>

#include "core/digest.h"
#include "core/files.h"
#include "core/printable.h"
#include "core/utf8.h"
#include "sweep/exports/writer.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;

// Numbers of MLflow's enumerations.
enum RunStatus { kRunning = 1, kScheduled = 2, kFinished = 3, kFailed = 4, kKilled = 5 };
constexpr int kLocalSource = 4;

// A text in double quotes; everything that is not plain ASCII is escaped, so that no reader refuses it.
std::string yaml_text(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const core::Utf8Character character = core::utf8_character(text, at);
    const auto code = static_cast<std::uint32_t>(character.code);
    if (code == '"' || code == '\\') {
      out += {'\\', static_cast<char>(code)};
    } else if (code >= 0x20 && code < 0x7f) {
      out += static_cast<char>(code);
    } else {
      out += code < 0x100     ? fmt::format("\\x{:02x}", code)
             : code < 0x10000 ? fmt::format("\\u{:04x}", code)
                              : fmt::format("\\U{:08x}", code);
    }
    at += character.bytes;
  }
  return out + "\"";
}

RunStatus status_of(const TrialState& trial) {
  using protocol::Outcome;
  if (trial.phase == Phase::kRunning) return kRunning;
  if (trial.phase != Phase::kEnded || !trial.outcome) return kScheduled;
  switch (*trial.outcome) {
    case Outcome::kCompleted:
    case Outcome::kPruned:
      return kFinished;
    case Outcome::kKilled:
    case Outcome::kCancelled:
      return kKilled;
    default:
      return kFailed;
  }
}

class MlflowWriter : public ExportWriter {
 public:
  MlflowWriter(const ExportHead& head, ExportTarget& target, const fs::path& path)
      : head_(head), target_(target), folder_(core::absolute_path(path) / head.record.id) {}

  void add(const ExportedTrial& trial) override {
    const TrialState& state = trial.state;
    const std::string id = run_id(state), run = head_.record.id + "/" + id;
    target_.add(run + "/meta.yaml", run_meta(trial, id));
    for (const char* folder : {"/artifacts", "/metrics", "/params", "/tags"}) target_.add_folder(run + folder);
    for (const ExportedParameter& parameter : head_.parameters)
      target_.add(run + "/params/" + parameters_.of(parameter.name), parameter_text(parameter.value_in(state.config)));
    for (const auto& [name, lines] : metric_lines(trial)) target_.add(run + "/metrics/" + name, lines);
    for (const auto& [name, value] : tags(trial)) target_.add(run + "/tags/" + name, value);
  }

  void finish() override {
    const SweepRecord& record = head_.record;
    target_.add(record.id + "/meta.yaml",
                fmt::format("artifact_location: {}\ncreation_time: {}\nexperiment_id: {}\nlast_update_time: {}\n"
                            "lifecycle_stage: active\nname: {}\n",
                            yaml_text(core::file_uri(folder_)), record.created_ms, yaml_text(record.id),
                            record.created_ms, yaml_text(export_title(record))));
    std::map<std::string, std::string> tags = {
        {"sweep.id", record.id}, {"sweep.method", record.method}, {"sweep.seed", std::to_string(record.seed)}};
    if (record.metric)
      tags.insert({{"sweep.metric", core::printable(record.metric->name)},
                   {"sweep.goal", record.metric->goal == protocol::Goal::kMaximize ? "maximize" : "minimize"}});
    for (const auto& [name, value] : tags) target_.add(record.id + "/tags/" + name, value);
  }

  Renamed renamed_metrics() const override { return metrics_.renamed(); }
  Renamed renamed_parameters() const override { return parameters_.renamed(); }

 private:
  // 32 hexadecimal digits, as MLflow's own; a trial that is drawn twice is two runs.
  std::string run_id(const TrialState& state) const {
    return core::sha256_hex(fmt::format("{}/{}/{}", head_.record.id, state.index, state.trial)).substr(0, 32);
  }

  static std::string run_name(const TrialState& state) { return fmt::format("{}-{}", state.index, state.trial); }

  std::string run_meta(const ExportedTrial& trial, const std::string& id) const {
    const auto time = [](std::int64_t ms) { return ms > 0 ? std::to_string(ms) : "null"; };
    return fmt::format(
        "artifact_uri: {}\nend_time: {}\nentry_point_name: ''\nexperiment_id: {}\nlifecycle_stage: active\n"
        "run_id: {}\nrun_name: {}\nrun_uuid: {}\nsource_name: ''\nsource_type: {}\nsource_version: ''\n"
        "start_time: {}\nstatus: {}\ntags: []\nuser_id: ''\n",
        yaml_text(core::file_uri(folder_ / id / "artifacts")), time(trial.ended_ms), yaml_text(head_.record.id),
        yaml_text(id), yaml_text(run_name(trial.state)), yaml_text(id), kLocalSource,
        time(trial.started_ms > 0 ? trial.started_ms : head_.record.created_ms),
        static_cast<int>(status_of(trial.state)));
  }

  // The file of each metric: a line for each value.
  std::map<std::string, std::string> metric_lines(const ExportedTrial& trial) {
    std::map<std::string, std::string> lines;
    const auto add_line = [&](const std::string& name, std::int64_t ms, double value, std::uint64_t step) {
      lines[name] += fmt::format("{} {} {}\n", ms, core::format_double(value), step);
    };
    for (const MetricPoint& point : trial.points)
      for (const auto& [name, value] : point.values) add_line(metrics_.of(name), point.time_ms, value, point.step);
    if (const auto value = ranked_value(trial.state))
      add_line(kRankedValue, trial.ended_ms, *value, trial.state.step.value_or(0));
    return lines;
  }

  std::map<std::string, std::string> tags(const ExportedTrial& trial) const {
    const TrialState& state = trial.state;
    std::map<std::string, std::string> tags = {{"mlflow.runName", run_name(state)},
                                               {"sweep.index", std::to_string(state.index)},
                                               {"sweep.outcome", trial.outcome},
                                               {"sweep.seed", std::to_string(state.seed)},
                                               {"sweep.trial", state.trial}};
    if (!state.detail.empty()) tags["sweep.detail"] = core::printable(state.detail);
    if (head_.record.repeats > 1) tags["sweep.replicate"] = std::to_string(state.replicate);
    if (state.repeats_index) tags["sweep.repeats"] = std::to_string(*state.repeats_index);
    if (!state.reused_from->empty()) tags["sweep.reused_from"] = *state.reused_from;
    return tags;
  }

  const ExportHead& head_;
  ExportTarget& target_;
  fs::path folder_;
  SafeNames metrics_{NameRule::kPath, kRankedValue}, parameters_{NameRule::kPath};
};

}  // namespace

std::unique_ptr<ExportWriter> mlflow_writer(const ExportHead& head, ExportTarget& target, const fs::path& path) {
  return std::make_unique<MlflowWriter>(head, target, path);
}

}  // namespace sweep
