// What a leaderboard is made of, loaded: of a large sweep of which only the first rows are shown, without the events of
// all the others. Called by `sweep report`, and by `run` at its end.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sweep/rank/rank.h"
#include "sweep/replay/agreement.h"
#include "sweep/replay/replay_findings.h"
#include "sweep/report/report.h"
#include "sweep/store/store.h"

namespace sweep {

/// A sweep of more trials than this is large: its rows are ranked by what the table `trials` says.
inline constexpr std::size_t kLargeSweep = 2000;

/// How much of its trials what is written shows; of a large sweep the less, the less is read.
enum class Shows {
  kFirstRows,  ///< the first options.top rows, as a table or as JSON, in the usual columns
  kValues,     ///< every row, its configuration and what the table `trials` says: the usual columns
  kAnything,
};

struct Board {
  Study study;
  SweepHead head;
  std::vector<Row> rows;               ///< of the study
  std::vector<Disagreement> findings;  ///< of a large sweep of which few rows are shown: of those
  std::vector<ReplayFinding> replays;  ///< of any of its trials
};

/// The parameters that have one value by the sweep file.
std::set<std::string> constants_of(const SweepRecord& sweep);

Board load_board(const Store& store, const SweepRecord& sweep, const ReportOptions& options, Shows shows);

}  // namespace sweep
