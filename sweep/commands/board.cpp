// See board.h.
#include "sweep/commands/board.h"

#include <iterator>

#include "core/growing_memory.h"
#include "sweep/commands/selection.h"
#include "sweep/dispatch/dispatcher.h"
#include "sweep/space/space.h"

namespace sweep {
namespace {

constexpr std::size_t kHeapBytes = 160;  // of a trial that is ranked: its id, its row, its place among them

// Completes what of the rows is shown.
void fill_shown(const Store& store, const SweepRecord& sweep, const ReportOptions& options, Board& board) {
  board.head.constants = constants_of(sweep);
  for (const std::uint64_t index : shown_trials(board.rows, options)) {
    if (board.study.find(index)->is_forgotten) board.study.fill(load_trial(store, sweep.id, board.study, index));
    std::vector<Disagreement> more = find_disagreements(store, sweep.id, index);
    board.findings.insert(board.findings.end(), std::make_move_iterator(more.begin()),
                          std::make_move_iterator(more.end()));
  }
}

}  // namespace

std::set<std::string> constants_of(const SweepRecord& sweep) {
  std::set<std::string> names;
  const Space space(read_spec(sweep.text, sweep.file).parameters);
  for (const Dimension& dimension : space.dimensions())
    if (dimension.enumerable() && dimension.count() == 1) names.insert(dimension.name());
  return names;
}

Board load_board(const Store& store, const SweepRecord& sweep, const ReportOptions& options, bool shows_few) {
  const std::uint64_t rows = shows_few ? store.count_rows(sweep.id) : 0;
  const bool is_large = rows > kLargeSweep;
  if (is_large) core::expect_growth(rows * kHeapBytes);
  Study study = load_study(store, sweep.id, is_large ? Load::kToRank : Load::kWhole);
  SweepHead head = sweep_head(sweep, study);
  Board board{std::move(study), std::move(head), {}, {}, find_differing_replays(store, sweep.id)};
  board.rows = rank(board.study);
  if (is_large)
    fill_shown(store, sweep, options, board);
  else
    board.findings = find_disagreements(store, sweep.id);
  return board;
}

}  // namespace sweep
