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
enum class Part { kRank, kTrial, kOutcome, kValue, kSpread, kPlace, kMetric, kParameter, kRun };
std::string_view name(Part part);

struct PageColumn {
  Column column;
  Part part;
};

/// The columns of the page's leaderboard: those of the table, every metric and, of each trial, how it ran. Parameters
/// that do not vary are no columns.
std::vector<PageColumn> page_columns(const Page& page, const Parameters& parameters);

/// A curve with at most `most` points: the first, the last, and of each stretch between the lowest and the highest.
/// Requires: most ≥ 4.
MetricCurve fewer_points(const MetricCurve& curve, std::size_t most);

/// Metrics that have curves, the sweep's own first; at most a dozen.
std::vector<std::string> curve_metrics(const Page& page);

/// The whole of it.
core::Json page_data(const Page& page, const Parameters& parameters);

}  // namespace sweep
