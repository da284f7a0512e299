// See contents.h.
#include "sweep/capsule/contents.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "protocol/data_set.h"
#include "sweep/capsule/paths.h"
#include "sweep/capsule/record_text.h"
#include "sweep/dispatch/fast_class.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/dispatch/transcript.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr char kOtherVersion[] = "another version of sweep made it, or it was changed";

[[noreturn]] void refuse(const std::string& place, const char* part, const std::string& problem,
                         const std::string& remedy = "the capsule was changed") {
  throw core::UserError(place + ": " + part, problem, remedy);
}

bool is_external(const Json& numerics) {
  if (!numerics.is_object() || !numerics.contains(kExternalNumerics)) return false;
  const Json& where = numerics[kExternalNumerics];
  return where.is_object() && where.contains("threads") && where["threads"].is_number_integer() &&
         where.contains("device") && where["device"].is_string();
}

bool is_identity(const Json& json) {
  if (!json.is_object() || json.size() != 3 || !json.contains("trainer") || !json["trainer"].is_string()) return false;
  if (!json.contains("data") || !json.contains("numerics")) return false;
  const Json& data = json["data"];
  if (data.is_object()) {
    if (!data.contains("inputs") || !data["inputs"].is_object()) return false;
    for (const auto& [path, digest] : data["inputs"].items())
      if (!digest.is_string()) return false;
  }
  return (data.is_null() || data.is_string() || data.is_object()) &&
         (json["numerics"] == kPortableNumerics || is_external(json["numerics"]) || is_fast(json["numerics"]));
}

bool is_program(const Json& json) {
  const auto is_text = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
  return json.is_null() || (json.is_object() && is_text("folder") && is_text("interpreter") && is_text("device") &&
                            json.contains("sources") && json["sources"].is_object());
}

bool is_overrides(const Json& json) {
  if (!json.is_object()) return false;
  for (const auto& [key, value] : json.items()) {
    const bool number = (key == "seed" || key == "count") && value.is_number_unsigned();
    if (!number && !(key == "method" && value.is_string()) && !(key == "ignore_early_terminate" && value.is_boolean()))
      return false;
  }
  return true;
}

// What the rest of the program takes for granted of a record that it wrote itself.
void check_record(const SweepRecord& sweep, const std::string& place) {
  if (!is_identity(sweep.identity)) refuse(place, kRecordPart, "does not say who trains on what");
  if (!is_program(sweep.program)) refuse(place, kRecordPart, "does not describe the program");
  if (!is_overrides(sweep.overrides)) refuse(place, kRecordPart, "holds overrides that no flag gives");
  if (sweep.program.is_null() == is_external(sweep.identity["numerics"]))
    refuse(place, kRecordPart, "does not say whose arithmetic it was");
  if (sweep.program.is_object()) ProgramSources::from_json(sweep.program["sources"], place + ": " + kRecordPart);
  if (!sweep.data.is_null()) protocol::DataSource::from_json(sweep.data, place + ": " + kRecordPart);
  const fs::path file = sweep.file;
  const bool is_name =
      file.has_filename() && file.is_relative() && file == file.lexically_normal() && *file.begin() != "..";
  if (!is_name || (sweep.program.is_null() && file.has_parent_path()))
    refuse(place, kRecordPart, "does not name the sweep file");
}

TrialPlan plan_of(const SweepRecord& sweep, const std::string& place) {
  recorded_spec(sweep);  // says what is wrong with the text, where something is
  std::optional<TrialPlan> plan = recorded_plan(sweep);
  if (!plan) refuse(place, kSweepFilePart, "does not give sweep " + printable_text(sweep.id, 100), kOtherVersion);
  const Spec& spec = plan->spec();
  const std::pair<const char*, bool> fields[] = {{"method", sweep.method == name(spec.method)},
                                                 {"seed", sweep.seed == spec.seed},
                                                 {"target", sweep.target == spec.target},
                                                 {"repeats", sweep.repeats == spec.repeats},
                                                 {"trials", sweep.trials == plan->count()},
                                                 {"program", sweep.program.is_object() == spec.program.has_value()}};
  for (const auto& [field, fits] : fields)
    if (!fits) refuse(place, kRecordPart, fmt::format("'{}' is not what the sweep file says", field));
  return *std::move(plan);
}

TrialState fold(const CapsuleRecord& record, const std::string& place) {
  Study alone(Terms{.metric = record.sweep.metric, .alone = true});
  for (const StoredEvent& stored : record.events) {
    StudyEvent event = stored.event;
    const auto* planned = std::get_if<TrialPlanned>(&event);
    if (std::holds_alternative<GuardLifted>(event) || (planned && planned->repeats_index))
      refuse(place, kEventsPart, "holds an event that is not of this trial");
    std::visit([](auto& e) { e.index = 0; }, event);
    alone.apply(event);
  }
  const TrialState* trial = alone.find(0);
  if (trial == nullptr || trial->phase != Phase::kEnded) refuse(place, kEventsPart, "holds no trial that has ended");
  if (trial->attempts.empty() || !trial->reused_from->empty()) refuse(place, kEventsPart, "holds no trial that ran");
  TrialState state = *trial;
  state.index = record.index;
  return state;
}

