// See figures.h.
#include "sweep/html/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sweep/html/axis.h"
#include "sweep/html/data.h"
#include "sweep/html/markup.h"

namespace sweep {
namespace {

using core::Json;

constexpr double kWidth = 1000;
constexpr std::size_t kMostLines = 200;   // of curves and of parallel coordinates
constexpr std::size_t kMostPoints = 400;  // of each small chart
constexpr std::size_t kMostCharts = 9;
constexpr std::size_t kMostAttempts = 1000;
constexpr std::size_t kMostAxes = 10;
constexpr std::size_t kPointsOfCurve = 60;

std::string svg(double height, const std::string& title, const std::string& inner) {
  return element(
      "svg", fmt::format(R"(viewBox="0 0 {} {}" role="img" aria-label="{}")", kWidth, height, escaped(title)), inner);
}

std::string text_at(double x, double y, const std::string& text, const char* anchor, const char* kind = "label") {
  return element("text", fmt::format(R"(x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}")", x, y, anchor, kind),
                 escaped(text, 40));
}

std::string line_at(double x1, double y1, double x2, double y2, const char* kind) {
  return fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>)", x1, y1, x2, y2, kind);
}

std::string path(const std::vector<std::pair<double, double>>& points, const char* kind) {
  std::string d;
  for (const auto& [x, y] : points) d += fmt::format("{}{:.1f},{:.1f}", d.empty() ? "M" : "L", x, y);
  return fmt::format(R"(<path d="{}" class="{}"/>)", d, kind);
}

struct Box {
  double left, top, right, bottom;
};

// Grid, ticks and titles of a chart.
std::string frame(const Box& box, const Axis& x, const Axis& y, int x_ticks, const std::string& x_title,
                  const std::string& y_title) {
  std::string out;
  for (const auto& [at, label] : y.ticks(5))
    out += line_at(box.left, at, box.right, at, "grid") + text_at(box.left - 6, at + 4, label, "end");
  for (const auto& [at, label] : x.ticks(x_ticks))
    out += line_at(at, box.bottom, at, box.bottom + 4, "axis") + text_at(at, box.bottom + 17, label, "middle");
  out += line_at(box.left, box.bottom, box.right, box.bottom, "axis");
  return out + text_at(box.right, box.bottom + 34, x_title, "end", "title") +
         text_at(box.left, box.top - 8, y_title, "start", "title");
}

std::optional<Json> value_of(const Row& row) {
  const auto value = row.value();
  return value && std::isfinite(*value) ? std::optional(Json(*value)) : std::nullopt;
}

Axis metric_axis(const Page& page, double begin, double end) {
  std::vector<double> values;
  for (const Row& row : page.shown.rows) values.push_back(row.value().value_or(NAN));
  const auto [low, high] = usual_range(values);
  return Axis::line(low, high, begin, end);
}

std::string metric_name(const Page& page) { return page.head.metric ? page.head.metric->name : "value"; }

std::string small_chart(const Page& page, const std::string& name, const Box& box) {
  const Column column = parameter_column(page.head, name);
  std::vector<std::optional<Json>> values;
  for (const Row& row : page.shown.rows) values.push_back(column.cell(row));
  const Axis x = Axis::of(values, box.left, box.right), y = metric_axis(page, box.bottom, box.top);
  std::string out = frame(box, x, y, 4, column.title, "");
  std::size_t drawn = 0;
  for (std::size_t r = 0; r < page.shown.rows.size() && drawn < kMostPoints; ++r) {
    const auto px = x.at(values[r]), py = y.at(value_of(page.shown.rows[r]));
    if (!px || !py) continue;
    out += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="2.5" class="{}"/>)", *px, *py,
                       page.shown.rows[r].rank && *page.shown.rows[r].rank <= 10 ? "point best" : "point");
    ++drawn;
  }
  return out;
}

}  // namespace

std::vector<std::string> by_importance(const Page& page, const Parameters& parameters) {
  std::vector<std::string> names;
  std::set<std::string> left(parameters.varying.begin(), parameters.varying.end());
  for (const ParameterAnalysis& parameter : page.analysis.parameters)
    if (left.erase(parameter.name) > 0) names.push_back(parameter.name);
  names.insert(names.end(), left.begin(), left.end());
  return names;
}

std::string curves_svg(const Page& page) {
  const std::vector<std::string> metrics = curve_metrics(page);
  if (metrics.empty()) return "";
  std::vector<MetricCurve> curves;
  std::vector<double> values, steps;
  for (const Row& row : page.shown.rows) {
    for (const TrialState* trial : row.trials()) {
      const auto found = page.curves.find(trial->index);
      if (found == page.curves.end() || curves.size() == kMostLines) continue;
      const auto curve = found->second.find(metrics.front());
      if (curve == found->second.end() || curve->second.empty()) continue;
      curves.push_back(fewer_points(curve->second, kPointsOfCurve));
      for (const auto& [step, value] : curves.back()) {
        values.push_back(value);
        steps.push_back(static_cast<double>(step));
      }
    }
  }
  if (curves.empty()) return "";
  const Box box{70, 30, kWidth - 20, 310};
  const auto [low, high] = usual_range(values);
  const Axis x = Axis::line(*std::min_element(steps.begin(), steps.end()),
                            *std::max_element(steps.begin(), steps.end()), box.left, box.right);
  const Axis y = Axis::line(low, high, box.bottom, box.top);
  std::string out = frame(box, x, y, 8, "step", metrics.front());
  for (std::size_t c = curves.size(); c-- > 0;) {
    std::vector<std::pair<double, double>> points;
    for (const auto& [step, value] : curves[c])
      if (const auto py = y.at(value)) points.emplace_back(*x.at(static_cast<double>(step)), *py);
    out += path(points, c == 0 ? "curve best" : c < 10 ? "curve good" : "curve");
  }
  return svg(350, metrics.front() + " by step, the best trial in front", out);
}

