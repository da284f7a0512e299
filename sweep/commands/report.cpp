// sweep report: the leaderboard of a sweep, finished or not; under its own metric or another one.
#include <algorithm>
#include <memory>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/suggest.h"
#include "core/until_exit.h"
#include "protocol/files.h"
#include "sweep/commands/board.h"
#include "sweep/commands/output.h"
#include "sweep/commands/page.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/whole_number.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/replay/agreement.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

struct Flags {
  std::string sweep = "last";
  std::string format = "table";
  std::filesystem::path output;
  std::vector<std::string> with;
  std::string metric;
  ReportOptions options;
};

[[noreturn]] void refuse_metric(const std::string& problem, const std::string& remedy) {
  throw core::UserError("--metric", problem, remedy);
}

// NAME:GOAL or NAME:GOAL:REDUCE; the name may hold colons.
protocol::Metric read_metric(const std::string& text) {
  const std::vector<std::string> goals = {"minimize", "maximize"}, reduces = {"best", "last"};
  const auto is_one_of = [](const std::string& word, const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  protocol::Metric metric;
  metric.name = text;
  const auto take_last = [&] {
    const std::size_t colon = metric.name.rfind(':');
    if (colon == std::string::npos) return std::string();
    const std::string word = metric.name.substr(colon + 1);
    metric.name.resize(colon);
    return word;
  };
  std::string word = take_last();
  if (is_one_of(word, reduces)) {
    metric.reduce = word == "last" ? protocol::Reduce::kLast : protocol::Reduce::kBest;
    word = take_last();
  }
  if (word.empty() || metric.name.empty())
    refuse_metric("'" + text + "' names no goal", "write NAME:minimize or NAME:maximize, and :last for the last value");
  if (!is_one_of(word, goals)) {
    const auto near = core::nearest_word(word, goals);
    refuse_metric("'" + word + "' is no goal", near ? "did you mean '" + *near + "'?" : "write minimize or maximize");
  }
  metric.goal = word == "maximize" ? protocol::Goal::kMaximize : protocol::Goal::kMinimize;
  return metric;
}

// Errors: UserError where no trial gave the metric, with the nearest name, or all.
void check_reported(const Study& study, const std::string& name) {
  std::set<std::string> names;
  for (const TrialState& trial : study.trials())
    for (const auto& [metric, value] : trial.final_values) names.insert(metric);
  if (names.contains(name)) return;
  if (names.empty()) refuse_metric("no trial has reported a metric yet", "");
  const std::vector<std::string> words(names.begin(), names.end());
  const auto near = core::nearest_word(name, words);
  std::string remedy = near ? "did you mean '" + *near + "'?" : "one of:";
  for (std::size_t i = 0; !near && i < words.size(); ++i) remedy += (i == 0 ? " " : ", ") + printable(words[i], 60);
  refuse_metric("no trial reported '" + printable(name, 60) + "'", remedy);
}

std::string render(const Flags& flags, const Board& board) {
  const auto& [study, head, rows, findings, replays] = board;
  if (flags.format == "csv") return report_csv(head, rows, flags.options);
  if (flags.format == "json")
    return core::canonical_json(
               with_findings(with_findings(report_json(head, rows, flags.options), findings), replays)) +
           "\n";
  return report_table(head, rows, flags.options);
}

// A report must not take the place of what it is made from.
void refuse_store(const std::filesystem::path& output, const Globals& globals) {
  const std::string name = output.filename().string();
  std::error_code ignored;
  const auto folder = [&](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(path, ignored);
  };
  if (name.starts_with(protocol::kStoreFile) &&
      folder(std::filesystem::absolute(output).parent_path()) == folder(globals.runs))
    throw core::UserError("--output", "'" + output.string() + "' is the store", "write the report to another file");
}

bool shows_few(const Flags& flags) {
  return flags.options.top && !flags.options.all && flags.options.columns.empty() && flags.format != "csv";
}

// The same trials by another metric; where the sweep ended stays.
Board under_metric(const Store& store, const SweepRecord& sweep, const std::string& text) {
  Study study = load_study(store, sweep.id);
  SweepHead head = sweep_head(sweep, study);
  head.metric = read_metric(text);
  check_reported(study, head.metric->name);
  Board board{load_study_under(store, sweep.id, *head.metric, study.bound()),
              std::move(head),
              {},
              {},
              find_differing_replays(store, sweep.id)};
  board.rows = rank(board.study);
  board.findings = find_disagreements(store, sweep.id);
  return board;
}

Board load(const Flags& flags, const Store& store, const SweepRecord& sweep) {
  if (!flags.metric.empty()) return under_metric(store, sweep, flags.metric);
  if (flags.format == "html") return load_page_board(store, sweep, flags.options);
  return load_board(store, sweep, flags.options, shows_few(flags));
}

int report(Flags flags, const Globals& globals) {
  if (globals.json) flags.format = "json";
  flags.options.all |= flags.format == "html";  // a page has every trial
  flags.options.runs_flag = runs_flag(globals);
  for (const std::string& name : flags.with) {
    flags.options.with_time |= name == "time";
    flags.options.with_device |= name == "device";
    flags.options.with_host |= name == "host";
  }
  const Store store = open_store(globals);
  const SweepRecord sweep = select_sweep(store, flags.sweep);
  const Board& board = core::until_exit(load(flags, store, sweep));
  const std::string text =
      flags.format == "html" ? html_report(store, sweep, board, flags.options, globals) : render(flags, board);
  if (flags.output.empty()) {
    print(text);
  } else {
    refuse_store(flags.output, globals);
    core::write_file_durably(flags.output, text);
  }
  if (board.rows.empty())
    note(globals, "no trial of sweep " + sweep.id + " is planned yet: go on with `sweep resume " + sweep.id +
                      runs_flag(globals) + "`");
  if (const std::string missing = coverage_note(board.rows, flags.options); !missing.empty()) note(globals, missing);
  if (!board.findings.empty()) note(globals, finding_note(board.findings));
  if (!board.replays.empty()) note(globals, finding_note(board.replays));
  return protocol::kExitOk;
}

}  // namespace

std::function<int()> declare_report(CLI::App& subcommand, Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  subcommand.add_option("SWEEP", flags->sweep, "prefix of an id, a name, or last")
      ->type_name("")
      ->capture_default_str();
  subcommand.add_option("--format", flags->format, "table, json, csv or html")
      ->check(CLI::IsMember({"table", "json", "csv", "html"}))
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
  subcommand
      .add_option("--metric", flags->metric,
                  "rank by this metric instead: NAME:minimize or NAME:maximize, then :best or :last")
      ->type_name("NAME:GOAL");
  subcommand.add_option("--output", flags->output, "write to this file")->type_name("FILE");
  subcommand.add_flag("--all", flags->options.all,
                      "trials that have not ended, or ran beyond the end of the sweep, as well");
  return [flags, &globals] { return report(*flags, globals); };
}

}  // namespace sweep
