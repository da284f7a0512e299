// See data.h.
#include "sweep/html/data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "sweep/report/display.h"
#include "sweep/report/leaders.h"

namespace sweep {
namespace {

using core::Json;

constexpr std::size_t kMostMetrics = 12;  // with curves of their own
constexpr std::size_t kBestCurves = 20;   // with more points than the others
constexpr std::size_t kPointsOfBest = 240;
constexpr std::size_t kPointsOfOthers = 48;
constexpr std::size_t kTextColumns = 120;  // longer values and names are cut

std::string short_text(const std::string& text) { return printable(text, kTextColumns); }

// JSON has no number for these; the script's Number() reads the words.
Json number_json(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return value;
}

// As precise as a picture needs: seven digits are half as long as seventeen.
double for_picture(double value) {
  const std::string text = rounded(value, 7);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Words once, and of each row the number of its word; -1 for none.
class Words {
 public:
  /// Returns the number. Words of another kind are others, even where they are spelled alike.
  int add(const std::optional<std::string>& word, bool is_other_kind = false) {
    const int code = word ? number_of(*word, is_other_kind) : -1;
    codes_.push_back(code);
    return code;
  }
  void write(Json& into) const {
    into["words"] = words_;
    into["codes"] = codes_;
  }

 private:
  int number_of(const std::string& word, bool is_other_kind) {
    const auto [place, is_new] = numbers_.try_emplace({word, is_other_kind}, static_cast<int>(words_.size()));
    if (is_new) words_.push_back(word);
    return place->second;
  }

  std::map<std::pair<std::string, bool>, int> numbers_;
  Json words_ = Json::array(), codes_ = Json::array();
};

// A value as a text; only of a string it could be that of something else.
std::string exact_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? core::format_double(value.get<double>()) : core::canonical_json(value);
}

// Numbers, null where there is none; `nulls` are the rows whose value is null.
void write_numbers(Json& json, const std::vector<std::optional<Json>>& cells) {
  Json values = Json::array(), nulls = Json::array();
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const auto& cell = cells[row];
    if (cell && cell->is_null()) nulls.push_back(row);
    const bool has_number = cell && cell->is_number();
    values.push_back(!has_number ? Json() : cell->is_number_float() ? number_json(cell->get<double>()) : *cell);
  }
  json["values"] = std::move(values);
  if (!nulls.empty()) json["nulls"] = std::move(nulls);
}

// `json` are the places of those words that are no texts.
void write_words(Json& json, const std::vector<std::optional<Json>>& cells) {
  Words words;
  std::set<int> others;
  for (const auto& cell : cells) {
    const bool is_other = cell && !cell->is_string();
    const int code = words.add(cell ? std::optional(short_text(exact_text(*cell))) : std::nullopt, is_other);
    if (is_other) others.insert(code);
  }
  words.write(json);
  if (!others.empty()) json["json"] = others;
}

Json column_json(const Page& page, const PageColumn& column) {
  const std::vector<Row>& rows = page.shown.rows;
  std::vector<std::optional<Json>> cells;
  bool numbers = true;
  for (const Row& row : rows) {
    cells.push_back(column.column.cell(row));
    if (cells.back() && !cells.back()->is_null()) numbers = numbers && cells.back()->is_number();
  }
  Json json = {{"name", short_text(column.column.title)},
               {"part", std::string(name(column.part))},
               {"hidden", !column.is_shown}};
  if (column.part == Part::kOutcome) json["known"] = outcome_words();
  if (numbers && column.part != Part::kTrial && column.part != Part::kOutcome)
    write_numbers(json, cells);
  else
    write_words(json, cells);
  if (page.head.repeats == 1 || !column.column.ranks) return json;
  json["beside"] = Json::array();
  for (const Row& row : rows) json["beside"].push_back(short_text(beside_text(page, column.column, row)));
  return json;
}

Json curves_json(const Page& page) {
  Json json = {{"metrics", Json::array()}, {"lines", Json::array()}};
  const std::vector<std::string> metrics = curve_metrics(page);
  for (const std::string& metric : metrics) json["metrics"].push_back(short_text(metric));
  for (std::size_t r = 0; r < page.shown.rows.size(); ++r) {
    for (const TrialState* trial : page.shown.rows[r].trials()) {
      const auto found = page.curves.find(trial->index);
      if (found == page.curves.end()) continue;
      for (std::size_t m = 0; m < metrics.size(); ++m) {
        const auto curve = found->second.find(metrics[m]);
        if (curve == found->second.end()) continue;
        Json x = Json::array(), y = Json::array();
        const MetricCurve fewer = fewer_points(curve->second, r < kBestCurves ? kPointsOfBest : kPointsOfOthers);
        if (fewer.size() < curve->second.size()) json["fewer"] = true;
        for (const auto& [step, value] : fewer) {
          x.push_back(step);
          y.push_back(number_json(for_picture(value)));
        }
        json["lines"].push_back({{"row", r}, {"metric", m}, {"x", std::move(x)}, {"y", std::move(y)}});
      }
    }
  }
  return json;
}

Json timeline_json(const Page& page) {
  std::map<std::uint64_t, std::size_t> row_of;
  for (std::size_t r = 0; r < page.shown.rows.size(); ++r)
    for (const TrialState* trial : page.shown.rows[r].trials()) row_of[trial->index] = r;
  std::int64_t origin = page.attempts.empty() ? 0 : page.attempts.front().start_ms;
  for (const RanAttempt& ran : page.attempts) origin = std::min(origin, ran.start_ms);
  Json json = {{"row", Json::array()}, {"attempt", Json::array()}, {"start", Json::array()}, {"end", Json::array()}};
  Words slots, outcomes, reasons;
  for (const RanAttempt& ran : page.attempts) {
    const auto row = row_of.find(ran.index);
    json["row"].push_back(row == row_of.end() ? Json(-1) : Json(row->second));
    json["attempt"].push_back(ran.attempt);
    json["start"].push_back(ran.start_ms - origin);
    json["end"].push_back(ran.end_ms - origin);
    slots.add(short_text(ran.slot));
    outcomes.add(ran.outcome);
    reasons.add(short_text(ran.reason));
  }
  for (const auto& [key, words] : {std::pair{"slot", &slots}, {"outcome", &outcomes}, {"reason", &reasons}})
    words->write(json[key]);
  return json;
}

// The edge of an effect as the charts place it: a number, or the text of a value.
Json edge_json(const Json& value) {
  if (value.is_null()) return nullptr;
  if (value.is_number()) return value.is_number_float() ? number_json(value.get<double>()) : value;
  return short_text(value.is_string() ? value.get<std::string>() : core::canonical_json(value));
}

// By the titles of the parameters' columns.
Json effects_json(const Page& page) {
  Json json = Json::array();
  for (const ParameterAnalysis& parameter : page.analysis.parameters) {
    Json effects = Json::array();
    for (const Effect& effect : parameter.effects)
      effects.push_back({{"from", edge_json(effect.from)},
                         {"to", edge_json(effect.to)},
                         {"mean", number_json(effect.mean)},
                         {"deviation", number_json(effect.deviation)}});
    json.push_back({{"name", short_text(parameter_column(page.head, parameter.name).title)},
                    {"importance", number_json(parameter.importance)},
                    {"effects", std::move(effects)}});
  }
  return json;
}

// Of a column that only a condition names; a parameter is one for the charts as well, where it varies.
Part part_of(const std::string& title, const Parameters& parameters) {
  const std::vector<std::string>& varying = parameters.varying;
  return std::find(varying.begin(), varying.end(), title) == varying.end() ? Part::kOther : Part::kParameter;
}

std::vector<PageColumn> usual_columns(const Page& page, const Parameters& parameters) {
  const SweepHead& head = page.head;
  std::vector<PageColumn> columns;
  const auto place_of = [&](const std::string& title) {
    return std::find_if(columns.begin(), columns.end(), [&](const PageColumn& c) { return c.column.title == title; });
  };
  // What a condition means by a name here is what it means everywhere: a parameter gives way.
  const auto add = [&](Column column, Part part) {
    const auto same = place_of(column.title);
    if (same != columns.end() && same->column.is_parameter) same->column.title = parameter_title(same->column.title);
    columns.push_back({std::move(column), part, true});
  };
  add(rank_column(), Part::kRank);
  add(trial_column(), Part::kTrial);
  add(index_column(), Part::kPlace);
  add(outcome_column(), Part::kOutcome);
  add(metric_column(head), Part::kValue);
  if (head.repeats > 1) add(deviation_column(), Part::kSpread);
  if (head.repeats > 1) add(count_column(), Part::kSpread);
  for (const std::string& parameter : parameters.varying) add(parameter_column(head, parameter), Part::kParameter);
  const std::vector<std::string> known = titles_of(known_columns(head, page.shown.rows));
  for (const std::string& metric : reported_metrics(page.shown.rows)) {
    if (head.metric && metric == head.metric->name) continue;
    Column column = other_metric_column(metric);
    if (std::find(known.begin(), known.end(), metric_title(metric)) != known.end()) column.title = metric_title(metric);
    add(std::move(column), Part::kMetric);
  }
  add(epoch_column(), Part::kPlace);
  add(step_column(), Part::kPlace);
  add(seconds_column(), Part::kRun);
  if (place_of(attempts_column().title) == columns.end()) add(attempts_column(), Part::kRun);
  add(device_column(), Part::kRun);
  if (page.options.with_host) add(host_column(head), Part::kRun);
  return columns;
}

}  // namespace

