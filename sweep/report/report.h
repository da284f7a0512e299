// Rows → text table, Markdown, JSON, CSV. Called by commands/ (`report`, and `run` at its end). Pure: strings in,
// strings out.
//
// CSV holds only what file, seed and trainer determine, so it is the same byte for byte for any number of slots, any
// crash and any machine; see coverage_note() for the rows of which that is not true. Table and Markdown are for people:
// they round to six digits (more where two values would look alike) and shorten long texts; CSV and JSON are exact.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/rank/rank.h"

namespace sweep {

/// Of a sweep that ends with the first trial by index that reaches a value of its metric.
struct TargetHead {
  std::string metric;  ///< the sweep's own, whatever the report ranks by
  double value = 0;
  std::optional<std::uint64_t> bound;  ///< Study::bound
  bool ended = false;                  ///< whether all trials up to the bound have ended
};

/// Of a sweep that ends with the n-th trial by index that failed.
struct FailuresHead {
  std::uint64_t max_failures = 0;
  std::optional<std::uint64_t> bound;  ///< Study::bound, where failures are its cause
  bool ended = false;                  ///< whether all trials up to the bound have ended
};

/// What a report says of its sweep.
struct SweepHead {
  std::string id;
  std::string name;
  std::string method;  ///< "grid", "random"
  std::uint64_t seed = 0;
  std::uint64_t trials = 0;  ///< how many the sweep has, run or not
  std::optional<protocol::Metric> metric;
  std::string host;           ///< where the sweep was started; for --with host
  std::uint32_t repeats = 1;  ///< trials of each configuration
  std::optional<TargetHead> target;
  /// The parameters that have one value by the sweep file; nothing: those that have one in all rows are taken for it.
  std::optional<std::set<std::string>> constants;
  std::optional<FailuresHead> failures;
};

/// Which rows and columns; of every format the same (choice.h).
struct ReportOptions {
  std::string filter;                ///< a condition that rows meet (filter.h); empty: none
  std::vector<std::string> sort;     ///< by these columns, from the largest where a minus stands before; else by rank
  std::optional<std::uint64_t> top;  ///< only the first N of these rows
  std::vector<std::string> columns;  ///< these columns, in this order; empty for the usual ones
  bool with_time = false, with_device = false, with_host = false;
  bool all = false;        ///< rows of trials that have not ended, and of the surplus that ran, as well
  std::string runs_flag;   ///< put into printed commands: empty, or " --runs DIR" quoted for a shell
  std::string sweep_word;  ///< put into printed commands that take a sweep: empty for the last one, or " ID"
  std::optional<std::size_t>
      width;  ///< of the terminal, in columns; where there is none a line may be as long as it is
  /// Of the terminal, in lines; the table leaves out what says least, then rows, and how many they are is said.
  std::optional<std::size_t> height;
  bool color = false;  ///< the table may use escape sequences of a terminal
};

/// The leaderboard for people. Ends with a newline.
/// Errors: UserError for a name in `columns`, `sort` or `filter` that is no column, with the nearest one, and for one
/// that stands twice in `columns` or in `sort`.
std::string report_table(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// RFC 4180 quoting, lines ended by LF: rank,trial,index,replicate,outcome,<metric>,epoch,step, then the parameters by
/// sorted dotted name. With repeats std,n follow the metric, which is the mean; without any metric its column is called
/// `value` and empty. Numbers in canonical form, missing values empty (an empty string is `""`). Errors: as above.
std::string report_csv(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// A table of GitHub's Markdown, below a paragraph that names the sweep and what is constant in it. Columns and numbers
/// as in the table for people, but no outcome counts and no times: as of CSV, the same bytes everywhere. The best value
/// is bold. Names and values are escaped, so that none acts as Markdown or HTML. Errors: as above.
std::string report_markdown(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// {"sweep": {…}, "trials": [{…}]}, written with core::canonical_json. With `columns` (and then those of --with) each
/// trial is an object of these by their names, null where a value is missing, and "columns" has the names in order; a
/// host comes with with_host. With a filter, a sort or a top "chosen" says which, and of how many rows. Errors: as
/// above.
core::Json report_json(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// A configuration by dotted name: objects inside it are taken apart, an empty one stays a value.
std::map<std::string, core::Json> flat_config(const core::Json& config);

/// For stderr, where some rows are not covered by the guarantee, or have not ended or are surplus and not listed: a
/// line each. Empty otherwise.
std::string coverage_note(const std::vector<Row>& rows, const ReportOptions& options = {});

}  // namespace sweep
