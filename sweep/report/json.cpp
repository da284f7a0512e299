// Rows → one JSON object; see report.h.
#include <algorithm>

#include "sweep/report/choice.h"
#include "sweep/report/columns.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

using core::Json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// What is known of one trial, and of no row.
void add_result(Json& json, const TrialState& trial) {
  if (!trial.reused_from->empty()) json["reused_from"] = *trial.reused_from;
  if (trial.repeats_index) {
    json["repeats"] = *trial.repeats_index;
    return;  // the result stands in that row
  }
  if (!trial.final_values->empty()) json["final"] = *trial.final_values;
  if (!trial.weights_sha256.empty()) json["weights_sha256"] = trial.weights_sha256;
  if (!trial.detail.empty()) json["detail"] = trial.detail;
}

Json replicate_json(const TrialState& trial) {
  const bool shows = trial.phase == Phase::kEnded && !trial.repeats_index && trial.outcome &&
                     protocol::info(*trial.outcome).determined && trial.value;
  Json json = {{"trial", trial.trial},
               {"index", trial.index},
               {"replicate", trial.replicate},
               {"seed", trial.seed},
               {"value", shows ? Json(*trial.value) : Json()},
               {"outcome", std::string(outcome_word(trial))},
               {"epoch", shows ? or_null(trial.epoch) : Json()},
               {"step", shows ? or_null(trial.step) : Json()}};
  add_result(json, trial);
  return json;
}

Json row_json(const Row& row) {
  const TrialState& trial = *row.trial;
  Json json = {{"rank", or_null(row.rank)},
               {"trial", trial.trial},
               {"index", trial.index},
               {"replicate", trial.replicate},
               {"seed", trial.seed},
               {"outcome", std::string(row.outcome())},
               {"value", or_null(row.value())},
               {"epoch", or_null(row.epoch())},
               {"step", or_null(row.step())},
               {"config", trial.config},
               {"attempts", attempts_column().cell(row).value_or(0)},
               {"timing", {{"seconds", seconds_column().cell(row).value_or(0.0)}}},
               {"device", device_column().cell(row).value_or(Json())}};
  if (row.replicates.empty()) {
    add_result(json, trial);
    return json;
  }
  json["std"] = row.value() ? or_null(row.spread.deviation) : Json();
  json["n"] = row.value() ? row.spread.n : 0;
  json["replicates"] = Json::array();
  for (const TrialState* one : row.replicates) json["replicates"].push_back(replicate_json(*one));
  return json;
}

// Only what a sweep without repeats, target and max_failures does not have.
void add_terms(Json& json, const SweepHead& sweep, const std::vector<Row>& rows) {
  if (sweep.repeats > 1) json["repeats"] = sweep.repeats;
  if (!sweep.target && !sweep.failures) return;
  const auto surplus = std::count_if(rows.begin(), rows.end(),
                                     [](const Row& row) { return row.standing == Standing::kSurplus && has_run(row); });
  json["ended_at"] = nullptr;
  if (const auto& target = sweep.target) {
    json["target"] = {{"metric", target->metric}, {"value", target->value}};
    if (target->ended) json["ended_at"] = or_null(target->bound);
  }
  if (const auto& failures = sweep.failures) {
    json["max_failures"] = failures->max_failures;
    if (failures->ended) json["ended_at"] = or_null(failures->bound);
  }
  json["surplus"] = surplus;
}

// Only what was asked for: who reads a part of the rows must not take it for the whole.
void add_choice(Json& json, const ReportOptions& options, const Choice& choice) {
  if (options.filter.empty() && options.sort.empty() && !options.top) return;
  Json& chosen = json["chosen"] = {{"of", choice.candidates}};
  if (!options.filter.empty()) chosen["filter"] = options.filter;
  if (!options.sort.empty()) chosen["sort"] = options.sort;
  if (options.top) chosen["top"] = *options.top;
}

}  // namespace

Json report_json(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options) {
  const std::map<std::string, std::uint64_t> outcomes = outcomes_of(sweep, rows);
  const auto completed = outcomes.find("completed");
  Json json = {{"sweep",
                {{"id", sweep.id},
                 {"name", sweep.name},
                 {"seed", sweep.seed},
                 {"method", sweep.method},
                 {"metric", sweep.metric ? sweep.metric->to_json() : Json()},
                 {"trials", sweep.trials},
                 {"completed", completed == outcomes.end() ? 0 : completed->second},
                 {"outcomes", outcomes}}},
               {"trials", Json::array()}};
  add_terms(json["sweep"], sweep, rows);
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, options, some);
  const std::vector<Column> columns = chosen_columns(sweep, own, options, {});
  if (!options.columns.empty()) json["columns"] = titles_of(columns);
  const Choice choice = chosen_rows(sweep, own, options);
  add_choice(json, options, choice);
  for (const Row& row : choice.rows) {
    Json one = options.columns.empty() ? row_json(row) : Json::object();
    if (options.columns.empty() && options.with_host) one["host"] = host_column(sweep).cell(row).value_or(Json());
    if (!options.columns.empty())
      for (const Column& column : columns) one[column.title] = column.cell(row).value_or(Json());
    json["trials"].push_back(std::move(one));
  }
  return json;
}

}  // namespace sweep
