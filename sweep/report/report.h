// Rows → text table, JSON, CSV. Called by commands/ (`report`, and `run` at its end). Pure: strings in, strings out.
//
// CSV holds only what file, seed and trainer determine, so it is the same byte for byte for any number of slots, any
// crash and any machine; see coverage_note() for the rows of which that is not true. The text table is for people: it
// rounds to six digits (more where two values would look alike) and shortens long texts; CSV and JSON are exact.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/trial_document.h"
#include "sweep/rank/rank.h"

namespace sweep {

/// What a report says of its sweep.
struct SweepHead {
  std::string id;
  std::string name;
  std::string method;  ///< "grid", "random"
  std::uint64_t seed = 0;
  std::uint64_t trials = 0;  ///< how many the sweep has, run or not
  std::optional<protocol::Metric> metric;
  std::string host;  ///< where the sweep was started; for --with host
};

struct ReportOptions {
  std::optional<std::uint64_t> top;  ///< only the first N rows
  std::vector<std::string> columns;  ///< these columns, in this order; empty for the usual ones
  bool with_time = false, with_device = false, with_host = false;
  bool all = false;       ///< rows of trials that have not ended as well
  std::string runs_flag;  ///< put into printed commands: empty, or " --runs DIR" quoted for a shell
};

/// The leaderboard for people. Ends with a newline.
/// Errors: UserError for a name in `columns` that is no column, with the nearest one.
std::string report_table(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// RFC 4180 quoting, lines ended by LF: rank,trial,index,replicate,outcome,<metric>,epoch,step, then the parameters by
/// sorted dotted name. Numbers in canonical form, missing values empty (an empty string is `""`). Errors: as above.
std::string report_csv(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// {"sweep": {…}, "trials": [{…}]}, written with core::canonical_json. `columns` has no meaning here.
core::Json report_json(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options = {});

/// For stderr, where some rows are not covered by the guarantee, or have not ended and are not listed: a line each.
/// Empty otherwise.
std::string coverage_note(const std::vector<Row>& rows, const ReportOptions& options = {});

}  // namespace sweep
