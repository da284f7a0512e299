// See columns.h.
#include "sweep/report/columns.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "core/error.h"
#include "core/suggest.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;
using Cell = std::optional<Json>;

template <class T>
Cell cell(const std::optional<T>& value) {
  return value ? Cell(Json(*value)) : std::nullopt;
}

void flatten(const std::string& prefix, const Json& value, std::map<std::string, Json>& into) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, item] : value.items()) flatten(prefix.empty() ? key : prefix + "." + key, item, into);
  } else {
    into[prefix] = value;
  }
}

std::string environment_text(const AttemptState& attempt, const char* key) {
  if (!attempt.environment.is_object()) return {};
  const auto found = attempt.environment.find(key);
  return found != attempt.environment.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What the last attempts of the row's trials say, each text once.
template <class Say>
Cell of_last_attempts(const Row& row, Say say) {
  std::set<std::string> texts;
  for (const TrialState* trial : row.trials())
    if (!trial->attempts.empty()) texts.insert(say(trial->attempts.back()));
  texts.erase("");
  if (texts.empty()) return std::nullopt;
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : " ") + text;
  return Json(all);
}

// An attempt that ran elsewhere says so in its environment.
Column host_column(const SweepHead& sweep) {
  return {"host", [host = sweep.host](const Row& row) {
            return of_last_attempts(row, [&](const AttemptState& attempt) {
              const std::string own = environment_text(attempt, "host");
              return own.empty() ? host : own;
            });
          }};
}

Column seed_column() {
  return {"seed", [](const Row& row) -> Cell { return Json(row.trial->seed); }};
}

// Of a row of replicates each sweep once.
Column reused_column() {
  return {"reused_from", [](const Row& row) -> Cell {
            std::set<std::string> sweeps;
            for (const TrialState* trial : row.trials()) sweeps.insert(trial->reused_from);
            sweeps.erase("");
            std::string text;
            for (const std::string& sweep : sweeps) text += (text.empty() ? "" : " ") + sweep;
            return text.empty() ? std::nullopt : Cell(Json(text));
          }};
}

// Everything that --columns may name, each name once: the fixed columns win over parameters, these over metrics.
std::vector<Column> known_columns(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::vector<Column> columns = {rank_column(),    trial_column(),       index_column(),  replicate_column(),
                                 outcome_column(), metric_column(sweep), epoch_column(),  step_column(),
                                 seed_column(),    seconds_column(),     device_column(), host_column(sweep),
                                 reused_column()};
  if (sweep.repeats > 1) columns.insert(columns.end(), {deviation_column(), count_column()});
  std::set<std::string> names;
  for (const Column& column : columns) names.insert(column.title);
  const auto add = [&](const Column& column) {
    if (names.insert(column.title).second) columns.push_back(column);
  };
  const Parameters all = parameters(sweep, rows);
  for (const std::string& name : all.varying) add(parameter_column(name));
  for (const auto& [name, value] : all.constants) add(parameter_column(name));
  for (const std::string& name : reported_metrics(rows)) add(other_metric_column(name));
  return columns;
}

// Where the ranking metric had its value, else the last one seen (test metrics come once).
std::optional<double> other_value(const TrialState& trial, const std::string& name) {
  for (const auto* values : {&trial.at_value, &trial.final_values})
    if (const auto found = values->find(name); found != values->end()) return found->second;
  return std::nullopt;
}

std::string spread_text(const Row& row, int digits) {
  std::string text = rounded(row.spread.mean, digits);
  if (row.spread.deviation) text += " ± " + rounded(*row.spread.deviation, 2);
  return text + " (" + std::to_string(row.spread.n) + ")";
}

bool is_own(const Row& row, const ReportOptions& options) {
  return row.standing != Standing::kSurplus || (options.all && has_run(row));
}

bool is_chosen(const Row& row, const ReportOptions& options) {
  return options.all || row.standing != Standing::kUnfinished;
}

}  // namespace

