// What an HTML report is made of, read from the store: leaderboard, metric histories, when each attempt ran, what
// replays said, the record. Called by `sweep report`. Of a large sweep only the events of the trials that are shown are
// read.
#pragma once

#include <optional>
#include <string>

#include "protocol/trial_document.h"
#include "sweep/commands/board.h"
#include "sweep/commands/command.h"

namespace sweep {

/// The board of a page: of a large sweep with the trials that the page shows and those that are analysed whole, the
/// others forgotten.
Board load_page_board(const Store& store, const SweepRecord& sweep, const ReportOptions& options);

/// The file. `board`: of load_page_board(), or one whose trials are all whole.
std::string html_report(const Store& store, const SweepRecord& sweep, const Board& board, const ReportOptions& options,
                        const Globals& globals);

}  // namespace sweep
