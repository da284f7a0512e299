// See page.h.
#include "sweep/commands/page.h"

#include <algorithm>
#include <tuple>

#include "sweep/commands/analysed.h"
#include "sweep/commands/output.h"
#include "sweep/commands/page_facts.h"
#include "sweep/commands/progress_text.h"
#include "sweep/commands/selection.h"
#include "sweep/commands/state.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/html/page.h"
#include "sweep/replay/trial_record.h"
#include "sweep/report/columns.h"
#include "sweep/report/table_words.h"

namespace sweep {
namespace {

constexpr std::size_t kMostValues = 2'000'000;  // read for curves; then no further trial's are

void fill(const Store& store, const SweepRecord& sweep, Study& study, std::uint64_t index) {
  if (study.find(index)->is_forgotten) study.fill(load_trial(store, sweep.id, study, index));
}

// The metrics of one trial, in steps that count; of a program that comes to a step again the last line.
std::map<std::string, MetricCurve> curves_of(const Store& store, const TrialPlace& place, std::size_t& values) {
  std::map<std::string, MetricCurve> curves;
  for (const auto& [step, lines] : TrialRecord::from_attempts(store.trial_events(place, /*with_trace=*/false)).metrics)
    for (const auto& line : lines)
      for (const auto& [name, value] : line) {
        MetricCurve& curve = curves[name];
        if (!curve.empty() && curve.back().first == step) curve.pop_back();
        curve.emplace_back(step, value);
        ++values;
      }
  return curves;
}

// First the rows that have a rank, by rank.
void add_curves(const Store& store, const SweepRecord& sweep, Page& page) {
  std::size_t values = 0, trials = 0;
  for (const Row& row : page.shown.rows) {
    for (const TrialState* trial : row.trials()) {
      if (trial->repeats_index || (trial->attempts.empty() && trial->reused_from->empty())) continue;
      if (++trials > kMostCurves || values > kMostValues) return;
      page.curves[trial->index] = curves_of(store, {sweep.id, trial->index}, values);
    }
  }
}

// When the attempts of a trial ran. One that has no end was cut off, or runs: it lasts to the sweep's newest event.
void add_attempts(const Store& store, const TrialPlace& place, std::int64_t newest_ms, Page& page) {
  const std::size_t first = page.attempts.size();
  store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
    if (const auto* ordered = std::get_if<AttemptOrdered>(&stored.event)) {
      page.attempts.push_back(
          {place.index, ordered->attempt, ordered->slot, stored.time_ms, newest_ms, "running", ordered->reason});
    } else if (const auto* ended = std::get_if<AttemptEnded>(&stored.event)) {
      for (std::size_t i = page.attempts.size(); i-- > first;) {
        if (page.attempts[i].attempt != ended->attempt) continue;
        page.attempts[i].end_ms = stored.time_ms;
        page.attempts[i].outcome = protocol::name(ended->outcome);
        break;
      }
    }
  });
}

void add_timeline(const Store& store, const SweepRecord& sweep, Page& page) {
  const std::int64_t newest_ms = store.last_event_ms(sweep.id).value_or(sweep.created_ms);
  for (const Row& row : page.shown.rows)
    for (const TrialState* trial : row.trials())
      if (!trial->attempts.empty()) add_attempts(store, {sweep.id, trial->index}, newest_ms, page);
  std::sort(page.attempts.begin(), page.attempts.end(), [](const RanAttempt& a, const RanAttempt& b) {
    return std::tie(a.start_ms, a.index, a.attempt) < std::tie(b.start_ms, b.index, b.attempt);
  });
}

std::vector<ReplayLine> replays_of(const Store& store, const SweepRecord& sweep) {
  std::vector<ReplayLine> lines;
  for (const ReplayRecord& replay : current_replays(store, sweep.id))
    lines.push_back({replay.trial, replay.verdict, place_of(replay.detail), utc_text(replay.time_ms),
                     first_difference(replay.detail)});
  return lines;
}

std::string state_text(const SweepRecord& sweep, const Study& study, const Globals& globals) {
  const bool controlled = Controller::of_sweep(globals.runs, sweep.id).has_value();
  return std::string(name(state_of(overview_of(study, sweep), controlled))) + ", " +
         ended_text(study.ended(), study.wanted(sweep.trials));
}

}  // namespace

Board load_page_board(const Store& store, const SweepRecord& sweep, const ReportOptions& options) {
  const bool is_plain = options.filter.empty() && options.sort.empty() && options.columns.empty();
  if (!is_plain || store.count_rows(sweep.id) <= kLargeSweep)
    return load_board(store, sweep, options, Shows::kAnything);
  Study study = load_study(store, sweep.id, Load::kToRank);
  SweepHead head = sweep_head(sweep, study);
  head.constants = constants_of(sweep);
  Board board{std::move(study), std::move(head), {}, {}, find_differing_replays(store, sweep.id)};
  board.rows = rank(board.study);
  for (const Row& row : shown_rows(board.head, board.rows, options, seed_of_analysis(sweep)).rows)
    for (const TrialState* trial : row.trials()) fill(store, sweep, board.study, trial->index);
  board.findings = find_disagreements(store, sweep.id);
  return board;
}

std::string html_report(const Store& store, const SweepRecord& sweep, const Board& board, const ReportOptions& options,
                        const Globals& globals) {
  Page page;
  page.head = board.head;
  page.shown = shown_rows(board.head, board.rows, options, seed_of_analysis(sweep));
  page.options = options;
  page.outcomes = outcomes_of(board.head, board.rows);
  page.state = state_text(sweep, board.study, globals);
  page.analysis = analysis_of(store, sweep, board.study, board.rows, board.head.metric, /*pairs=*/false);
  add_curves(store, sweep, page);
  add_timeline(store, sweep, page);
  page.replays = replays_of(store, sweep);
  for (const Disagreement& finding : board.findings) page.findings.push_back(finding.text());
  for (const ReplayFinding& finding : board.replays) page.findings.push_back(finding.text());
  page.facts = facts_of(sweep, options.with_host);
  page.file_text = sweep.text;
  if (page.shown.best) page.replay_command = replay_command(*page.shown.best, options);
  return html_page(page);
}

}  // namespace sweep
