// Which rows a page shows; see page.h.
#include <algorithm>

#include "sweep/html/page.h"
#include "sweep/report/choice.h"

namespace sweep {

std::vector<Row> shown_rows(const std::vector<Row>& rows, const ReportOptions& options, std::uint64_t seed) {
  ReportOptions every = options;
  every.all = true;
  std::vector<Row> some;
  const std::vector<Row>& own = own_rows(rows, every, some);
  if (options.top && own.size() > *options.top)
    return {own.begin(), own.begin() + static_cast<std::ptrdiff_t>(*options.top)};
  if (own.size() <= kFirstRows + kDrawnRows) return own;

  // The smallest draws of the rest; then back in the order of the leaderboard.
  std::vector<std::pair<std::uint64_t, std::size_t>> draws;
  for (std::size_t place = kFirstRows; place < own.size(); ++place)
    draws.emplace_back(draw_of_row(own[place], seed), place);
  std::nth_element(draws.begin(), draws.begin() + kDrawnRows, draws.end());
  draws.resize(kDrawnRows);
  std::sort(draws.begin(), draws.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  std::vector<Row> shown(own.begin(), own.begin() + kFirstRows);
  for (const auto& [draw, place] : draws) shown.push_back(own[place]);
  return shown;
}

}  // namespace sweep
