// What the page's script reads: the leaderboard as columns, curves with fewer points, attempts by slot, what the forest
// says of each parameter. Inside of html/. docs/report.md describes the form.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/html/page.h"
#include "sweep/report/columns.h"

namespace sweep {

/// What a column is to the reader.
enum class Part { kRank, kTrial, kOutcome, kValue, kSpread, kPlace, kMetric, kParameter, kRun, kOther };
std::string_view name(Part part);

struct PageColumn {
  Column column;
  Part part = Part::kOther;
  bool is_shown = false;  ///< in the leaderboard; what is not can be filtered by all the same
};

/// Every column that a condition may name (the host only where it is asked for). Shown are those of options.columns,
/// first and in their order, else those of the table, every metric and, of each trial, how it ran.
/// Errors: UserError for an unknown name in options.columns.
std::vector<PageColumn> page_columns(const Page& page, const Parameters& parameters);

/// With repeats what stands beside a mean: "± 0.025 (3)", and "≈" where it cannot be told apart from the best. Else
/// empty.
std::string beside_text(const Page& page, const Column& column, const Row& row);

/// "trial", or "configuration": what a row is.
std::string row_noun(const SweepHead& head);

/// A curve with at most `most` points: the first, the last, and of each stretch between the lowest and the highest.
/// Requires: most ≥ 4.
MetricCurve fewer_points(const MetricCurve& curve, std::size_t most);

/// Metrics that have curves, the sweep's own first; at most a dozen.
std::vector<std::string> curve_metrics(const Page& page);

/// The whole of it.
core::Json page_data(const Page& page, const Parameters& parameters);

}  // namespace sweep
