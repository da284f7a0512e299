// Rows → CSV; see report.h. Quoting: RFC 4180, section 2, rules 5 to 7. Lines end with LF, which every reader of CSV
// takes and every Unix tool expects.
#include "core/json.h"
#include "sweep/report/columns.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

std::string quoted(const std::string& field) {
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string csv_field(const std::string& field) {
  return field.empty() || field.find_first_of(",\"\r\n") != std::string::npos ? quoted(field) : field;
}

std::string csv_cell(const std::optional<core::Json>& cell) {
  if (!cell) return {};
  if (cell->is_string()) return csv_field(cell->get_ref<const std::string&>());
  if (cell->is_number_float()) return core::format_double(cell->get<double>());
  return csv_field(core::canonical_json(*cell));
}

std::vector<Column> usual_columns(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::vector<Column> columns = {rank_column(),    trial_column(),       index_column(), replicate_column(),
                                 outcome_column(), metric_column(sweep), epoch_column(), step_column()};
  if (sweep.repeats > 1) columns.insert(columns.end() - 2, {deviation_column(), count_column()});
  std::map<std::string, bool> names;
  const Parameters all = parameters(rows);
  for (const std::string& name : all.varying) names[name] = true;
  for (const auto& [name, value] : all.constants) names[name] = true;
  for (const auto& [name, present] : names) columns.push_back(parameter_column(name));
  return columns;
}

}  // namespace

std::string report_csv(const SweepHead& sweep, const std::vector<Row>& all_rows, const ReportOptions& options) {
  const std::vector<Row> rows = own_rows(all_rows, options);
  // The parameters are those of every row, shown or not: the heading does not depend on how far the sweep has come.
  const std::vector<Column> columns = chosen_columns(sweep, rows, options, usual_columns(sweep, rows));
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i) text += (i == 0 ? "" : ",") + csv_field(columns[i].title);
  text += '\n';
  for (const Row& row : chosen_rows(rows, options)) {
    for (std::size_t i = 0; i < columns.size(); ++i) text += (i == 0 ? "" : ",") + csv_cell(columns[i].cell(row));
    text += '\n';
  }
  return text;
}

}  // namespace sweep