std::string_view name(Part part) {
  switch (part) {
    case Part::kRank:
      return "rank";
    case Part::kTrial:
      return "trial";
    case Part::kOutcome:
      return "outcome";
    case Part::kValue:
      return "value";
    case Part::kSpread:
      return "spread";
    case Part::kPlace:
      return "place";
    case Part::kMetric:
      return "metric";
    case Part::kParameter:
      return "parameter";
    case Part::kRun:
      return "run";
    case Part::kOther:
      return "other";
  }
  return "";
}

std::vector<PageColumn> page_columns(const Page& page, const Parameters& parameters) {
  std::vector<PageColumn> columns = usual_columns(page, parameters);
  const auto place_of = [&](const std::string& title) {
    return std::find_if(columns.begin(), columns.end(), [&](const PageColumn& c) { return c.column.title == title; });
  };
  for (Column& column : known_columns(page.head, page.shown.rows)) {
    if (place_of(column.title) != columns.end() || column.title == host_column(page.head).title) continue;
    const Part part = part_of(column.title, parameters);
    columns.push_back({std::move(column), part, false});
  }
  if (page.options.columns.empty()) return columns;
  for (PageColumn& column : columns) column.is_shown = false;
  std::size_t shown = 0;
  for (Column& column : chosen_columns(page.head, page.shown.rows, page.options, {})) {
    auto place = place_of(column.title);
    if (place == columns.end()) place = columns.insert(place, {std::move(column), Part::kOther, false});
    if (std::exchange(place->is_shown, true)) continue;  // named twice
    std::rotate(columns.begin() + static_cast<std::ptrdiff_t>(shown++), place, place + 1);
  }
  return columns;
}

