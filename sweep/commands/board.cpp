// See board.h.
#include "sweep/commands/board.h"

#include <iterator>

#include "core/growing_memory.h"
#include "sweep/commands/selection.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/prepare.h"
#include "sweep/report/choice.h"
#include "sweep/space/space.h"

namespace sweep {
namespace {

constexpr std::size_t kHeapBytes = 160;  // of a trial that is ranked: its id, its row, its place among them

// Completes what is said of these rows.
void fill(const Store& store, const SweepRecord& sweep, const std::set<std::uint64_t>& trials, Board& board) {
  for (const std::uint64_t index : trials)
    if (board.study.find(index)->is_forgotten) board.study.fill(load_trial(store, sweep.id, board.study, index));
}

std::vector<Disagreement> disagreements_of(const Store& store, const SweepRecord& sweep,
                                           const std::set<std::uint64_t>& trials) {
  std::vector<Disagreement> all;
  for (const std::uint64_t index : trials) {
    std::vector<Disagreement> more = find_disagreements(store, sweep.id, index);
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return all;
}

Load load_for(Shows shows) {
  switch (shows) {
    case Shows::kFirstRows:
      return Load::kToRank;
    case Shows::kValues:
      return Load::kToList;
    case Shows::kAnything:
      break;
  }
  return Load::kWhole;
}

}  // namespace

std::set<std::string> constants_of(const SweepRecord& sweep) {
  std::set<std::string> names;
  const Space space(recorded_spec(sweep).parameters);
  for (const Dimension& dimension : space.dimensions())
    if (dimension.enumerable() && dimension.count() == 1) names.insert(dimension.name());
  return names;
}

Board load_board(const Store& store, const SweepRecord& sweep, const ReportOptions& options, Shows shows) {
  const std::uint64_t rows = shows == Shows::kAnything ? 0 : store.count_rows(sweep.id);
  if (rows <= kLargeSweep) shows = Shows::kAnything;
  if (shows == Shows::kFirstRows) core::expect_growth(rows * kHeapBytes);
  Study study = load_study(store, sweep.id, load_for(shows));
  SweepHead head = sweep_head(sweep, study);
  Board board{std::move(study), std::move(head), {}, {}, find_differing_replays(store, sweep.id)};
  board.rows = rank(board.study);
  if (shows == Shows::kFirstRows) {
    const std::set<std::uint64_t> shown = shown_trials(board.rows, options);
    board.head.constants = constants_of(sweep);
    fill(store, sweep, shown, board);
    board.findings = disagreements_of(store, sweep, shown);
  } else {
    // Of the best more is said below a table.
    if (shows == Shows::kValues) fill(store, sweep, shown_trials(board.rows, {.top = 1}), board);
    board.findings = find_disagreements(store, sweep.id);
  }
  return board;
}

}  // namespace sweep