std::string parallel_svg(const Page& page, const Parameters& parameters) {
  std::vector<std::string> names = by_importance(page, parameters);
  if (names.empty()) return "";
  if (names.size() > kMostAxes) names.resize(kMostAxes);
  const Box box{60, 40, kWidth - 60, 290};
  const auto axis_x = [&](std::size_t a) {
    return box.left + (box.right - box.left) * static_cast<double>(a) / static_cast<double>(names.size());
  };
  std::vector<Column> columns;
  std::vector<Axis> axes;
  for (const std::string& name : names) {
    columns.push_back(parameter_column(page.head, name));
    std::vector<std::optional<Json>> values;
    for (const Row& row : page.shown.rows) values.push_back(columns.back().cell(row));
    axes.push_back(Axis::of(values, box.bottom, box.top));
  }
  columns.push_back({metric_name(page), value_of});
  axes.push_back(metric_axis(page, box.bottom, box.top));
  std::string lines, frames;
  for (std::size_t r = std::min(page.shown.rows.size(), kMostLines); r-- > 0;) {
    std::vector<std::pair<double, double>> points;
    for (std::size_t a = 0; a < axes.size(); ++a)
      if (const auto y = axes[a].at(columns[a].cell(page.shown.rows[r]))) points.emplace_back(axis_x(a), *y);
    if (points.size() > 1) lines += path(points, r == 0 ? "curve best" : r < 10 ? "curve good" : "curve");
  }
  for (std::size_t a = 0; a < axes.size(); ++a) {
    frames += line_at(axis_x(a), box.top, axis_x(a), box.bottom, "axis");
    frames += text_at(axis_x(a), box.top - 16, columns[a].title, "middle", "title");
    for (const auto& [at, label] : axes[a].ticks(5)) frames += text_at(axis_x(a) - 5, at + 4, label, "end");
  }
  return svg(310, "each trial as a line through its parameters to its metric", lines + frames);
}

std::string parameters_svg(const Page& page, const Parameters& parameters) {
  std::vector<std::string> names = by_importance(page, parameters);
  if (names.size() > kMostCharts) names.resize(kMostCharts);
  if (names.empty() || !page.head.metric) return "";
  constexpr double kColumns = 3, kHeight = 230;
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double left = static_cast<double>(i % 3) * kWidth / kColumns, top = static_cast<double>(i / 3) * kHeight;
    out += small_chart(page, names[i], {left + 60, top + 16, left + kWidth / kColumns - 12, top + kHeight - 46});
  }
  return svg(kHeight * static_cast<double>((names.size() + 2) / 3), metric_name(page) + " by each parameter", out);
}

std::string timeline_svg(const Page& page) {
  if (page.attempts.empty()) return "";
  std::set<std::string> names;
  std::int64_t begin = page.attempts.front().start_ms, end = begin + 1;
  for (const RanAttempt& ran : page.attempts) {
    names.insert(ran.slot);
    begin = std::min(begin, ran.start_ms);
    end = std::max(end, ran.end_ms);
  }
  const std::vector<std::string> slots(names.begin(), names.end());
  constexpr double kRow = 22;
  const Box box{110, 10, kWidth - 20, 10 + kRow * static_cast<double>(slots.size())};
  const Axis x = Axis::line(0, static_cast<double>(end - begin) / 1000, box.left, box.right);
  std::string out;
  for (std::size_t s = 0; s < slots.size(); ++s)
    out += text_at(box.left - 8, box.top + kRow * (static_cast<double>(s) + 0.65), slots[s], "end");
  for (std::size_t i = 0; i < std::min(page.attempts.size(), kMostAttempts); ++i) {
    const RanAttempt& ran = page.attempts[i];
    const auto row = static_cast<double>(std::lower_bound(slots.begin(), slots.end(), ran.slot) - slots.begin());
    const double from = *x.at(static_cast<double>(ran.start_ms - begin) / 1000);
    const double to = *x.at(static_cast<double>(ran.end_ms - begin) / 1000);
    out += fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" class="bar {}">)", from,
                       box.top + kRow * row + 2, std::max(1.0, to - from - 0.5), kRow - 5, escaped(ran.outcome));
    out += text_element("title", fmt::format("#{} attempt {}: {}", ran.index, ran.attempt, ran.outcome)) + "</rect>";
  }
  for (const auto& [at, label] : x.ticks(8))
    out += line_at(at, box.bottom, at, box.bottom + 4, "axis") + text_at(at, box.bottom + 17, label, "middle");
  out += line_at(box.left, box.bottom, box.right, box.bottom, "axis") +
         text_at(box.right, box.bottom + 34, "seconds since the first start", "end", "title");
  return svg(box.bottom + 44, "which slot ran which attempt, and when", out);
}

}  // namespace sweep
