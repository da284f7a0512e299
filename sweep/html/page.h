// A sweep → one HTML file that needs no network: leaderboard, charts, environment and record. Called by `sweep report
// --format html`, which reads the store. Pure: strings in, a string out.
//
// Every table and a plain SVG of every chart stand in the page as they are. Where the program was built with npm the
// page also holds a script and the data, and the script puts charts that answer to the mouse and to the keyboard in
// their place. What comes from the sweep is escaped (markup.h) or is data that the script only ever sets as text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweep/analysis/analysis.h"
#include "sweep/report/report.h"

namespace sweep {

inline constexpr std::size_t kFirstRows = 1000;   ///< of a large sweep the first rows are shown,
inline constexpr std::size_t kDrawnRows = 5000;   ///< and so many drawn from the rest
inline constexpr std::size_t kMostCurves = 1000;  ///< trials whose metrics are drawn: the first, then as drawn

/// When an attempt ran and where. Times: Unix ms, of the controller's clock.
struct RanAttempt {
  std::uint64_t index = 0;
  std::uint32_t attempt = 0;
  std::string slot;
  std::int64_t start_ms = 0, end_ms = 0;
  std::string outcome;  ///< as protocol::name() spells it; "running" while it runs
  std::string reason;   ///< why it was ordered, in words
};

/// A metric of one trial by step, ascending.
using MetricCurve = std::vector<std::pair<std::uint64_t, double>>;

struct Fact {
  std::string name, value;
};
struct FactGroup {
  std::string title;
  std::vector<Fact> facts;
};

struct ReplayLine {
  std::string trial, verdict, where, when, detail;
};

/// The rows that a page shows, in their order.
struct ShownRows {
  std::vector<Row> rows;
  std::uint64_t chosen = 0;  ///< how many meet the condition, shown or not
  std::uint64_t all = 0;     ///< how many there are; the surplus that did not run is not among them
  bool is_sample = false;    ///< the first ones, and some of the rest
  std::optional<Row> best;   ///< the first of the leaderboard, where it has a rank
};

/// All rows, or those that the options let through, in their order; of more than kFirstRows + kDrawnRows without
/// options.top the first and a sample of the rest.
/// Determinism: the sample is a function of `seed` and the indices of the rows.
/// Errors: UserError for what --filter or --sort name in vain.
ShownRows shown_rows(const SweepHead& head, const std::vector<Row>& rows, const ReportOptions& options,
                     std::uint64_t seed);

/// Everything that a page says.
struct Page {
  SweepHead head;
  ShownRows shown;
  ReportOptions options;                          ///< the columns that were asked for, and what `shown` was made by
  std::map<std::string, std::uint64_t> outcomes;  ///< of all trials
  std::string state;                              ///< "finished, 24 of 24 trials have ended"
  Analysis analysis;
  std::map<std::uint64_t, std::map<std::string, MetricCurve>> curves;  ///< by index of the trial and by metric
  std::vector<RanAttempt> attempts;                                    ///< of the shown rows' trials
  std::vector<ReplayLine> replays;
  std::vector<std::string> findings;  ///< sentences: results that do not agree
  std::vector<FactGroup> facts;
  std::string file_text;       ///< the sweep file
  std::string replay_command;  ///< of the best row
};

/// The whole file.
std::string html_page(const Page& page);

}  // namespace sweep
