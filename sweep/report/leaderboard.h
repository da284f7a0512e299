// What a leaderboard for people is made of, whatever it is written as: its rows, its columns, what is named once above
// them, and its cells as text. Called by the table and the Markdown.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweep/report/choice.h"
#include "sweep/report/columns.h"
#include "sweep/report/leaders.h"

namespace sweep {

struct Leaderboard {
  Choice shown;
  std::map<std::string, core::Json> constants;  ///< parameters that have one value in all rows
  std::map<std::string, core::Json> alike;      ///< with a filter: the others that have one value in the rows shown
  std::vector<Column> columns;  ///< those asked for, else rank, trial, outcome, metric, epoch and what varies
};

/// `own`: what own_rows() gave. Errors: UserError for what the options name in vain.
Leaderboard make_leaderboard(const SweepHead& sweep, const std::vector<Row>& own, const ReportOptions& options);

/// A column's cells as text.
struct CellTexts {
  std::vector<std::vector<std::string>> parts;  ///< of each row: the value, "-" where it is missing, and what is beside
  bool is_numbers = false;                      ///< each value is a number, to be aligned at its point
};
/// Numbers are rounded to so many digits that no two different ones look alike.
CellTexts cell_texts(const Column& column, const std::vector<Row>& rows);

}  // namespace sweep
