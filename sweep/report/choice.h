// Which rows a report shows, and in which order: --all, --filter, --sort, --top. Used by every format, so that they all
// show the same ones; and by commands/, which loads what is shown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "sweep/report/report.h"

namespace sweep {

/// Whether a trial of the row ran or was reused.
bool has_run(const Row& row);

/// The rows that the report is of, ended or not: without the surplus, or with that part of it that ran. `rows` where
/// that is every one, else `some`, into which they are copied.
const std::vector<Row>& own_rows(const std::vector<Row>& rows, const ReportOptions& options, std::vector<Row>& some);

/// Of these, the rows that the options let through, in their order.
struct Choice {
  std::vector<Row> rows;
  std::size_t candidates = 0;   ///< how many there would be without filter and top
  std::size_t without_top = 0;  ///< how many there would be without top
};

/// Sorted: rows without a value stand last, those that are not a number before them; rows of the same value keep the
/// order of the leaderboard. Requires: `own` is what own_rows() gave.
/// Errors: UserError for what --filter or --sort name in vain, with the nearest name, and for what --sort names twice.
Choice chosen_rows(const SweepHead& sweep, const std::vector<Row>& own, const ReportOptions& options);

/// The trials of which a table or a JSON report reads more than a forgotten state holds (Study::forget), by index;
/// where others are forgotten, `constants` of the head must say what is constant. Requires: no filter and no sort.
std::set<std::uint64_t> shown_trials(const std::vector<Row>& rows, const ReportOptions& options);

}  // namespace sweep
