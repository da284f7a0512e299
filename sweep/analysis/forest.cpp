// See forest.h.
#include "sweep/analysis/forest.h"

#include <algorithm>

#include "core/philox.h"

namespace sweep {
namespace {

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

Forest::Forest(std::span<const Feature> features) : features_(features), jumps_(features.size()) {
  for (const Feature& feature : features_) sums_.emplace_back(feature.levels.size());
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
  Grown grown;
  for (const Leaf& leaf : tree.leaves) grown.values.push_back(leaf.value);
  grown.nodes = std::move(tree.nodes);
  trees_.push_back(std::move(grown));
}

Explained Forest::explain(std::uint64_t seed) const {
  const auto trees = static_cast<double>(trees_.size());
  std::vector<Marginal> marginals;
  Explained explained;
  for (std::size_t f = 0; f < features_.size(); ++f) {
    if (features_[f].is_ordered) {
      marginals.push_back(step_function(features_[f], jumps_[f], trees));
    } else {
      marginals.push_back({{}, features_[f].weights, sums_[f]});
      for (double& mean : marginals.back().means) mean /= trees;
    }
    explained.alone.push_back(square_sum(marginals.back()));
    explained.variance += explained.alone.back();
  }
  const double rest = mean_square_rest(seed, marginals);
  explained.variance += rest;
  for (double& alone : explained.alone) alone = explained.share(alone);
  explained.interactions = explained.share(rest);
  return explained;
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
