// Optimal string alignment distance; see suggest.h.
#include "core/suggest.h"

#include <algorithm>
#include <vector>

namespace core {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

namespace {

constexpr std::size_t kLongest = 256;  // bytes of a word that somebody mistypes; time and memory go with its square

}  // namespace

std::optional<std::string> nearest_word(std::string_view typed, std::span<const std::string> words) {
  std::optional<std::string> best;
  std::size_t best_distance = 3;
  for (const std::string& word : words) {
    const std::size_t longer = std::max(typed.size(), word.size()), shorter = std::min(typed.size(), word.size());
    if (longer - shorter >= best_distance || longer > kLongest) continue;
    const std::size_t distance = edit_distance(typed, word);
    if (distance < best_distance && 2 * distance <= longer) {
      best = word;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace core
