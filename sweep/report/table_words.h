// What a leaderboard for people says above and below its table. Inside of report/: table.cpp puts it together. Each
// text ends with a newline, or is empty.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweep/report/leaders.h"
#include "sweep/report/report.h"

namespace sweep {

/// The sweep and its outcomes.
std::string heading_text(const SweepHead& sweep, const std::vector<Row>& rows);
/// By what it is ranked and how it ended.
std::string terms_text(const SweepHead& sweep);
/// By what the rows are ranked, without a newline. Requires: a metric.
std::string ranking_text(const SweepHead& sweep);
/// "constant: batch_size 128, epochs 12", a long list in lines of at most `width` columns. Requires: not empty.
std::string values_text(const std::string& label, const std::map<std::string, core::Json>& values, std::size_t width);
/// What the marks mean that need a word.
std::string marks_text(const Leaders& leaders);
/// What came from other sweeps, and how long the trials took that ran here.
std::string runs_text(const std::vector<Row>& own);
/// The best row and how to see it again. Requires: it has a rank.
std::string best_text(const Row& best, const SweepHead& sweep, const ReportOptions& options);
std::string replay_text(const Row& best, const ReportOptions& options);
/// Runs the row's trial again, or with repeats all its trials.
std::string replay_command(const Row& row, const ReportOptions& options);
std::string no_metric_text(const std::vector<Row>& own);

}  // namespace sweep
