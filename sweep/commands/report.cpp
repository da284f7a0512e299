// sweep report: the leaderboard of a sweep, finished or not; under its own metric or another one.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>

#include "core/error.h"
#include "core/files.h"
#include "core/until_exit.h"
#include "protocol/files.h"
#include "sweep/commands/board.h"
#include "sweep/commands/metric_flag.h"
#include "sweep/commands/output.h"
#include "sweep/commands/page.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/commands/verbs.h"
#include "sweep/commands/wake_signals.h"
#include "sweep/commands/watch.h"
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
  bool watch = false;
  ReportOptions options;
};

std::string render(const Flags& flags, const Board& board, const ReportOptions& options) {
  const auto& [study, head, rows, findings, replays] = board;
  if (flags.format == "csv") return report_csv(head, rows, options);
  if (flags.format == "md") return report_markdown(head, rows, options);
  if (flags.format == "json")
    return core::canonical_json(with_findings(with_findings(report_json(head, rows, options), findings), replays)) +
           "\n";
  return report_table(head, rows, options);
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

Shows shows(const Flags& flags, const ReportOptions& options, const SweepRecord& sweep) {
  const bool is_plain = options.filter.empty() && options.sort.empty() && options.columns.empty() &&
                        flags.with.empty() && !options.all && sweep.metric.has_value();
  if (!is_plain) return Shows::kAnything;
  if (options.top && (flags.format == "table" || flags.format == "json")) return Shows::kFirstRows;
  return flags.format == "json" ? Shows::kAnything : Shows::kValues;
}

// The same trials by another metric.
Board under_metric(const Store& store, const SweepRecord& sweep, const std::string& text) {
  auto [study, head] = load_under_metric(store, sweep, text);
  Board board{std::move(study), std::move(head), {}, {}, find_differing_replays(store, sweep.id)};
  board.rows = rank(board.study);
  board.findings = find_disagreements(store, sweep.id);
  return board;
}

Board load(const Flags& flags, const Store& store, const SweepRecord& sweep, const ReportOptions& options) {
  if (!flags.metric.empty()) return under_metric(store, sweep, flags.metric);
  if (flags.format == "html") return load_page_board(store, sweep, options);
  return load_board(store, sweep, options, shows(flags, options, sweep));
}

// The table, with as many rows as the terminal has room for.
class WatchedSweep : public Watched {
 public:
  WatchedSweep(const Flags& flags, const Globals& globals, const Store& store, SweepRecord sweep)
      : flags_(flags), globals_(globals), store_(store), sweep_(std::move(sweep)) {}

  Look look(const std::optional<TerminalSize>& room) override {
    // Asked first: what is recorded before the end is still read.
    const bool is_over = !Controller::of_sweep(globals_.runs, sweep_.id);
    ReportOptions options = flags_.options;
    if (!room) return {table(options), is_over};
    options.width = room->columns;
    options.height = room->rows > 1 ? room->rows - 1 : 1;  // below it the cursor
    options.top = std::min<std::uint64_t>(options.top.value_or(UINT64_MAX), room->rows);
    return {table(options), is_over};
  }

 private:
  std::string table(const ReportOptions& options) const {
    return render(flags_, load(flags_, store_, sweep_, options), options);
  }

  const Flags& flags_;
  const Globals& globals_;
  const Store& store_;
  SweepRecord sweep_;
};

int watch(const Flags& flags, const Globals& globals, const Store& store, const SweepRecord& sweep) {
  if (flags.format != "table") throw core::UserError("--watch", "shows a table", "leave --format and --json out");
  if (!flags.output.empty()) throw core::UserError("--watch", "writes to no file", "leave --output out");
  WatchedSweep watched(flags, globals, store, sweep);
  SignalWaker waker;
  StreamTerminal terminal(stdout);
  const SystemClock clock;
  const bool is_terminal = terminal_size(STDOUT_FILENO).has_value();
  const bool is_over = is_terminal ? watch_on_terminal(watched, terminal, waker, clock)
                                   : watch_elsewhere(watched, terminal, waker, clock);
  if (waker.signal() != 0) return waker.signal() == SIGINT ? protocol::kExitInterrupted : protocol::kExitTerminated;
  const Study study = load_study(store, sweep.id, Load::kToRank);
  if (is_over && !study.finished(sweep.trials))
    note(globals, "nobody runs sweep " + sweep.id + " now: go on with `" + resume_command(sweep.id, globals) + "`");
  return protocol::kExitOk;
}

int report(Flags flags, const Globals& globals) {
  if (globals.json) flags.format = "json";
  flags.options.all |= flags.format == "html";  // a page has every trial
  flags.options.runs_flag = runs_flag(globals);
  if (flags.output.empty()) set_terminal(flags.options, globals);
  for (const std::string& name : flags.with) {
    flags.options.with_time |= name == "time";
    flags.options.with_device |= name == "device";
    flags.options.with_host |= name == "host";
  }
  const Store store = open_store(globals);
  std::optional turn(store.take_turn());
  const SweepRecord sweep = select_sweep(store, flags.sweep);
  if (flags.sweep != "last") flags.options.sweep_word = " " + sweep.id;
  if (flags.watch) {
    turn.reset();  // each look takes one
    return watch(flags, globals, store, sweep);
  }
  const Board& board = core::until_exit(load(flags, store, sweep, flags.options));
  const std::string text = flags.format == "html" ? html_report(store, sweep, board, flags.options, globals)
                                                  : render(flags, board, flags.options);
  turn.reset();
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
  subcommand.add_option("--format", flags->format, "table, json, csv, md or html")
      ->check(CLI::IsMember({"table", "json", "csv", "md", "html"}))
      ->type_name("FORMAT");
  subcommand.add_option("--top", flags->options.top, "only the first N rows")
      ->check(whole_number(1, UINT64_MAX))
      ->type_name("N");
  subcommand
      .add_option("--filter", flags->options.filter,
                  "only rows that meet a condition: 'optimizer=adam and (learning_rate<1e-3 or not epoch in (1, 2))'")
      ->type_name("CONDITION");
  subcommand.add_option("--sort", flags->options.sort, "by these columns; -NAME begins with the largest")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,-B,…");
  subcommand.add_option("--columns", flags->options.columns, "these columns, in this order")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("A,B,…");
  subcommand.add_option("--with", flags->with, "more columns: time, device, host")
      ->delimiter(',')
      ->check(CLI::IsMember({"time", "device", "host"}))
      ->type_name("A,B,…");
  declare_metric(subcommand, flags->metric);
  subcommand.add_option("--output", flags->output, "write to this file")->type_name("FILE");
  subcommand.add_flag("--watch", flags->watch, "show it again and again until nobody runs the sweep any more");
  subcommand.add_flag("--all", flags->options.all,
                      "trials that have not ended, or ran beyond the end of the sweep, as well");
  return [flags, &globals] { return report(*flags, globals); };
}

}  // namespace sweep
