// sweep export: writes a trial as a capsule, one file from which it replays elsewhere; or a whole sweep in the form of
// another program.
#include "sweep/capsule/export.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "core/plural.h"
#include "core/shell.h"
#include "protocol/outcome.h"
#include "sweep/capsule/archive.h"
#include "sweep/commands/new_path.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/exports/exports.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

constexpr char kCapsule[] = "capsule";
constexpr std::size_t kNamesShown = 5;  // of those that are written otherwise

struct Flags {
  std::string what, sweep;  // what: a trial, of a format a sweep
  std::string format = kCapsule;
  std::filesystem::path output;
  bool force = false;
  ExportOptions options;
};

// An archive begins with a header of 30 bytes and the name of its first part, which is the manifest of a capsule.
bool is_capsule(const std::filesystem::path& file) {
  constexpr std::string_view kBegin = "PK\x03\x04";
  constexpr std::size_t kNameAt = 30, kNameBytes = std::string_view(kManifestPart).size();
  std::ifstream there(file, std::ios::binary);
  std::string first(kNameAt + kNameBytes, '\0');
  const bool is_long_enough = there && there.read(first.data(), static_cast<std::streamsize>(first.size()));
  return is_long_enough && first.starts_with(kBegin) && first.ends_with(kManifestPart);
}

// An empty file makes room, with `force` an older capsule too; nothing else is overwritten. Errors: UserError.
void require_room(const std::filesystem::path& file, bool force) {
  std::error_code ignored;
  const std::filesystem::file_status status = std::filesystem::status(file, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
    throw core::UserError(file.string(), "is there already and is no file", "name another one with -o");
  if (!std::filesystem::exists(status) || std::filesystem::file_size(file, ignored) == 0) return;
  if (!is_capsule(file))
    throw core::UserError(file.string(), "is there already and is no capsule", "name another file with -o");
  if (!force)
    throw core::UserError(file.string(), "is there already", "name another file with -o, or replace it with --force");
}

std::string absolute_note(const std::vector<std::string>& words) {
  std::string names;
  for (std::size_t i = 0; i < std::min(words.size(), kNamesShown); ++i)
    names += (i == 0 ? "" : ", ") + printable(words[i], 200);
  if (words.size() > kNamesShown) names += fmt::format(", and {} more", words.size() - kNamesShown);
  return "absolute paths of `command` and `inputs` stay as they are, and a replay looks there: " + names;
}

int export_capsule(Flags flags, const Globals& globals) {
  const Store store = open_store(globals);
  const SelectedTrial selected = select_trial(store, flags.what, flags.sweep);
  flags.options.runs = globals.runs;
  const Exported exported = export_trial(store, selected.place, flags.options);
  const std::filesystem::path file =
      flags.output.empty() ? std::filesystem::path(exported.trial + ".capsule") : flags.output;
  require_room(file, flags.force);
  core::write_file_durably(file, exported.bytes);
  if (globals.json) {
    core::Json json = exported.to_json();
    json["file"] = file.string();
    print_json(json);
  } else {
    print(fmt::format("{}: trial {}, {} parts, {} bytes\ncapsule {}\n", printable(file.string()), exported.trial,
                      exported.parts.size(), exported.bytes.size(), exported.digest));
  }
  if (!exported.absolute.empty()) note(globals, absolute_note(exported.absolute));
  return protocol::kExitOk;
}

// How the other program opens it.
std::string opening(const SweepExport& exported) {
  const std::string path = core::shell_quoted(exported.path.string());
  switch (exported.format) {
    case ExportFormat::kTensorboard:
      return "open it with `tensorboard --logdir " + path + "`";
    case ExportFormat::kMlflow:
      return "open it with `mlflow ui --backend-store-uri " + path + "`";
    case ExportFormat::kOptuna:
      break;
  }
  return "open it in Python with JournalStorage(JournalFileStorage(" + core::canonical_json(exported.path.string()) +
         ")) of optuna.storages";
}

std::string renamed_note(const SweepExport& exported) {
  std::string names;
  std::size_t count = 0;
  const auto add = [&](const char* kind, const Renamed& renamed) {
    for (const auto& [written, name] : renamed)
      if (++count <= kNamesShown)
        names += fmt::format("{}{} '{}' as '{}'", names.empty() ? "" : ", ", kind, printable(name, 40), written);
  };
  add("metric", exported.metrics);
  add("parameter", exported.parameters);
  if (count > kNamesShown) names += fmt::format(", and {} more (--json has them)", count - kNamesShown);
  return fmt::format("{} written otherwise, as {} takes them: {}",
                     count == 1 ? "1 name is" : core::counted(count, "name") + " are", name(exported.format), names);
}

int export_whole_sweep(const Flags& flags, const Globals& globals) {
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, flags.what.empty() ? "last" : flags.what);
  const std::filesystem::path path =
      flags.output.empty() ? std::filesystem::path(sweep.id + "." + flags.format) : flags.output;
  const SweepExport exported = export_sweep(store, sweep, *export_format(flags.format), path, flags.force);
  if (globals.json) {
    print_json(exported.to_json());
  } else {
    print(fmt::format("{}: {} of sweep {}, {}, {}\n{}\n", printable(path.string()),
                      core::counted(exported.trials, "trial"), sweep.id, core::counted(exported.files, "file"),
                      core::counted(exported.bytes, "byte"), printable(opening(exported))));
  }
  if (exported.left_out > 0)
    note(globals,
         core::counted(exported.left_out, "trial") + " beyond the end of the sweep left out, as in its report");
  if (!exported.metrics.empty() || !exported.parameters.empty()) note(globals, renamed_note(exported));
  return protocol::kExitOk;
}