// The sweep as it was prepared for the trial's last attempt, as far as a document tells of it.
Prepared prepared_for(const SweepRecord& sweep, TrialPlan plan, const TrialState& trial) {
  Hardware hardware;
  hardware.device = trial.attempts.back().device;
  const Json& numerics = sweep.identity["numerics"];
  const int threads =
      is_external(numerics) ? numerics[kExternalNumerics]["threads"].get<int>() : plan.spec().resources.threads;
  Trainer trainer;
  if (sweep.program.is_object()) trainer.program.emplace();
  std::optional<protocol::DataSource> data;
  if (!sweep.data.is_null()) data = protocol::DataSource::from_json(sweep.data, kRecordPart);
  return {std::move(plan), std::move(trainer), std::move(data), hardware, threads, {}, sweep};
}

Json digests_of(const CapsuleContents& contents) {
  const SweepRecord& sweep = contents.record.sweep;
  Json checkpoints = Json::object();
  for (const StoredEvent& stored : contents.record.events)
    if (const auto* said = std::get_if<TrainerSaid>(&stored.event))
      if (const auto* checkpoint = std::get_if<protocol::Checkpoint>(&said->event.body))
        checkpoints[checkpoint->file] = checkpoint->sha256;
  return {{"checkpoints", checkpoints},
          {"data", sweep.identity["data"]},
          {"program", needed_program(sweep)},
          {"trainer", sweep.identity["trainer"]},
          {"trainer_sha256", sweep.trainer_sha256},
          {"weights_sha256", contents.trial.weights_sha256}};
}

// Where the sources and templates of the program lie among the parts.
std::set<std::string> program_parts(const CapsuleContents& contents) {
  std::set<std::string> names;
  const Json& program = contents.record.sweep.program;
  if (!program.is_object()) return names;
  const auto add = [&](const fs::path& file) { names.insert(kProgramParts + file.lexically_normal().string()); };
  const auto sources = ProgramSources::from_json(program["sources"], kRecordPart);
  for (const SourceFile& file : sources.files) add(sources.folder / path_bytes(file.path));
  for (const auto& [file, rendered] : contents.plan.spec().program->templates) add(file);
  return names;
}

// What no other part speaks of. Of the parts under `data/` the form of the data set decides, where it is laid out.
void refuse_undeclared(const Parts& parts, const CapsuleContents& contents, const std::string& place) {
  const SweepRecord& sweep = contents.record.sweep;
  const bool has_files = !sweep.data.is_null() && !protocol::is_builtin(sweep.data.at("name").get<std::string>());
  const Json digests = digests_of(contents);
  const std::set<std::string> of_program = program_parts(contents);
  for (const auto& [name, text] : parts) {
    const auto refuse_unless = [&, &name = name](bool declared, const char* problem) {
      if (!declared) refuse(place, printable_text(name, kMaxPartName).c_str(), problem);
    };
    if (name == kTrainerPart) refuse_unless(sweep.program.is_null(), "is there, and the trial is of another program");
    if (name.starts_with(kDataParts)) refuse_unless(has_files, "is there, and the trial has no data set in files");
    if (name.starts_with(kProgramParts)) refuse_unless(of_program.contains(name), "is no source of the program");
    if (!name.starts_with(kCheckpointParts)) continue;
    const auto written = digests["checkpoints"].find(name.substr(std::strlen(kCheckpointParts)));
    refuse_unless(written != digests["checkpoints"].end(), "is no checkpoint of the trial");
    refuse_unless(*written == "" || *written == core::sha256_hex(text), "is not what the trial wrote");
  }
}

// An absolute path of the data is replaced by its last step, in the sweep file as well.
void shorten_data(SweepRecord& sweep) {
  if (sweep.data.is_null()) return;
  auto data = protocol::DataSource::from_json(sweep.data, "the record of sweep " + sweep.id);
  data.path.clear();
  if (const std::string folder = data.name; fs::path(folder).is_absolute()) {
    data.name = last_step(folder);
    SweepRecord shorter = sweep;
    for (std::size_t at = 0; (at = shorter.text.find(folder, at)) != std::string::npos; at += data.name.size())
      shorter.text.replace(at, folder.size(), data.name);
    if (recorded_plan(shorter)) sweep.text = shorter.text;
  }
  sweep.data = data.to_json();
}

