// See open.h.
#include "sweep/capsule/open.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/files.h"
#include "core/shell.h"
#include "protocol/data_set.h"
#include "protocol/files.h"
#include "sweep/capsule/needed_data.h"
#include "sweep/dispatch/trainer.h"
#include "sweep/dispatch/transcript.h"
#include "sweep/program/command_line.h"

namespace sweep {
namespace {

namespace fs = std::filesystem;
using core::Json;

constexpr unsigned kExecutable = 0555;

// Parts whose names begin with `prefix`, as files under `folder`.
void write_parts(const Parts& parts, std::string_view prefix, const fs::path& folder, unsigned mode = 0666) {
  for (auto part = parts.lower_bound(std::string(prefix)); part != parts.end() && part->first.starts_with(prefix);
       ++part)
    core::write_file_durably(folder / part->first.substr(prefix.size()), part->second, mode);
}

// Parts under `data/` of which the data set makes nothing.
void refuse_other_data(const Parts& parts, const protocol::DataSource& data) {
  auto part = parts.lower_bound(kDataParts);
  if (part == parts.end() || !part->first.starts_with(kDataParts)) return;
  std::set<std::string> names;
  for (const protocol::DataFile& file : protocol::locate_data(data.path, data.options).files)
    names.insert(kDataParts + file.file.filename().string());
  for (; part != parts.end() && part->first.starts_with(kDataParts); ++part)
    if (!names.contains(part->first))
      throw core::UserError(printable_text(part->first, kMaxPartName), "is no file of the data set",
                            "the capsule was changed");
}

std::optional<BuiltinTrainer> trainer_here() {
  try {
    return ask_trainer(find_trainer({}));
  } catch (const core::EnvironmentError&) {
    return std::nullopt;
  }
}

[[noreturn]] void refuse_trainer(const Capsule& capsule, const std::optional<BuiltinTrainer>& here) {
  const SweepRecord& sweep = capsule.contents.record.sweep;
  const bool inside = capsule.archive.parts.contains(kTrainerPart);
  throw core::EnvironmentError(
      "trial " + capsule.contents.trial.trial,
      fmt::format("is of {} (executable {}), and {}", printable_text(sweep.identity["trainer"].get<std::string>(), 100),
                  printable_text(sweep.trainer_sha256, 64),
                  here ? "here is " + here->identity : std::string("here is no trainer")),
      inside ? "the capsule holds it: --trust-trainer lets it run, if you trust who made the capsule"
             : "build that version and name it in SWEEP_TRAINER, or export with --with-trainer");
}

// The executable that is to run, kept in the folder. In this order: the same bytes, which are ours already; those of
// the capsule, where that was asked for; another build whose arithmetic is the same.
std::string lay_out_trainer(const Capsule& capsule, const fs::path& folder, const OpenOptions& options) {
  const SweepRecord& sweep = capsule.contents.record.sweep;
  const auto part = capsule.archive.parts.find(kTrainerPart);
  const bool inside = part != capsule.archive.parts.end();
  if (inside && core::sha256_hex(part->second) != sweep.trainer_sha256)
    throw core::UserError(std::string(kTrainerPart), "is not the executable that the record names",
                          "the capsule was changed");
  const fs::path kept = core::absolute_path(options.runs) / protocol::kTrainersFolder / sweep.trainer_sha256;
  if (fs::is_regular_file(kept) && core::sha256_file(kept) == sweep.trainer_sha256)
    return freeze(ask_trainer(kept), folder).sha256;
  const std::optional<BuiltinTrainer> here = trainer_here();
  if (here && here->sha256 == sweep.trainer_sha256) return freeze(*here, folder).sha256;
  if (inside && options.trust_trainer) {
    core::write_file_durably(folder / protocol::kTrainersFolder / sweep.trainer_sha256, part->second, kExecutable);
    return sweep.trainer_sha256;
  }
  if (!here || here->identity != sweep.identity["trainer"]) refuse_trainer(capsule, here);
  return freeze(*here, folder).sha256;
}

// The command, its files and their digests: what somebody has to look at before it is started.
std::string program_text(const SweepRecord& sweep) {
  const Json needed = needed_program(sweep);
  std::vector<std::string> words;
  for (const Json& word : needed["command"]) words.push_back(printable_text(word.get<std::string>(), 1000));
  std::string text = "  command: " + core::shell_quoted(words);
  for (const auto& [path, digest] : needed["files"].items())
    text += fmt::format("\n  {}  {}", printable_text(digest.get<std::string>(), 64), printable_text(path, 200));
  return text;
}

void lay_out_program(const Capsule& capsule, SweepRecord& sweep, const fs::path& folder, const OpenOptions& options) {
  if (!options.trust_command)
    throw core::UserError(
        {{"trial " + capsule.contents.trial.trial, "runs a program of its own, which is not started unasked",
          "look at its command and files, then say --trust-command (and --program FOLDER, where they "
          "lie elsewhere)",
          program_text(sweep)}});
  write_parts(capsule.archive.parts, kProgramParts, folder / "program", 0777);
  const fs::path inside = folder / "program";
  const fs::path where = options.program.empty() ? (fs::exists(inside) ? inside : fs::current_path()) : options.program;
  const fs::path working = core::absolute_path(where);
  if (!fs::is_directory(working)) throw core::UserError("--program " + where.string(), "is no folder");
  const char* path = std::getenv("PATH");
  const fs::path sources = sweep.program["sources"]["folder"].get<std::string>();
  sweep.program["folder"] = working.string();
  sweep.program["interpreter"] = find_interpreter(path == nullptr ? "" : path);
  sweep.program["sources"]["folder"] = (working / sources).lexically_normal().string();
  sweep.file = (working / sweep.file).string();
}

}  // namespace

Capsule Capsule::read(const fs::path& file) {
  Archive archive = unpack(core::read_file(file, kMaxCapsuleBytes), file.string());
  CapsuleContents contents = from_parts(archive.parts, archive.trial, file.string());
  return {std::move(archive), std::move(contents)};
}

OpenedCapsule open_capsule(const Capsule& capsule, const fs::path& folder, const OpenOptions& options) {
  const Parts& parts = capsule.archive.parts;
  SweepRecord sweep = capsule.contents.record.sweep;
  OpenedCapsule opened{{sweep.id, capsule.contents.record.index}, {}};
  if (sweep.program.is_object()) {
    lay_out_program(capsule, sweep, folder, options);
  } else {
    const std::string recorded = sweep.trainer_sha256;
    sweep.trainer_sha256 = lay_out_trainer(capsule, folder, options);
    if (sweep.trainer_sha256 != recorded)
      opened.trainer_note = fmt::format("by another build of the same trainer: {} here, {} in the record",
                                        sweep.trainer_sha256, printable_text(recorded, 64));
    sweep.file = (folder / sweep.file).string();
  }
  write_parts(parts, kDataParts, folder / "data");
  if (!sweep.data.is_null()) {
    const protocol::DataSource data = find_needed_data(sweep.data, folder / "data", options.data);
    refuse_other_data(parts, data);
    sweep.data = data.to_json();
  }
  write_parts(parts, kCheckpointParts,
              folder / protocol::kTrialsFolder / capsule.contents.trial.trial / protocol::kCheckpointsFolder);
  Store store(folder, Store::Mode::kReadWrite);
  store.add_sweep(sweep);
  store.add_alone(sweep.id, capsule.contents.record.events, capsule.contents.trial);
  return opened;
}

}  // namespace sweep
