// See spearman.h.
#include "sweep/analysis/spearman.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace sweep {
namespace {

// Twice the rank, counted from the middle of all ranks: a whole number, 0 on average.
std::vector<std::int64_t> centred_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<std::int64_t> ranks(values.size());
  const auto n = static_cast<std::int64_t>(values.size());
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && values[order[to]] == values[order[from]]) ++to;
    const auto twice_middle = static_cast<std::int64_t>(from + to) + 1;  // ranks from + 1 … to
    for (std::size_t i = from; i < to; ++i) ranks[order[i]] = twice_middle - (n + 1);
  }
  return ranks;
}

}  // namespace

std::optional<double> spearman(std::span<const double> first, std::span<const double> second) {
  const std::vector<std::int64_t> a = centred_ranks(first), b = centred_ranks(second);
  std::int64_t products = 0, squares_a = 0, squares_b = 0;  // below 2^20 · (2^20)^2
  for (std::size_t i = 0; i < a.size(); ++i) {
    products += a[i] * b[i];
    squares_a += a[i] * a[i];
    squares_b += b[i] * b[i];
  }
  if (squares_a == 0 || squares_b == 0) return std::nullopt;
  // The root of a square is exact: where the ranks agree the result is 1.
  return static_cast<double>(products) / std::sqrt(static_cast<double>(squares_a) * static_cast<double>(squares_b));
}

}  // namespace sweep
