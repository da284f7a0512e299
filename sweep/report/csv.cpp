// Rows → CSV; see report.h.
#include "sweep/report/choice.h"
#include "sweep/report/columns.h"
#include "sweep/report/csv_text.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

std::vector<Column> usual_columns(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::vector<Column> columns = {rank_column(),    trial_column(),       index_column(), replicate_column(),
                                 outcome_column(), metric_column(sweep), epoch_column(), step_column()};
  if (sweep.repeats > 1) columns.insert(columns.end() - 2, {deviation_column(), count_column()});
  std::map<std::string, bool> names;
  const Parameters all = parameters(sweep, rows);
  for (const std::string& name : all.varying) names[name] = true;
  for (const auto& [name, value] : all.constants) names[name] = true;
  for (const auto& [name, present] : names) columns.push_back(parameter_column(sweep, name));
  return columns;
}

}  // namespace

std::string report_csv(const SweepHead& sweep, const std::vector<Row>& all_rows, const ReportOptions& options) {
  std::vector<Row> some;
  const std::vector<Row>& rows = own_rows(all_rows, options, some);
  // The parameters are those of every row, shown or not: the heading does not depend on how far the sweep has come.
  const std::vector<Column> columns = chosen_columns(sweep, rows, options, usual_columns(sweep, rows));
  std::vector<std::string> fields;
  for (const Column& column : columns) fields.push_back(csv_field(column.title));
  std::string text = csv_line(fields);
  for (const Row& row : chosen_rows(sweep, rows, options).rows) {
    for (const Column& column : columns) {
      append_csv_cell(text, column.cell(row));
      text += ',';
    }
    text.back() = '\n';
  }
  return text;
}

}  // namespace sweep
