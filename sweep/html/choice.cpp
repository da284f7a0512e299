// Which rows a page shows; see page.h.
#include <algorithm>

#include "sweep/html/page.h"
#include "sweep/report/choice.h"

namespace sweep {
namespace {

// The smallest draws of the rest; then back in the order of the leaderboard.
std::vector<Row> sample_of(const std::vector<Row>& rows, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::size_t>> draws;
  for (std::size_t place = kFirstRows; place < rows.size(); ++place)
    draws.emplace_back(draw_of_row(rows[place], seed), place);
  std::nth_element(draws.begin(), draws.begin() + kDrawnRows, draws.end());
  draws.resize(kDrawnRows);
  std::sort(draws.begin(), draws.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<Row> sample(rows.begin(), rows.begin() + kFirstRows);
  for (const auto& [draw, place] : draws) sample.push_back(rows[place]);
  return sample;
}

}  // namespace

ShownRows shown_rows(const SweepHead& head, const std::vector<Row>& rows, const ReportOptions& options,
                     std::uint64_t seed) {
  ReportOptions every = options;
  every.all = true;
  every.top.reset();
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, every, some);
  const bool is_plain = options.filter.empty() && options.sort.empty();  // then nothing is copied
  Choice choice;
  if (!is_plain) choice = chosen_rows(head, own, every);
  const std::vector<Row>& chosen = is_plain ? own : choice.rows;

  ShownRows shown;
  shown.all = own.size();
  shown.chosen = chosen.size();
  if (!own.empty() && own.front().rank) shown.best = own.front();
  shown.is_sample = !options.top && chosen.size() > kFirstRows + kDrawnRows;
  if (shown.is_sample)
    shown.rows = sample_of(chosen, seed);
  else
    shown.rows.assign(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                                           chosen.size(), options.top.value_or(UINT64_MAX))));
  return shown;
}

}  // namespace sweep