Column rank_column() {
  return {"rank", [](const Row& row) { return cell(row.rank); }};
}
Column trial_column() {
  return {"trial", [](const Row& row) -> Cell { return Json(row.trial->trial); }};
}
Column index_column() {
  return {"index", [](const Row& row) -> Cell { return Json(row.trial->index); }};
}
Column replicate_column() {
  return {"replicate", [](const Row& row) -> Cell { return Json(row.trial->replicate); }};
}
Column outcome_column() {
  return {"outcome", [](const Row& row) -> Cell { return Json(std::string(row.outcome())); }};
}
Column metric_column(const SweepHead& sweep) {
  Column column{sweep.metric ? sweep.metric->name : "value", [](const Row& row) { return cell(row.value()); }};
  if (sweep.repeats > 1) column.text = spread_text;
  return column;
}
Column deviation_column() {
  return {"std", [](const Row& row) { return row.value() ? cell(row.spread.deviation) : std::nullopt; }};
}
Column count_column() {
  return {"n", [](const Row& row) -> Cell {
            if (!row.value()) return std::nullopt;
            return Json(row.spread.n);
          }};
}
Column epoch_column() {
  return {"epoch", [](const Row& row) { return cell(row.epoch()); }};
}
Column step_column() {
  return {"step", [](const Row& row) { return cell(row.step()); }};
}
// A metric that does not rank; with repeats its mean over the trials whose mean ranks, where all of them gave it.
Column other_metric_column(const std::string& name) {
  return {name, [name](const Row& row) -> Cell {
            if (row.standing != Standing::kRanked && row.standing != Standing::kDetermined) return std::nullopt;
            if (row.replicates.empty()) return cell(other_value(*row.trial, name));
            double sum = 0;
            for (const TrialState* trial : row.counted()) {
              const auto value = other_value(*trial, name);
              if (!value) return std::nullopt;
              sum += *value;
            }
            if (row.spread.n == 0) return std::nullopt;
            return Json(sum / static_cast<double>(row.spread.n));
          }};
}
Column parameter_column(const std::string& name) {
  return {name, [name](const Row& row) -> Cell {
            const auto direct = row.trial->config.find(name);  // flattening for each cell is slow in a large sweep
            if (direct != row.trial->config.end() && !direct->is_object()) return Cell(*direct);
            const std::map<std::string, Json> config = flat_config(row.trial->config);
            const auto found = config.find(name);
            return found == config.end() ? std::nullopt : Cell(found->second);
          }};
}

Column seconds_column() {
  return {"seconds", [](const Row& row) -> Cell {
            double seconds = 0;
            for (const TrialState* trial : row.trials()) seconds += trial->seconds;
            return Json(seconds);
          }};
}

Column device_column() {
  return {"device", [](const Row& row) {
            return of_last_attempts(row, [](const AttemptState& attempt) { return attempt.device; });
          }};
}

std::map<std::string, Json> flat_config(const Json& config) {
  std::map<std::string, Json> flat;
  if (config.is_object() && !config.empty()) flatten("", config, flat);
  return flat;
}

bool has_run(const Row& row) {
  const std::span<const TrialState* const> trials = row.trials();
  return std::any_of(trials.begin(), trials.end(), [](const TrialState* trial) {
    return !trial->attempts.empty() || (trial->phase == Phase::kEnded && !trial->repeats_index);
  });
}

const std::vector<Row>& own_rows(const std::vector<Row>& rows, const ReportOptions& options, std::vector<Row>& some) {
  const auto is_ours = [&](const Row& row) { return is_own(row, options); };
  if (std::all_of(rows.begin(), rows.end(), is_ours)) return rows;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(some), is_ours);
  return some;
}

std::map<std::string, std::uint64_t> outcomes_of(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::map<std::string, std::uint64_t> counts = count_outcomes(rows);
  std::uint64_t planned = 0, wanted = sweep.trials;
  for (const auto& [word, count] : counts) planned += count;
  if (sweep.target && sweep.target->bound) wanted = std::min(wanted, *sweep.target->bound + 1);
  if (sweep.failures && sweep.failures->bound) wanted = std::min(wanted, *sweep.failures->bound + 1);
  if (wanted > planned) counts["waiting"] += wanted - planned;
  return counts;
}

