// See export.h.
#include "sweep/capsule/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "protocol/data_set.h"
#include "protocol/files.h"
#include "sweep/capsule/contents.h"
#include "sweep/capsule/paths.h"
#include "sweep/dispatch/data.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/replay/replay.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

CapsuleRecord record_of(const Store& store, const Origin& origin) {
  CapsuleRecord record{origin.sweep, origin.trial.index, {}};
  store.read_trial({origin.sweep.id, origin.trial.index}, /*with_trace=*/true, [&](const StoredEvent& stored) {
    if (!std::holds_alternative<GuardLifted>(stored.event)) record.events.push_back(stored);
  });
  return record;
}

// A part that would be refused where it is read is refused where it is made.
void add(Parts& parts, const std::string& name, std::string contents) {
  check_part_name(name, "the capsule");
  if (!parts.emplace(name, std::move(contents)).second)
    throw core::UserError("the capsule: " + name, "two files have this name");
}

std::string read_part(const fs::path& file) { return core::read_file(file, kMaxCapsuleBytes); }

void add_data(Parts& parts, const SweepRecord& sweep) {
  core::KnownDigests none;  // every byte is read anyway
  const auto data = find_recorded_data(sweep, none);
  if (!data || protocol::is_builtin(data->name))
    throw core::UserError("--with-data", "this trial has no data set that lies in files", "leave the flag out");
  const protocol::DataSet files = protocol::locate_data(data->path, data->options);
  for (const protocol::DataFile& file : files.files)
    add(parts, kDataParts + file.file.filename().string(), read_part(file.file));
}

void add_checkpoints(Parts& parts, const CapsuleRecord& record, const std::string& trial, const fs::path& runs) {
  const fs::path folder = runs / protocol::kTrialsFolder / trial / protocol::kCheckpointsFolder;
  std::map<std::string, std::string> announced;  // what was written last under a name counts
  for (const StoredEvent& stored : record.events)
    if (const auto* said = std::get_if<TrainerSaid>(&stored.event))
      if (const auto* checkpoint = std::get_if<protocol::Checkpoint>(&said->event.body))
        announced[checkpoint->file] = checkpoint->sha256;
  std::size_t added = 0;
  for (const auto& [name, sha256] : announced) {
    if (!fs::exists(folder / name)) continue;
    std::string contents = read_part(folder / name);
    if (!sha256.empty() && core::sha256_hex(contents) != sha256)
      throw core::UserError(
          (folder / name).string(),
          fmt::format("has the digest {}, and the trial wrote {}", core::sha256_hex(contents), sha256),
          "leave --with-checkpoint out");
    add(parts, kCheckpointParts + name, std::move(contents));
    ++added;
  }
  if (added == 0)
    throw core::UserError("--with-checkpoint", fmt::format("no checkpoint of trial {} is kept", trial),
                          "leave the flag out, or run with `keep`");
}

void add_trainer(Parts& parts, const SweepRecord& sweep, const fs::path& runs) {
  if (sweep.program.is_object())
    throw core::UserError("--with-trainer", "the trial is of a program of your own", "use --with-sources");
  add(parts, kTrainerPart, read_part(frozen_trainer(sweep, runs).executable));
}

std::vector<std::string> absolute_words(const SweepRecord& sweep) {
  std::vector<std::string> words;
  const auto add = [&](const std::string& word) {
    if (path_in_word(word) != std::string::npos && std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(word);
  };
  const Json needed = needed_program(sweep);
  if (needed.is_null()) return words;
  for (const Json& word : needed["command"]) add(word.get<std::string>());
  const Spec spec = recorded_spec(sweep);
  for (const std::string& word : spec.program->command) add(word);  // as written: it is what starts
  const Json& data = sweep.identity["data"];
  if (!data.is_object()) return words;
  for (const auto& [name, digest] : data["inputs"].items()) add(name);
  return words;
}

// A source that the command names by an absolute path is looked for there, wherever the capsule is opened.
void require_found_inside(const ReadyProgram& program, const fs::path& source) {
  std::vector<std::string> words = program.program.command;
  words.insert(words.end(), program.sources.command.begin(), program.sources.command.end());
  for (const std::string& word : words) {
    const std::size_t begin = path_in_word(word);
    std::error_code ignored;
    if (begin == word.npos || !fs::equivalent(word.substr(begin), source, ignored)) continue;
    throw core::UserError("--with-sources",
                          fmt::format("the command names {} by its absolute path: a replay elsewhere would look for it "
                                      "there, and not in the capsule",
                                      word.substr(begin)),
                          "leave the flag out, or run the sweep with a relative path");
  }
}

void add_sources(Parts& parts, const SweepRecord& sweep, const fs::path& runs) {
  if (!sweep.program.is_object())
    throw core::UserError("--with-sources", "the trial is of the built-in trainer", "use --with-trainer");
  const ReadyProgram program = find_recorded_program(recorded_spec(sweep), sweep, runs);
  const auto add_file = [&](const fs::path& file) {
    const std::string path = file.lexically_relative(program.folder).string();
    if (path.empty() || path.starts_with(".."))
      throw core::UserError(file.string(), "lies outside of the folder in which the sweep was started",
                            "leave --with-sources out");
    require_found_inside(program, file);
    const std::string name = kProgramParts + path;
    if (!parts.contains(name)) add(parts, name, read_part(file));
  };
  for (const SourceFile& source : program.sources.files)
    add_file((program.sources.folder / path_bytes(source.path)).lexically_normal());
  for (const auto& [source, rendered] : program.program.templates)
    add_file((program.folder / source).lexically_normal());
}

}  // namespace

Json Exported::to_json() const {
  return {{"bytes", bytes.size()}, {"capsule", digest}, {"index", index},
          {"parts", parts},        {"sweep", sweep},    {"trial", trial}};
}

Exported export_trial(const Store& store, const TrialPlace& place, const ExportOptions& options) {
  const Origin origin = RecordedSweeps(store, options.runs).origin_of(place);
  const std::string& trial = origin.trial.trial;
  if (origin.trial.attempts.empty())
    throw core::UserError("trial " + trial, "has not run yet", "there is nothing to export");
  if (origin.trial.phase != Phase::kEnded)
    throw core::UserError("trial " + trial, "has not ended yet", "export it when it has");
  if (load_alone(store, origin.sweep, origin.trial.index).phase != Phase::kEnded)
    throw core::UserError("trial " + trial, "was stopped beyond the end of its sweep, and has no result",
                          "there is nothing to export");
  CapsuleRecord record = record_of(store, origin);
  Parts parts = to_parts(understand(without_paths(record), "trial " + trial));
  if (options.with_data) add_data(parts, origin.sweep);
  if (options.with_checkpoint) add_checkpoints(parts, record, trial, options.runs);
  if (options.with_trainer) add_trainer(parts, origin.sweep, options.runs);
  if (options.with_sources) add_sources(parts, origin.sweep, options.runs);

  Exported exported;
  exported.trial = trial;
  exported.sweep = origin.sweep.id;
  exported.index = origin.trial.index;
  exported.digest = capsule_digest(trial, parts);
  exported.bytes = pack(trial, parts, "the capsule of trial " + trial);
  exported.absolute = absolute_words(origin.sweep);
  exported.parts = Json::object();
  for (const auto& [name, contents] : parts) exported.parts[name] = contents.size();
  return exported;
}

}  // namespace sweep