std::string beside_text(const Page& page, const Column& column, const Row& row) {
  if (!column.beside || !row.value()) return "";
  std::string text;
  for (const std::string& part : column.beside(row))
    if (!part.empty()) text += (text.empty() ? "" : " ") + part;
  const bool is_indistinct = page.shown.best && lead_beside(*page.shown.best, row) == Lead::kIndistinct;
  return is_indistinct ? text + " ≈" : text;
}

std::string row_noun(const SweepHead& head) { return head.repeats > 1 ? "configuration" : "trial"; }

MetricCurve fewer_points(const MetricCurve& curve, std::size_t most) {
  if (curve.size() <= most) return curve;
  MetricCurve fewer = {curve.front()};
  const std::size_t stretches = (most - 2) / 2, inner = curve.size() - 2;
  for (std::size_t k = 0; k < stretches; ++k) {
    const auto begin = curve.begin() + 1 + static_cast<std::ptrdiff_t>(inner * k / stretches);
    const auto end = curve.begin() + 1 + static_cast<std::ptrdiff_t>(inner * (k + 1) / stretches);
    // A value that is no number hides no other one: it counts as the highest.
    const auto lower = [](const auto& a, const auto& b) {
      return !std::isnan(a.second) && (std::isnan(b.second) || a.second < b.second);
    };
    auto [low, high] = std::minmax_element(begin, end, lower);
    if (high < low) std::swap(low, high);
    fewer.push_back(*low);
    if (low != high) fewer.push_back(*high);
  }
  fewer.push_back(curve.back());
  return fewer;
}

std::vector<std::string> curve_metrics(const Page& page) {
  std::set<std::string> names;
  for (const auto& [index, curves] : page.curves)
    for (const auto& [name, curve] : curves)
      if (!curve.empty()) names.insert(name);
  std::vector<std::string> metrics;
  if (page.head.metric && names.erase(page.head.metric->name) > 0) metrics.push_back(page.head.metric->name);
  for (const std::string& name : names)
    if (metrics.size() < kMostMetrics) metrics.push_back(name);
  return metrics;
}

Json page_data(const Page& page, const Parameters& parameters) {
  Json json = {
      {"rows", page.shown.rows.size()},
      {"noun", row_noun(page.head)},
      {"all_rows", page.shown.all},
      {"goal", page.head.metric && page.head.metric->goal == protocol::Goal::kMaximize ? "maximize" : "minimize"},
      {"columns", Json::array()},
      {"curves", curves_json(page)},
      {"timeline", timeline_json(page)},
      {"effects", effects_json(page)}};
  for (const PageColumn& column : page_columns(page, parameters)) json["columns"].push_back(column_json(page, column));
  return json;
}

}  // namespace sweep
