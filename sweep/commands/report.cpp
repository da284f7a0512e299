// sweep report: the leaderboard of a sweep, finished or not.
#include <memory>

#include "core/files.h"
#include "sweep/commands/output.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/whole_number.h"
#include "sweep/dispatch/dispatcher.h"

namespace sweep {
namespace {

struct Flags {
  std::string sweep = "last";
  std::string format = "table";
  std::filesystem::path output;
  std::vector<std::string> with;
  ReportOptions options;
};

std::string render(const Flags& flags, const SweepHead& head, const std::vector<Row>& rows) {
  if (flags.format == "csv") return report_csv(head, rows, flags.options);
  if (flags.format == "json") return core::canonical_json(report_json(head, rows, flags.options)) + "\n";
  return report_table(head, rows, flags.options);
}

int report(Flags flags, const Globals& globals) {
  if (globals.json) flags.format = "json";
  flags.options.runs_flag = runs_flag(globals);
  for (const std::string& name : flags.with) {
    flags.options.with_time |= name == "time";
    flags.options.with_device |= name == "device";
    flags.options.with_host |= name == "host";
  }
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, flags.sweep);
  const Study study = load_study(store, sweep.id);
  const std::vector<Row> rows = rank(study);
  const std::string text = render(flags, sweep_head(sweep), rows);
  if (flags.output.empty()) {
    print(text);
  } else {
    core::write_file_durably(flags.output, text);
  }
  if (const std::string missing = coverage_note(rows, flags.options); !missing.empty()) note(globals, missing);
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_report(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SWEEP", flags->sweep, "prefix of an id, a name, or last")
      ->type_name("")
      ->capture_default_str();
  subcommand.add_option("--format", flags->format, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->type_name("FORMAT");
  subcommand.add_option("--top", flags->options.top, "only the first N rows")
      ->check(whole_number(1, UINT64_MAX))
      ->type_name("N");
  subcommand.add_option("--columns", flags->options.columns, "these columns, in this order")
      ->delimiter(',')
      ->type_name("A,B,…");
  subcommand.add_option("--with", flags->with, "more columns: time, device, host")
      ->delimiter(',')
      ->check(CLI::IsMember({"time", "device", "host"}))
      ->type_name("A,B,…");
  subcommand.add_option("--output", flags->output, "write to this file")->type_name("FILE");
  subcommand.add_flag("--all", flags->options.all, "trials that have not ended as well");
  return [flags, &globals] { return report(*flags, globals); };
}

}  // namespace sweep
