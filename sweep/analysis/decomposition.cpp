// See decomposition.h. A leaf covers runs of steps: what it adds is written at the ends of its runs and summed along
// the line afterwards, so that a tree costs leaves + steps and not their product.
#include "sweep/analysis/decomposition.h"

#include <algorithm>
#include <optional>

namespace sweep {
namespace {

// Steps from … to, the last not included.
struct Run {
  std::size_t from, to;
};

struct Cover {
  std::vector<std::vector<Run>> runs;  // of each leaf
  std::vector<double> shares;          // of each leaf: how much of the feature it takes
};

Marginal steps_of(const Feature& feature, std::span<const Leaf> leaves, std::size_t f) {
  Marginal steps;
  if (!feature.is_ordered) {
    steps.weights = feature.weights;
  } else {
    for (const Leaf& leaf : leaves) {
      steps.bounds.push_back(leaf.box.stretches[f].low);
      steps.bounds.push_back(leaf.box.stretches[f].high);
    }
    std::sort(steps.bounds.begin(), steps.bounds.end());
    steps.bounds.erase(std::unique(steps.bounds.begin(), steps.bounds.end()), steps.bounds.end());
    for (std::size_t i = 0; i + 1 < steps.bounds.size(); ++i)
      steps.weights.push_back(feature.measure(steps.bounds[i], steps.bounds[i + 1]));
  }
  return steps;
}

std::vector<Run> runs_of(const Marginal& steps, const Box& box, std::size_t f) {
  const auto step = [&](double bound) {
    return static_cast<std::size_t>(std::lower_bound(steps.bounds.begin(), steps.bounds.end(), bound) -
                                    steps.bounds.begin());
  };
  if (!steps.bounds.empty()) return {{step(box.stretches[f].low), step(box.stretches[f].high)}};
  std::vector<Run> runs;
  const std::vector<std::uint8_t>& set = box.sets[f];
  for (std::size_t level = 0; level < set.size(); ++level) {
    if (!set[level]) continue;
    if (runs.empty() || runs.back().to != level) runs.push_back({level, level});
    ++runs.back().to;
  }
  return runs;
}

Cover cover_of(const Feature& feature, const Marginal& steps, std::span<const Leaf> leaves, std::size_t f) {
  Cover cover;
  for (const Leaf& leaf : leaves) {
    cover.runs.push_back(runs_of(steps, leaf.box, f));
    cover.shares.push_back(share_of(feature, leaf.box, f));
  }
  return cover;
}

// The share that a leaf takes of all features but this one.
double share_without(const std::vector<Cover>& covers, std::size_t leaf, std::optional<std::size_t> feature) {
  double share = 1;
  for (std::size_t f = 0; f < covers.size(); ++f)
    if (f != feature) share *= covers[f].shares[leaf];
  return share;
}

double variance_of(const Marginal& marginal) {
  double sum = 0;
  for (std::size_t i = 0; i < marginal.means.size(); ++i)
    sum += marginal.weights[i] * marginal.means[i] * marginal.means[i];
  return sum;
}

void sum_along(std::vector<double>& differences) {
  for (std::size_t i = 1; i < differences.size(); ++i) differences[i] += differences[i - 1];
  differences.pop_back();
}

}  // namespace

Decomposition decompose(std::span<const Feature> features, std::span<const Leaf> leaves) {
  Decomposition tree;
  std::vector<Cover> covers;
  for (std::size_t f = 0; f < features.size(); ++f) {
    tree.marginals.push_back(steps_of(features[f], leaves, f));
    covers.push_back(cover_of(features[f], tree.marginals[f], leaves, f));
  }
  std::vector<double> shares;
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    shares.push_back(share_without(covers, leaf, {}));
    tree.mean += shares[leaf] * leaves[leaf].value;
  }
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    const double off = leaves[leaf].value - tree.mean;
    tree.variance += shares[leaf] * off * off;
  }
  for (std::size_t f = 0; f < features.size(); ++f) {
    Marginal& marginal = tree.marginals[f];
    marginal.means.assign(marginal.weights.size() + 1, 0);
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      const double adds = (leaves[leaf].value - tree.mean) * share_without(covers, leaf, f);
      for (const Run& run : covers[f].runs[leaf]) marginal.means[run.from] += adds, marginal.means[run.to] -= adds;
    }
    sum_along(marginal.means);
    tree.alone.push_back(variance_of(marginal));
  }
  return tree;
}

double share_of(const Feature& feature, const Box& box, std::size_t f) {
  if (feature.is_ordered) return feature.measure(box.stretches[f].low, box.stretches[f].high);
  double share = 0;
  for (std::size_t level = 0; level < box.sets[f].size(); ++level)
    if (box.sets[f][level]) share += feature.weights[level];
  return share;
}

double mean_between(const Feature& feature, const Marginal& marginal, double low, double high) {
  double sum = 0, weight = 0;
  for (std::size_t i = 0; i < marginal.means.size(); ++i) {
    const double from = std::max(low, marginal.bounds[i]), to = std::min(high, marginal.bounds[i + 1]);
    if (from >= to) continue;
    const double share = feature.measure(from, to);
    sum += share * marginal.means[i];
    weight += share;
  }
  return weight > 0 ? sum / weight : 0;
}

}  // namespace sweep
