// See leaderboard.h.
#include "sweep/report/leaderboard.h"

#include <algorithm>

#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;

// Nothing ranks: by index, with the last values of what was reported, as far as a line has room.
std::vector<Column> columns_without_metric(const SweepHead& sweep, const std::vector<Row>& own,
                                           const std::vector<Row>& shown, const std::vector<std::string>& varying) {
  constexpr std::size_t kMetrics = 6;
  std::vector<Column> columns = {index_column(), trial_column(), outcome_column()};
  for (const std::string& name : varying) columns.push_back(parameter_column(sweep, name));
  std::vector<std::string> names = reported_metrics(shown);
  if (names.size() > kMetrics) names.resize(kMetrics);
  const std::vector<std::string> known = names.empty() ? names : titles_of(known_columns(sweep, own));
  for (const std::string& name : names) {
    columns.push_back(other_metric_column(name));
    if (std::find(known.begin(), known.end(), metric_title(name)) != known.end())
      columns.back().title = metric_title(name);
  }
  return columns;
}

std::vector<Column> usual_columns(const SweepHead& sweep, const std::vector<Row>& own, const std::vector<Row>& shown,
                                  const std::vector<std::string>& varying) {
  if (!sweep.metric) return columns_without_metric(sweep, own, shown, varying);
  std::vector<Column> columns = {rank_column(), trial_column()};
  const bool all_ranked = std::all_of(shown.begin(), shown.end(), [](const Row& row) { return row.rank.has_value(); });
  if (!all_ranked) columns.push_back(outcome_column());
  columns.push_back(metric_column(sweep));
  const bool epochs = std::any_of(shown.begin(), shown.end(), [](const Row& row) { return row.epoch().has_value(); });
  if (epochs || shown.empty()) columns.push_back(epoch_column());
  for (const std::string& name : varying) columns.push_back(parameter_column(sweep, name));
  return columns;
}

// The value that all rows have; values are compared as they are written.
std::optional<Json> common_value(const SweepHead& sweep, const std::string& parameter, const std::vector<Row>& rows) {
  const Column column = parameter_column(sweep, parameter);
  const auto first = column.cell(rows.front());
  if (!first) return std::nullopt;
  const std::string text = core::canonical_json(*first);
  const bool same = std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
    const auto cell = column.cell(row);
    return cell && core::canonical_json(*cell) == text;
  });
  return same ? first : std::nullopt;
}

}  // namespace

Leaderboard make_leaderboard(const SweepHead& sweep, const std::vector<Row>& own, const ReportOptions& options) {
  Leaderboard board;
  board.shown = chosen_rows(sweep, own, options);
  Parameters all = parameters(sweep, own);
  board.constants = std::move(all.constants);
  const std::vector<Row>& shown = board.shown.rows;
  if (!options.filter.empty() && shown.size() > 1)
    for (const std::string& name : all.varying)
      if (auto value = common_value(sweep, name, shown)) board.alike[name] = std::move(*value);
  std::erase_if(all.varying, [&](const std::string& name) { return board.alike.contains(name); });
  board.columns = chosen_columns(sweep, own, options, usual_columns(sweep, own, shown, all.varying));
  return board;
}

CellTexts cell_texts(const Column& column, const std::vector<Row>& rows) {
  std::vector<std::optional<Json>> values;
  std::vector<double> doubles;
  CellTexts cells;
  cells.is_numbers = true;
  for (const Row& row : rows) {
    values.push_back(column.cell(row));
    if (!values.back()) continue;
    cells.is_numbers = cells.is_numbers && values.back()->is_number();
    if (values.back()->is_number_float()) doubles.push_back(values.back()->get<double>());
  }
  const int digits = digits_that_tell_apart(std::move(doubles));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string>& parts = cells.parts.emplace_back();
    parts.push_back(values[i] ? value_text(*values[i], digits) : "-");
    if (!values[i] || !column.beside) continue;
    for (std::string& part : column.beside(rows[i])) parts.push_back(std::move(part));
  }
  return cells;
}

}  // namespace sweep
