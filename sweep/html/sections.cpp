// See sections.h.
#include "sweep/html/sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/plural.h"
#include "protocol/outcome.h"
#include "sweep/html/data.h"
#include "sweep/html/markup.h"
#include "sweep/report/display.h"
#include "sweep/report/importance.h"

namespace sweep {
namespace {

using core::Json;

constexpr std::size_t kStaticRows = 25;
constexpr int kDigits = 6;

std::string head_row(const std::vector<std::string>& titles) {
  std::string cells;
  for (const std::string& title : titles) cells += element("th", R"(scope="col")", escaped(title, 40));
  return element("thead", "", element("tr", "", cells));
}

std::string named_row(const std::string& name, const std::string& value) {
  return element("tr", "", element("th", R"(scope="row")", escaped(name)) + text_element("td", value));
}

std::string cell_text(const std::optional<Json>& cell, Part part) {
  if (!cell || cell->is_null()) return "";
  if (part == Part::kTrial && cell->is_string()) return cell->get<std::string>().substr(0, 8);
  return value_text(*cell, kDigits);
}

std::string goal_text(const SweepHead& head) {
  if (!head.metric) return "no metric";
  std::string text = head.metric->goal == protocol::Goal::kMaximize ? "maximize " : "minimize ";
  text += printable(head.metric->name, 60);
  return head.metric->reduce == protocol::Reduce::kLast ? text + ", last value" : text;
}

// A term and its description, in a list that stands side by side.
std::string figure_of(const std::string& term, const std::string& value, const char* kind = "") {
  return element("div", kind, text_element("dt", term) + text_element("dd", value));
}

std::string share_bar(double share, double deviation) {
  const double width = std::clamp(share, 0.0, 1.0) * 200, low = std::clamp(share - deviation, 0.0, 1.0) * 200,
               high = std::clamp(share + deviation, 0.0, 1.0) * 200;
  return fmt::format(
      R"(<svg viewBox="0 0 200 14" class="share" preserveAspectRatio="none" aria-hidden="true"><rect x="0" y="1" width="200" height="12" class="rail"/><rect x="0" y="1" width="{:.1f}" height="12" class="fill"/><line x1="{:.1f}" y1="7" x2="{:.1f}" y2="7" class="whisker"/></svg>)",
      width, low, high);
}

std::string constants_line(const Page& page, const Parameters& parameters) {
  if (parameters.constants.empty()) return "";
  std::string text;
  for (const auto& [name, value] : parameters.constants)
    text +=
        element("span", R"(class="pair")", text_element("b", name) + " " + escaped(value_text(value, kDigits), 60)) +
        " ";
  const bool has_all = page.options.filter.empty() && !page.options.top;
  return element("p", R"(class="constants")",
                 (has_all ? "The same in every trial: " : "The same in all these rows: ") + text);
}

}  // namespace

std::string summary_section(const Page& page, const Parameters& parameters) {
  const SweepHead& head = page.head;
  std::string list = figure_of("search", head.method + ", " + core::counted(head.trials, "trial")) +
                     figure_of("goal", goal_text(head)) + figure_of("seed", std::to_string(head.seed)) +
                     figure_of("state", page.state);
  if (const auto& best = page.shown.best) {
    const std::string beside = beside_text(page, metric_column(head), *best);
    list = figure_of(head.repeats > 1 ? "best mean" : "best",
                     rounded(*best->value(), kDigits) + (beside.empty() ? "" : " ") + beside, R"(class="lead")") +
           list;
  }
  std::string out = element("dl", R"(class="figures")", list);
  if (!page.replay_command.empty())
    out += element("p", "",
                   (head.repeats > 1 ? "All trials of the best configuration again, compared bit for bit: "
                                     : "The best trial again, compared bit for bit: ") +
                       element("code", "", escaped(page.replay_command)));
  for (const std::string& finding : page.findings) out += element("p", R"(class="finding")", escaped(finding, 400));
  return out + constants_line(page, parameters);
}

std::string leaderboard_table(const Page& page, const Parameters& parameters) {
  std::vector<PageColumn> columns = page_columns(page, parameters);
  std::erase_if(columns, [](const PageColumn& column) { return !column.is_shown; });
  std::vector<std::string> titles;
  for (const PageColumn& column : columns) titles.push_back(column.column.title);
  std::string body;
  for (std::size_t r = 0; r < std::min(page.shown.rows.size(), kStaticRows); ++r) {
    std::string cells;
    for (const PageColumn& column : columns) {
      const Row& row = page.shown.rows[r];
      const std::string text = escaped(cell_text(column.column.cell(row), column.part), kCellColumns),
                        beside = beside_text(page, column.column, row);
      cells += element("td", "", beside.empty() ? text : text + " " + escaped(beside));
    }
    body += element("tr", "", cells);
  }
  return element("table", "", head_row(titles) + element("tbody", "", body)) +
         (page.shown.rows.size() > kStaticRows
              ? element("p", R"(class="note")", fmt::format("The first {} of {}.", kStaticRows, page.shown.rows.size()))
              : "");
}

std::string importance_table_html(const Page& page) {
  const Analysis& analysis = page.analysis;
  if (!analysis.nothing.empty()) return element("p", "", "Nothing can be said: " + escaped(analysis.nothing) + ".");
  std::string body;
  for (const ParameterAnalysis& parameter : analysis.parameters) {
    body += element(
        "tr", "",
        element("th", R"(scope="row")", escaped(parameter.name, 40)) +
            element("td", R"(class="bar-cell")", share_bar(parameter.importance, parameter.deviation)) +
            element("td", R"(class="number")", fmt::format("{:.3f}", parameter.importance)) +
            element("td", R"(class="number")", fmt::format("{:.3f}", parameter.deviation)) +
            element("td", R"(class="number")", parameter.spearman ? fmt::format("{:+.3f}", *parameter.spearman) : "–"));
  }
  const std::string note = fmt::format(
      "Share of the metric’s variance that a parameter explains alone: functional ANOVA of {} trees over {} (Hutter, "
      "Hoos, Leyton-Brown, 2014); ± over the trees. Interactions: {:.3f}.",
      kTrees, analysed_text(page.head, analysis), analysis.interactions);
  return element(
             "table", R"(class="importance")",
             head_row({"parameter", "share of variance", "importance", "±", "Spearman"}) + element("tbody", "", body)) +
         element("p", R"(class="note")", note);
}

std::string outcomes_table(const Page& page) {
  std::string body;
  for (const auto& [word, count] : page.outcomes) {
    const auto outcome = protocol::outcome_named(word);
    body += element(
        "tr", "",
        element("th", R"(scope="row")", element("span", "class=\"swatch " + escaped(word) + "\"", "") + escaped(word)) +
            element("td", R"(class="number")", std::to_string(count)) +
            text_element("td", outcome ? std::string(protocol::info(*outcome).meaning) : ""));
  }
  return element("table", "", head_row({"outcome", "trials", "meaning"}) + element("tbody", "", body));
}

std::string facts_tables(const Page& page) {
  std::string out;
  for (const FactGroup& group : page.facts) {
    std::string body;
    for (const Fact& fact : group.facts) body += named_row(fact.name, fact.value);
    out += element("table", R"(class="facts")", text_element("caption", group.title) + element("tbody", "", body));
  }
  return out;
}

std::string replays_table(const Page& page) {
  if (page.replays.empty())
    return element("p", "",
                   "No trial of this sweep was replayed yet: " + element("code", "", "sweep replay --all") +
                       " runs them again and compares.");
  std::string body;
  for (const ReplayLine& replay : page.replays)
    body += element(
        "tr", "",
        element("td", "", element("code", "", escaped(replay.trial))) +
            element("td", replay.verdict == "different" ? R"(class="finding")" : "", escaped(replay.verdict)) +
            text_element("td", replay.where) + text_element("td", replay.when) + text_element("td", replay.detail));
  return element("table", "",
                 head_row({"trial", "verdict", "ran on", "when", "first difference"}) + element("tbody", "", body));
}

}  // namespace sweep
