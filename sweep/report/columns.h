// The columns of a report, and which of them a table or a CSV has. Inside of report/.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/report/report.h"

namespace sweep {

/// A title and the cell of a row; nothing where a value is missing (not the same as null or an empty string).
struct Column {
  std::string title;
  std::function<std::optional<core::Json>(const Row&)> cell;
  /// For people, of a row that has a cell: what is said of it beside its value. Empty: nothing.
  std::function<std::vector<std::string>(const Row&)> beside = {};
  bool ranks = false;  ///< the values by which the rows are ranked
  bool is_id = false;  ///< of trials
  bool is_parameter = false;
};

/// How many trials there are of each outcome, those that are not planned yet among the waiting ones. Not the surplus.
std::map<std::string, std::uint64_t> outcomes_of(const SweepHead& sweep, const std::vector<Row>& rows);

/// The metrics that any trial gave, by name.
std::vector<std::string> reported_metrics(const std::vector<Row>& rows);

/// The parameters of all rows by sorted name, with their values in `constants` where every row has the same one, or, if
/// the head names the constants, those.
struct Parameters {
  std::vector<std::string> varying;
  std::map<std::string, core::Json> constants;
};
Parameters parameters(const SweepHead& sweep, const std::vector<Row>& rows);

/// Everything that --columns, --sort and --filter may name, each name once: the fixed columns win over parameters,
/// which are "config.NAME" then, these over metrics, which are "NAME (metric)" then, and these over `attempts` and
/// `value`, which is the ranking metric's too.
std::vector<Column> known_columns(const SweepHead& sweep, const std::vector<Row>& rows);
/// What the column `outcome` may hold.
std::vector<std::string> outcome_words();
std::vector<std::string> titles_of(const std::vector<Column>& columns);

/// Those of options.columns, else `usual` by title; then those of --with, before which a parameter of that name is
/// "config.NAME". Errors: UserError for an unknown name, and for one that stands twice.
std::vector<Column> chosen_columns(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options,
                                   const std::vector<Column>& usual);

// The columns that have a name of their own.
Column rank_column();
Column trial_column();
Column index_column();
Column replicate_column();
Column outcome_column();
Column metric_column(const SweepHead& sweep);  ///< with repeats the mean
Column deviation_column();                     ///< std
Column count_column();                         ///< n
Column other_metric_column(const std::string& name);
/// Of a metric that has the name of another column.
std::string metric_title(const std::string& name);
Column epoch_column();
Column step_column();
/// Of a parameter that has the name of another column.
std::string parameter_title(const std::string& name);
/// Of a parameter that has the name of another column of a CSV report ("step", the ranking metric's) the title is
/// "config.step".
Column parameter_column(const SweepHead& sweep, const std::string& name);
Column seconds_column();  ///< with repeats of all trials together
Column device_column();
Column host_column(const SweepHead& sweep);
Column attempts_column();  ///< how many; with repeats of all trials together

}  // namespace sweep
