// See forest.h.
#include "sweep/analysis/forest.h"

#include <algorithm>

#include "core/philox.h"

namespace sweep {
namespace {

constexpr std::size_t kPlaces = 64;  // of an ordered feature on the grid of a pair

double square_sum(const Marginal& marginal) {
  double sum = 0;
  for (std::size_t i = 0; i < marginal.means.size(); ++i)
    sum += marginal.weights[i] * marginal.means[i] * marginal.means[i];
  return sum;
}

// A step function out of where it rises.
Marginal step_function(const Feature& feature, std::vector<std::pair<double, double>> jumps, double trees) {
  std::stable_sort(jumps.begin(), jumps.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Marginal marginal;
  double height = 0;
  for (std::size_t from = 0, to = 0; from < jumps.size(); from = to) {
    for (; to < jumps.size() && jumps[to].first == jumps[from].first; ++to) height += jumps[to].second;
    const double end = to < jumps.size() ? jumps[to].first : 1;
    marginal.bounds.push_back(jumps[from].first);
    marginal.weights.push_back(feature.measure(jumps[from].first, end));
    marginal.means.push_back(height / trees);
  }
  marginal.bounds.push_back(1);
  return marginal;
}

double at(const Feature& feature, const Marginal& marginal, const Point& point, std::size_t f) {
  if (!feature.is_ordered) return marginal.means[point.level[f]];
  const auto above = std::upper_bound(marginal.bounds.begin(), marginal.bounds.end() - 1, point.line[f]);
  return marginal.means[static_cast<std::size_t>(above - marginal.bounds.begin()) - 1];
}

}  // namespace

Forest::Forest(std::span<const Feature> features, bool pairs) : features_(features), jumps_(features.size()) {
  for (const Feature& feature : features_) sums_.emplace_back(feature.levels.size());
  for (std::size_t a = 0; pairs && a < features_.size(); ++a)
    for (std::size_t b = a + 1; b < features_.size(); ++b)
      grids_.push_back({a, b, std::vector<double>(places(a) * places(b))});
}

void Forest::add(Tree tree, const Decomposition& decomposition) {
  mean_ += decomposition.mean;
  for (std::size_t f = 0; f < features_.size(); ++f) {
    const Marginal& marginal = decomposition.marginals[f];
    for (std::size_t i = 0; i < marginal.means.size(); ++i) {
      if (features_[f].is_ordered)
        jumps_[f].emplace_back(marginal.bounds[i], marginal.means[i] - (i > 0 ? marginal.means[i - 1] : 0));
      else
        sums_[f][i] += marginal.means[i];
    }
  }
  for (Grid& grid : grids_) add_to(grid, tree, decomposition.mean);
  Grown grown;
  for (const Leaf& leaf : tree.leaves) grown.values.push_back(leaf.value);
  grown.nodes = std::move(tree.nodes);
  trees_.push_back(std::move(grown));
}

Explained Forest::explain(std::uint64_t seed) const {
  const auto trees = static_cast<double>(trees_.size());
  std::vector<Marginal> marginals;
  Explained explained;
  double variance = 0;
  for (std::size_t f = 0; f < features_.size(); ++f) {
    if (features_[f].is_ordered) {
      marginals.push_back(step_function(features_[f], jumps_[f], trees));
    } else {
      marginals.push_back({{}, features_[f].weights, sums_[f]});
      for (double& mean : marginals.back().means) mean /= trees;
    }
    explained.alone.push_back(square_sum(marginals.back()));
    variance += explained.alone.back();
  }
  const double rest = mean_square_rest(seed, marginals);
  variance += rest;
  const auto share = [&](double part) { return variance > 0 ? part / variance : 0; };
  for (double& alone : explained.alone) alone = share(alone);
  for (const Grid& grid : grids_) explained.together.push_back({grid.first, grid.second, share(variance_of(grid))});
  explained.interactions = share(rest);
  return explained;
}

std::size_t Forest::places(std::size_t f) const {
  if (!features_[f].is_ordered) return features_[f].levels.size();
  return kPlaces + (features_[f].absent > 0 ? 1 : 0);
}

double Forest::weight_of_place(std::size_t f, std::size_t place) const {
  const Feature& feature = features_[f];
  if (!feature.is_ordered) return feature.weights[place];
  return place == kPlaces ? feature.absent : (1 - feature.absent) / kPlaces;
}

// Which places of a feature a box holds.
std::vector<std::uint8_t> Forest::covered(std::size_t f, const Box& box) const {
  if (!features_[f].is_ordered) return box.sets[f];
  const Stretch& stretch = box.stretches[f];
  std::vector<std::uint8_t> in(places(f));
  for (std::size_t place = 0; place < in.size(); ++place) {
    const double middle = place == kPlaces ? -0.5 : (static_cast<double>(place) + 0.5) / kPlaces;
    in[place] = middle >= stretch.low && middle < stretch.high;
  }
  return in;
}

void Forest::add_to(Grid& grid, const Tree& tree, double mean) const {
  const std::size_t width = places(grid.second);
  for (const Leaf& leaf : tree.leaves) {
    double adds = leaf.value - mean;
    for (std::size_t f = 0; f < features_.size(); ++f)
      if (f != grid.first && f != grid.second) adds *= share_of(features_[f], leaf.box, f);
    const std::vector<std::uint8_t> rows = covered(grid.first, leaf.box), columns = covered(grid.second, leaf.box);
    for (std::size_t row = 0; row < rows.size(); ++row)
      for (std::size_t column = 0; rows[row] && column < width; ++column)
        if (columns[column]) grid.cells[row * width + column] += adds;
  }
}

// Of what is left in the cells when the means of their row and column are taken away.
double Forest::variance_of(const Grid& grid) const {
  const std::size_t height = places(grid.first), width = places(grid.second);
  const auto trees = static_cast<double>(trees_.size());
  std::vector<double> rows(height), columns(width);
  double mean = 0, variance = 0;
  for (std::size_t row = 0; row < height; ++row)
    for (std::size_t column = 0; column < width; ++column) {
      const double cell = grid.cells[row * width + column] / trees;
      const double here = weight_of_place(grid.first, row), across = weight_of_place(grid.second, column);
      rows[row] += across * cell;
      columns[column] += here * cell;
      mean += here * across * cell;
    }
  for (std::size_t row = 0; row < height; ++row)
    for (std::size_t column = 0; column < width; ++column) {
      const double rest = grid.cells[row * width + column] / trees - rows[row] - columns[column] + mean;
      variance += weight_of_place(grid.first, row) * weight_of_place(grid.second, column) * rest * rest;
    }
  return variance;
}

Point Forest::draw_point(std::uint64_t seed, std::uint32_t number) const {
  Point point{std::vector<double>(features_.size()), std::vector<std::uint32_t>(features_.size())};
  for (std::size_t f = 0; f < features_.size(); ++f) {
    const core::Philox4 bits =
        core::random_bits(seed, core::Purpose::kForest, kDrawOfPoints, static_cast<std::uint32_t>(f), number);
    const double u = (static_cast<double>(bits.word[0]) + 0.5) * 0x1p-32;
    const Feature& feature = features_[f];
    if (feature.is_ordered) {
      point.line[f] = u < feature.absent ? -0.5 : (u - feature.absent) / (1 - feature.absent);
      continue;
    }
    double below = 0;
    for (std::uint32_t level = 0; level < feature.weights.size(); ++level) {
      if (feature.weights[level] > 0) point.level[f] = level;
      below += feature.weights[level];
      if (u < below) break;
    }
  }
  return point;
}

double Forest::mean_square_rest(std::uint64_t seed, const std::vector<Marginal>& marginals) const {
  const auto trees = static_cast<double>(trees_.size());
  double sum = 0;
  for (std::uint32_t number = 0; number < kPoints; ++number) {
    const Point point = draw_point(seed, number);
    double rest = -mean_;
    for (const Grown& tree : trees_) rest += tree.values[find_leaf(features_, tree.nodes, point)];
    rest /= trees;
    for (std::size_t f = 0; f < features_.size(); ++f) rest -= at(features_[f], marginals[f], point, f);
    sum += rest * rest;
  }
  return sum / kPoints;
}

}  // namespace sweep