// A program finds its sweep file and its inputs from the folder in which the sweep was started.
void shorten_program(SweepRecord& sweep) {
  Json& program = sweep.program;
  if (!program.is_object()) return;
  const fs::path folder = program.at("folder").get<std::string>();
  const fs::path file = fs::path(sweep.file).lexically_relative(folder);
  if (!file.empty() && *file.begin() != "..") sweep.file = file.string();
  const fs::path sources = path_bytes(program.at("sources").at("folder").get<std::string>());
  program["sources"]["folder"] = path_text(sources.lexically_relative(folder).string());
  program["folder"] = "";
  program["interpreter"] = fs::path(program.at("interpreter").get<std::string>()).filename().string();
}

void shorten_event(StudyEvent& event) {
  if (auto* ordered = std::get_if<AttemptOrdered>(&event)) ordered->reason = without_folders(ordered->reason);
  if (auto* ended = std::get_if<AttemptEnded>(&event)) ended->detail = without_folders(ended->detail);
  if (auto* reopened = std::get_if<TrialReopened>(&event)) reopened->reason = without_folders(reopened->reason);
}

}  // namespace

CapsuleRecord without_paths(CapsuleRecord record) {
  SweepRecord& sweep = record.sweep;
  shorten_program(sweep);
  if (fs::path(sweep.file).is_absolute()) sweep.file = fs::path(sweep.file).filename().string();
  if (sweep.provenance.is_object()) sweep.provenance.erase("host");
  sweep.provenance = json_without_folders(sweep.provenance);
  shorten_data(sweep);
  for (StoredEvent& stored : record.events) shorten_event(stored.event);
  return record;
}

CapsuleContents understand(CapsuleRecord record, const std::string& place) {
  check_record(record.sweep, place);
  TrialPlan plan = plan_of(record.sweep, place);
  if (record.index >= plan.count())
    refuse(place, kRecordPart, fmt::format("is of trial #{}, which its sweep does not have", record.index));
  TrialState trial = fold(record, place);
  PlannedTrial planned = plan.trial(record.index);
  const bool same_config = core::canonical_json(planned.config) == core::canonical_json(trial.config);  // NaNs too
  if (planned.id != trial.trial || !same_config || planned.seed != trial.seed || planned.replicate != trial.replicate)
    refuse(place, kEventsPart,
           fmt::format("is of trial {}, and trial #{} of the sweep file is {}", printable_text(trial.trial, 100),
                       record.index, planned.id),
           kOtherVersion);
  Prepared prepared = prepared_for(record.sweep, std::move(plan), trial);
  protocol::TrialDocument document = trial_document(prepared, planned);
  return {std::move(record), std::move(prepared.plan), std::move(planned), std::move(trial), std::move(document)};
}

Parts to_parts(const CapsuleContents& contents) {
  const CapsuleRecord& record = contents.record;
  Json json = to_json(record.sweep);
  json["index"] = record.index;
  Parts parts;
  parts[kRecordPart] = core::canonical_json(json);
  parts[kSweepFilePart] = record.sweep.text;
  parts[kEventsPart] = to_lines(record.events);
  parts[kTrialPart] = core::canonical_json(contents.document.to_json());
  parts[kDigestsPart] = core::canonical_json(digests_of(contents));
  return parts;
}

CapsuleContents from_parts(const Parts& parts, const std::string& trial, const std::string& place) {
  const std::string in_record = place + ": " + kRecordPart;
  const Json json = core::parse_json(parts.at(kRecordPart), in_record);
  CapsuleRecord record;
  record.sweep = sweep_from_json(json, in_record);
  if (!json.contains("index") || !json["index"].is_number_unsigned())
    refuse(place, kRecordPart, "does not say which trial of the sweep it is");
  record.index = json["index"].get<std::uint64_t>();
  record.sweep.text = parts.at(kSweepFilePart);
  record.events = events_from_lines(parts.at(kEventsPart), record.sweep.id, record.index, place + ": " + kEventsPart);
  CapsuleContents contents = understand(std::move(record), place);
  if (contents.trial.trial != trial) refuse(place, kManifestPart, "names another trial than " + contents.trial.trial);
  for (const auto& [name, text] : to_parts(contents))
    if (parts.at(name) != text) refuse(place, name.c_str(), "is not what the other parts say");
  refuse_undeclared(parts, contents, place);
  return contents;
}

Json needed_program(const SweepRecord& sweep) {
  if (!sweep.program.is_object()) return nullptr;
  const auto sources = ProgramSources::from_json(sweep.program.at("sources"), "the record of sweep " + sweep.id);
  Json files = Json::object();
  for (const SourceFile& file : sources.files) files[file.path] = file.sha256;
  Json command = Json::array();
  for (const std::string& item : sources.command) command.push_back(path_text(item));
  return {{"command", command}, {"files", files}};
}

}  // namespace sweep
