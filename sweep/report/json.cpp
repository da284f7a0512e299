// Rows → one JSON object; see report.h.
#include "sweep/report/columns.h"
#include "sweep/report/report.h"

namespace sweep {
namespace {

using core::Json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json trial_json(const Row& row) {
  const TrialState& trial = *row.trial;
  const bool has_value = row.value().has_value();
  Json json = {{"rank", or_null(row.rank)},
               {"trial", trial.trial},
               {"index", trial.index},
               {"replicate", trial.replicate},
               {"seed", trial.seed},
               {"outcome", std::string(row.outcome())},
               {"value", or_null(row.value())},
               {"epoch", has_value ? or_null(trial.epoch) : Json()},
               {"step", has_value ? or_null(trial.step) : Json()},
               {"config", trial.config},
               {"attempts", trial.attempts.size()},
               {"timing", {{"seconds", trial.seconds}}},
               {"device", trial.attempts.empty() ? Json() : Json(trial.attempts.back().device)}};
  if (!trial.reused_from.empty()) json["reused_from"] = trial.reused_from;
  if (trial.repeats_index) {
    json["repeats"] = *trial.repeats_index;
    return json;  // the result stands in that row
  }
  if (!trial.final_values.empty()) json["final"] = trial.final_values;
  if (!trial.weights_sha256.empty()) json["weights_sha256"] = trial.weights_sha256;
  if (!trial.detail.empty()) json["detail"] = trial.detail;
  return json;
}

}  // namespace

Json report_json(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options) {
  std::map<std::string, std::uint64_t> outcomes = count_outcomes(rows);
  if (sweep.trials > rows.size()) outcomes["waiting"] += sweep.trials - rows.size();
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
  for (const Row& row : chosen_rows(rows, options)) json["trials"].push_back(trial_json(row));
  return json;
}

}  // namespace sweep