// What is said of a capsule and has no meaning for a sweep, or the other way round. Errors: UserError.
void require_one_meaning(const Flags& flags) {
  if (flags.format == kCapsule) {
    if (flags.what.empty())
      throw core::UserError("TRIAL", "is missing", "name the trial, or export a whole sweep with --format");
    return;
  }
  const std::string whole = ", and --format " + flags.format + " exports a whole sweep";
  if (!flags.sweep.empty())
    throw core::UserError("--sweep", "says which sweep a trial is of" + whole,
                          "write `sweep export " + core::shell_quoted(flags.sweep) + " --format " + flags.format + "`");
  if (flags.what.starts_with('#') || flags.what == "best")
    throw core::UserError("'" + flags.what + "'", "is a trial" + whole, "name a sweep, or leave --format out");
  const ExportOptions& options = flags.options;
  for (const auto& [flag, is_given] :
       {std::pair("--with-data", options.with_data), std::pair("--with-checkpoint", options.with_checkpoint),
        std::pair("--with-trainer", options.with_trainer), std::pair("--with-sources", options.with_sources)})
    if (is_given) throw core::UserError(flag, "adds to a trial's capsule" + whole, "leave one of the two out");
}

}  // namespace

std::function<int()> declare_export(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  std::vector<std::string> formats = {kCapsule};
  for (const ExportFormat format : kExportFormats) formats.emplace_back(name(format));
  subcommand
      .add_option("TRIAL", flags->what,
                  "prefix of an id, #12 (index in the last sweep), or best; with --format a sweep: prefix of an id, a "
                  "name, or last")
      ->type_name("");
  subcommand.add_option("--format", flags->format, "capsule, of a trial; of a sweep tensorboard, mlflow or optuna")
      ->check(CLI::IsMember(formats))
      ->type_name("FORMAT")
      ->capture_default_str();
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_option("-o,--output", flags->output, "the file or folder; ID.FORMAT otherwise")
      ->check(new_path("then it is ID.FORMAT"))
      ->type_name("PATH");
  subcommand.add_flag("--force", flags->force, "take the place of an earlier export; that of a sweep becomes PATH.old");
  subcommand.add_flag("--with-data", flags->options.with_data, "the data set too; it is known by its digest otherwise");
  subcommand.add_flag("--with-checkpoint", flags->options.with_checkpoint, "the checkpoints that are kept too");
  subcommand.add_flag("--with-trainer", flags->options.with_trainer, "the executable of the built-in trainer too");
  subcommand.add_flag("--with-sources", flags->options.with_sources, "sources and templates of your own program too");
  subcommand.footer("`sweep replay FILE` verifies a capsule, runs the trial again and compares.");
  return [flags, &globals] {
    require_one_meaning(*flags);
    return flags->format == kCapsule ? export_capsule(*flags, globals) : export_whole_sweep(*flags, globals);
  };
}

}  // namespace sweep