std::vector<std::string> reported_metrics(const std::vector<Row>& rows) {
  std::set<std::string> names;
  for (const Row& row : rows)
    for (const TrialState* trial : row.trials())
      for (const auto& [name, value] : trial->final_values) names.insert(name);
  return {names.begin(), names.end()};
}

std::vector<Row> chosen_rows(const std::vector<Row>& rows, const ReportOptions& options) {
  std::vector<Row> chosen;
  for (const Row& row : rows) {
    if (options.top && chosen.size() == *options.top) break;
    if (is_chosen(row, options)) chosen.push_back(row);
  }
  return chosen;
}

std::size_t count_without_top(const std::vector<Row>& rows, const ReportOptions& options) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return is_chosen(row, options); }));
}

std::set<std::uint64_t> shown_trials(const std::vector<Row>& rows, const ReportOptions& options) {
  std::set<std::uint64_t> indices;
  std::uint64_t shown = 0;
  for (const Row& row : rows) {
    if (!is_own(row, options)) continue;
    const bool is_first = indices.empty();  // of which a table says more, shown or not
    const bool is_shown = is_chosen(row, options) && (!options.top || shown < *options.top);
    if (is_first || is_shown)
      for (const TrialState* trial : row.trials()) indices.insert(trial->index);
    shown += is_shown;
    if (options.top && shown == *options.top) break;
  }
  return indices;
}

Parameters parameters(const SweepHead& sweep, const std::vector<Row>& rows) {
  // "x.a" is a part of the parameter x.
  const auto is_constant = [&](const std::string& name) {
    for (std::size_t end = name.size(); end != std::string::npos && end > 0; end = name.rfind('.', end - 1))
      if (sweep.constants->contains(name.substr(0, end))) return true;
    return false;
  };
  // Values are compared as they are written: 1 and 1.0 are different.
  std::map<std::string, std::set<std::string>> texts;
  std::map<std::string, std::size_t> counts;
  std::map<std::string, Json> last;
  for (const Row& row : rows) {
    if (row.trial->config.is_null()) continue;  // forgotten: nothing of it is shown
    for (auto& [name, value] : flat_config(row.trial->config)) {
      texts[name].insert(core::canonical_json(value));
      ++counts[name];
      last[name] = value;
    }
  }
  Parameters found;
  for (const auto& [name, values] : texts) {
    if (sweep.constants ? is_constant(name) : values.size() == 1 && counts[name] == rows.size()) {
      found.constants[name] = last[name];
    } else {
      found.varying.push_back(name);
    }
  }
  return found;
}

std::vector<Column> chosen_columns(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options,
                                   const std::vector<Column>& usual) {
  std::vector<Column> columns = usual;
  if (!options.columns.empty()) {
    columns.clear();
    const std::vector<Column> known = known_columns(sweep, rows);
    for (const std::string& name : options.columns) {
      const auto found = std::find_if(known.begin(), known.end(), [&](const Column& c) { return c.title == name; });
      if (found == known.end() && rows.empty()) {  // no trial yet that could say which parameters and metrics there are
        columns.push_back(parameter_column(name));
        continue;
      }
      if (found == known.end()) {
        std::vector<std::string> names;
        for (const Column& column : known) names.push_back(column.title);
        const auto near = core::nearest_word(name, names);
        std::string remedy = near ? "did you mean '" + *near + "'?" : "one of:";
        for (std::size_t i = 0; !near && i < names.size(); ++i) remedy += (i == 0 ? " " : ", ") + names[i];
        throw core::UserError("--columns", "no column '" + name + "'", remedy);
      }
      columns.push_back(*found);
    }
  }
  if (options.with_time) columns.push_back(seconds_column());
  if (options.with_device) columns.push_back(device_column());
  if (options.with_host) columns.push_back(host_column(sweep));
  return columns;
}

}  // namespace sweep
