// See importance.h.
#include "sweep/report/importance.h"

#include <fmt/format.h>

#include "core/math_double.h"
#include "sweep/report/display.h"

namespace sweep {
namespace {

using core::Json;
using Lines = std::vector<std::vector<std::string>>;

constexpr int kDigits = 5;  // of values: what a forest says is not exact

std::string metric_name(const SweepHead& sweep) { return sweep.metric ? sweep.metric->name : "value"; }

std::string name_text(const std::string& name) { return printable(name, kCellColumns); }

// A share with three decimals.
std::string share_text(double share) { return core::format_double(core::portable::round_even(share * 1000) / 1000); }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

std::string importance_lines(const Analysis& analysis) {
  Lines lines = {{"parameter", "importance", "±", "spearman"}};
  for (const ParameterAnalysis& parameter : analysis.parameters)
    lines.push_back({name_text(parameter.name), share_text(parameter.importance), share_text(parameter.deviation),
                     parameter.spearman ? share_text(*parameter.spearman) : "-"});
  for (const PairAnalysis& pair : analysis.pairs)
    lines.push_back({name_text(pair.first) + " × " + name_text(pair.second), share_text(pair.importance), "-", "-"});
  if (analysis.parameters.size() > 1) lines.push_back({"(interactions)", share_text(analysis.interactions), "-", "-"});
  return aligned(lines, {Align::kLeft, Align::kPoint, Align::kPoint, Align::kPoint});
}

std::string range_text(const Effect& effect) {
  if (effect.from.is_null() && effect.to.is_null()) return "(not set)";
  const std::string from = value_text(effect.from, kDigits), to = value_text(effect.to, kDigits);
  return from == to ? from : from + " … " + to;
}

std::string effect_lines(const SweepHead& sweep, const ParameterAnalysis& parameter) {
  const bool repeats = sweep.repeats > 1;
  Lines lines = {{"  value", "share", repeats ? "configurations" : "trials", name_text(metric_name(sweep)), "±",
                  repeats ? "best mean" : "best", repeats ? "first trial" : "trial"}};
  for (std::size_t i = 0; i < parameter.effects.size(); ++i) {
    const Effect& effect = parameter.effects[i];
    lines.push_back({(parameter.best_effect == i ? "* " : "  ") + range_text(effect), share_text(effect.share),
                     std::to_string(effect.trials), rounded(effect.mean, kDigits), rounded(effect.deviation, 2),
                     effect.best ? rounded(*effect.best, kDigits) : "-",
                     effect.best ? "#" + std::to_string(effect.best_index) : "-"});
  }
  return name_text(parameter.name) + "\n" +
         aligned(lines, {Align::kLeft, Align::kPoint, Align::kRight, Align::kPoint, Align::kPoint, Align::kPoint,
                         Align::kRight});
}

Json effect_json(const Effect& effect) {
  return {{"from", effect.from},          {"to", effect.to},
          {"share", effect.share},        {"mean", effect.mean},
          {"std", effect.deviation},      {"trials", effect.trials},
          {"best", or_null(effect.best)}, {"best_index", effect.best ? Json(effect.best_index) : Json()}};
}

Json parameter_json(const ParameterAnalysis& parameter) {
  Json json = {{"name", parameter.name},
               {"importance", parameter.importance},
               {"std", parameter.deviation},
               {"spearman", or_null(parameter.spearman)},
               {"best_effect", or_null(parameter.best_effect)},
               {"effects", Json::array()}};
  for (const Effect& effect : parameter.effects) json["effects"].push_back(effect_json(effect));
  return json;
}

}  // namespace

std::string analysed_text(const SweepHead& sweep, const Analysis& analysis) {
  std::string text = analysis.trials == analysis.ranked
                         ? fmt::format("{} ranked ", analysis.ranked)
                         : fmt::format("a sample of {} of {} ranked ", analysis.trials, analysis.ranked);
  if (sweep.repeats == 1) return text + "trials";
  return text + fmt::format("configurations, each the mean of its trials ({} in all)", analysis.ranked_trials);
}

std::string importance_table(const SweepHead& sweep, const Analysis& analysis) {
  std::string text = "sweep " + sweep.id;
  if (!sweep.name.empty()) text += " '" + printable(sweep.name, 60) + "'";
  text += ": what " + name_text(metric_name(sweep)) + " depends on\n";
  if (!analysis.nothing.empty()) return text + "nothing can be said: " + analysis.nothing + "\n";
  text += analysed_text(sweep, analysis) + fmt::format("; functional ANOVA of {} trees, ± over the trees\n\n", kTrees);
  text += importance_lines(analysis);
  if (!analysis.pairs.empty() && analysis.paired < analysis.parameters.size())
    text += fmt::format("pairs (×): of the {} most important parameters only\n", analysis.paired);
  if (analysis.parameters.size() == 1) text += "one parameter varies: all that can be explained is its own\n";
  for (const ParameterAnalysis& parameter : analysis.parameters) text += "\n" + effect_lines(sweep, parameter);
  return text +
         "\n* the best mean; mean and ± are the forest's, all other parameters varying as the sweep file draws them\n";
}

Json importance_json(const SweepHead& sweep, const Analysis& analysis) {
  Json json = {
      {"sweep", {{"id", sweep.id}, {"name", sweep.name}, {"metric", sweep.metric ? sweep.metric->to_json() : Json()}}},
      {"method", {{"name", "fanova"}, {"trees", kTrees}}},
      {"counts", sweep.repeats > 1 ? "configurations" : "trials"},
      {"ranked", analysis.ranked},
      {"ranked_trials", analysis.ranked_trials},
      {"trials", analysis.trials},
      {"nothing", analysis.nothing.empty() ? Json() : Json(analysis.nothing)},
      {"interactions", analysis.nothing.empty() ? Json(analysis.interactions) : Json()},
      {"parameters", Json::array()},
      {"paired", analysis.paired},
      {"pairs", Json::array()}};
  for (const ParameterAnalysis& parameter : analysis.parameters)
    json["parameters"].push_back(parameter_json(parameter));
  for (const PairAnalysis& pair : analysis.pairs)
    json["pairs"].push_back({{"parameters", {pair.first, pair.second}}, {"importance", pair.importance}});
  return json;
}

}  // namespace sweep
