// See columns.h.
#include "sweep/report/columns.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "sweep/report/display.h"
#include "sweep/report/interval.h"

namespace sweep {
namespace {

using core::Json;
using Cell = std::optional<Json>;

template <class T>
Cell cell(const std::optional<T>& value) {
  return value ? Cell(Json(*value)) : std::nullopt;
}

// Calls `visit` with the dotted name and the value of each parameter; `name` is that of `value`.
template <class Visit>
void visit_leaves(std::string& name, const Json& value, const Visit& visit) {
  if (!value.is_object() || value.empty()) return visit(name, value);
  const std::size_t size = name.size();
  for (const auto& item : value.items()) {
    if (size > 0) name += '.';
    name += item.key();
    visit_leaves(name, item.value(), visit);
    name.resize(size);
  }
}

bool is_leaf(const Json& value) { return !value.is_object() || value.empty(); }

// A name may be that of one key, or of keys one below the other.
const Json* find_leaf(const Json& config, const std::string& name, std::size_t from = 0) {
  if (!config.is_object()) return nullptr;
  if (const auto direct = config.find(name.substr(from)); direct != config.end() && is_leaf(*direct)) return &*direct;
  for (std::size_t dot = name.find('.', from); dot != std::string::npos; dot = name.find('.', dot + 1)) {
    const auto inner = config.find(name.substr(from, dot - from));
    if (inner == config.end() || is_leaf(*inner)) continue;
    if (const Json* found = find_leaf(*inner, name, dot + 1)) return found;
  }
  return nullptr;
}

// Whether two values are written alike: 1 and 1.0 are not.
bool is_same_text(const Json& a, const Json& b) {
  if (a.is_string() && b.is_string()) return a == b;
  if (a.is_number_integer() && b.is_number_integer()) return core::same_number(a, b);
  return a.type() == b.type() && core::canonical_json(a) == core::canonical_json(b);
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

Column seed_column() {
  return {"seed", [](const Row& row) -> Cell { return Json(row.trial->seed); }};
}

// Of a row of replicates each sweep once.
Column reused_column() {
  return {"reused_from", [](const Row& row) -> Cell {
            std::set<std::string> sweeps;
            for (const TrialState* trial : row.trials()) sweeps.insert(*trial->reused_from);
            sweeps.erase("");
            std::string text;
            for (const std::string& sweep : sweeps) text += (text.empty() ? "" : " ") + sweep;
            return text.empty() ? std::nullopt : Cell(Json(text));
          }};
}

// Where the ranking metric had its value, else the last one seen (test metrics come once).
std::optional<double> other_value(const TrialState& trial, const std::string& name) {
  for (const auto* values : {&trial.at_value, &trial.final_values})
    if (const auto found = (*values)->find(name); found != (*values)->end()) return found->second;
  return std::nullopt;
}

std::vector<std::string> spread_parts(const Row& row) {
  const auto half = half_width(row.spread);
  return {half ? "± " + rounded(*half, 2) : "", "(" + std::to_string(row.spread.n) + ")"};
}

}  // namespace

Column rank_column() {
  return {"rank", [](const Row& row) { return cell(row.rank); }};
}
Column trial_column() {
  Column column{"trial", [](const Row& row) -> Cell { return Json(row.trial->trial); }};
  column.is_id = true;
  return column;
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
  if (sweep.repeats > 1) column.beside = spread_parts;
  column.ranks = true;
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
std::string parameter_title(const std::string& name) { return "config." + name; }
std::string metric_title(const std::string& name) { return name + " (metric)"; }

Column parameter_column(const SweepHead& sweep, const std::string& name) {
  static const std::set<std::string> kTaken = {"rank", "trial", "index", "replicate", "outcome", "epoch", "step"};
  const bool is_of_repeats = sweep.repeats > 1 && (name == deviation_column().title || name == count_column().title);
  const bool is_taken = kTaken.contains(name) || is_of_repeats || name == metric_column(sweep).title;
  Column column{is_taken ? parameter_title(name) : name, [name](const Row& row) {
                  const Json* const found = find_leaf(row.trial->config, name);
                  return found ? Cell(*found) : std::nullopt;
                }};
  column.is_parameter = true;
  return column;
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

// An attempt that ran elsewhere says so in its environment.
Column host_column(const SweepHead& sweep) {
  return {"host", [host = sweep.host](const Row& row) {
            return of_last_attempts(row, [&](const AttemptState& attempt) {
              const std::string own = environment_text(attempt, "host");
              return own.empty() ? host : own;
            });
          }};
}

Column attempts_column() {
  return {"attempts", [](const Row& row) -> Cell {
            std::size_t attempts = 0;
            for (const TrialState* trial : row.trials()) attempts += trial->attempts.size();
            return Json(attempts);
          }};
}

std::map<std::string, Json> flat_config(const Json& config) {
  std::map<std::string, Json> flat;
  std::string name;
  if (config.is_object() && !config.empty())
    visit_leaves(name, config, [&](const std::string& leaf, const Json& value) { flat[leaf] = value; });
  return flat;
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
      for (const auto& [name, value] : *trial->final_values) names.insert(name);
  return {names.begin(), names.end()};
}

Parameters parameters(const SweepHead& sweep, const std::vector<Row>& rows) {
  // "x.a" is a part of the parameter x.
  const auto is_constant = [&](const std::string& name) {
    for (std::size_t end = name.size(); end != std::string::npos && end > 0; end = name.rfind('.', end - 1))
      if (sweep.constants->contains(name.substr(0, end))) return true;
    return false;
  };
  struct Seen {
    const Json* value = nullptr;
    std::size_t rows = 0;
    bool varies = false;
  };
  std::map<std::string, Seen> all;
  std::string name;
  for (const Row& row : rows) {
    if (!row.trial->config.is_object() || row.trial->config.empty()) continue;
    visit_leaves(name, row.trial->config, [&](const std::string& leaf, const Json& value) {
      Seen& seen = all[leaf];
      seen.varies = seen.varies || (seen.value && !is_same_text(*seen.value, value));
      seen.value = &value;
      ++seen.rows;
    });
  }
  Parameters found;
  for (const auto& [parameter, seen] : all) {
    if (sweep.constants ? is_constant(parameter) : !seen.varies && seen.rows == rows.size()) {
      found.constants[parameter] = *seen.value;
    } else {
      found.varying.push_back(parameter);
    }
  }
  return found;
}

std::vector<Column> known_columns(const SweepHead& sweep, const std::vector<Row>& rows) {
  std::vector<Column> columns = {rank_column(),    trial_column(),       index_column(),  replicate_column(),
                                 outcome_column(), metric_column(sweep), epoch_column(),  step_column(),
                                 seed_column(),    seconds_column(),     device_column(), host_column(sweep),
                                 reused_column()};
  if (sweep.repeats > 1) columns.insert(columns.end(), {deviation_column(), count_column()});
  std::set<std::string> names;
  for (const Column& column : columns) names.insert(column.title);
  const auto add = [&](const Column& column) {
    const bool is_new = names.insert(column.title).second;
    if (is_new) columns.push_back(column);
    return is_new;
  };
  // Under its other title, where another column has the first one.
  const auto add_as = [&](Column column, std::string other) {
    if (add(column)) return;
    column.title = std::move(other);
    add(column);
  };
  const Parameters all = parameters(sweep, rows);
  for (const std::string& name : all.varying) add_as(parameter_column(sweep, name), parameter_title(name));
  for (const auto& [name, value] : all.constants) add_as(parameter_column(sweep, name), parameter_title(name));
  for (const std::string& name : reported_metrics(rows))
    if (!sweep.metric || name != sweep.metric->name) add_as(other_metric_column(name), metric_title(name));
  add(attempts_column());
  Column value = metric_column(sweep);
  value.title = "value";
  add(value);
  return columns;
}

std::vector<std::string> outcome_words() {
  std::vector<std::string> words;
  for (const protocol::OutcomeInfo& outcome : protocol::outcomes()) words.emplace_back(outcome.name);
  words.insert(words.end(), {"repeat", "running", "waiting", "surplus"});
  return words;
}

std::vector<std::string> titles_of(const std::vector<Column>& columns) {
  std::vector<std::string> titles;
  for (const Column& column : columns) titles.push_back(column.title);
  return titles;
}

std::vector<Column> chosen_columns(const SweepHead& sweep, const std::vector<Row>& rows, const ReportOptions& options,
                                   const std::vector<Column>& usual) {
  std::vector<Column> columns = usual;
  if (!options.columns.empty()) {
    columns.clear();
    const std::vector<Column> known = known_columns(sweep, rows);
    std::set<std::string_view> named;
    for (const std::string& name : options.columns) {
      if (!named.insert(name).second)
        throw core::UserError("--columns", "'" + printable(name, kNameColumns) + "' stands twice", "name it once");
      const auto found = std::find_if(known.begin(), known.end(), [&](const Column& c) { return c.title == name; });
      if (found == known.end() && rows.empty()) {  // no trial yet that could say which parameters and metrics there are
        columns.push_back(parameter_column(sweep, name));
        continue;
      }
      if (found == known.end())
        throw core::UserError("--columns", "no column '" + printable(name, kNameColumns) + "'",
                              nearest_or_all(name, titles_of(known)));
      columns.push_back(*found);
    }
  }
  const auto add = [&](Column column) {
    const auto same =
        std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.title == column.title; });
    if (same == columns.end()) return columns.push_back(std::move(column));
    if (!options.columns.empty()) return;  // it was asked for by its name
    same->title = same->is_parameter ? parameter_title(same->title) : metric_title(same->title);
    columns.push_back(std::move(column));
  };
  if (options.with_time) add(seconds_column());
  if (options.with_device) add(device_column());
  if (options.with_host) add(host_column(sweep));
  return columns;
}

}  // namespace sweep
