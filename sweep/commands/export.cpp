// sweep export: writes a trial as a capsule, one file from which it replays elsewhere.
#include "sweep/capsule/export.h"

#include <fmt/format.h>

#include <memory>

#include "core/files.h"
#include "protocol/outcome.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

struct Flags {
  std::string trial, sweep;
  std::filesystem::path output;
  ExportOptions options;
};

int export_capsule(Flags flags, const Globals& globals) {
  const Store store = open_store(globals);
  const SelectedTrial selected = select_trial(store, flags.trial, flags.sweep);
  flags.options.runs = globals.runs;
  const Exported exported = export_trial(store, selected.place, flags.options);
  const std::filesystem::path file =
      flags.output.empty() ? std::filesystem::path(exported.trial + ".capsule") : flags.output;
  core::write_file_durably(file, exported.bytes);
  if (globals.json) {
    core::Json json = exported.to_json();
    json["file"] = file.string();
    print_json(json);
    return protocol::kExitOk;
  }
  print(fmt::format("{}: trial {}, {} parts, {} bytes\ncapsule {}\n", printable(file.string()), exported.trial,
                    exported.parts.size(), exported.bytes.size(), exported.digest));
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_export(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("TRIAL", flags->trial, "prefix of an id, #12 (index in the last sweep), or best")
      ->required()
      ->type_name("");
  declare_sweep_of_trial(subcommand, flags->sweep);
  subcommand.add_option("-o,--output", flags->output, "the file; ID.capsule otherwise")->type_name("FILE");
  subcommand.add_flag("--with-data", flags->options.with_data, "the data set too; it is known by its digest otherwise");
  subcommand.add_flag("--with-checkpoint", flags->options.with_checkpoint, "the checkpoints that are kept too");
  subcommand.add_flag("--with-trainer", flags->options.with_trainer, "the executable of the built-in trainer too");
  subcommand.add_flag("--with-sources", flags->options.with_sources, "sources and templates of your own program too");
  subcommand.footer("`sweep replay FILE` verifies it, runs the trial again and compares.");
  return [flags, &globals] { return export_capsule(*flags, globals); };
}

}  // namespace sweep
