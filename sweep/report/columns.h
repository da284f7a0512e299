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
};

/// A configuration by dotted name: objects inside it are taken apart, an empty one stays a value.
std::map<std::string, core::Json> flat_config(const core::Json& config);

/// The rows that the options let through.
std::vector<Row> chosen_rows(const std::vector<Row>& rows, const ReportOptions& options);

/// The parameters of all rows by sorted name, with their values in `constants` where every row has the same one.
struct Parameters {
  std::vector<std::string> varying;
  std::map<std::string, core::Json> constants;
};
Parameters parameters(const std::vector<Row>& rows);

/// Those of options.columns, else `usual` by title; then those of --with. Errors: UserError for an unknown name.
std::vector<Column> chosen_columns(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options,
                                   const std::vector<Column>& usual);

// The columns that have a name of their own.
Column rank_column();
Column trial_column();
Column index_column();
Column replicate_column();
Column outcome_column();
Column metric_column(const SweepHead& sweep);
Column epoch_column();
Column step_column();
Column parameter_column(const std::string& name);

}  // namespace sweep
