// See decomposition.h. A leaf covers runs of steps: what it adds is written at the ends of its runs and summed along
// the line afterwards, so that a tree costs leaves + steps and not their product.
#include "sweep/analysis/decomposition.h"

#include <algorithm>

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
    double share = 0;
    if (feature.is_ordered) {
      share = feature.measure(leaf.box.stretches[f].low, leaf.box.stretches[f].high);
    } else {
      for (const Run& run : cover.runs.back())
        for (std::size_t level = run.from; level < run.to; ++level) share += feature.weights[level];
    }
    cover.shares.push_back(share);
  }
  return cover;
}

// The share that a leaf takes of all features but these.
double share_without(const std::vector<Cover>& covers, std::size_t leaf, std::size_t first, std::size_t second) {
  double share = 1;
  for (std::size_t f = 0; f < covers.size(); ++f)
    if (f != first && f != second) share *= covers[f].shares[leaf];
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

// The variance of what two features do together, their own marginals left out.
double variance_together(const Decomposition& tree, const std::vector<Cover>& covers, std::span<const Leaf> leaves,
                         std::size_t a, std::size_t b) {
  const Marginal &rows = tree.marginals[a], &columns = tree.marginals[b];
  const std::size_t width = columns.means.size() + 1;
  std::vector<double> cells((rows.means.size() + 1) * width);
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    const double adds = (leaves[leaf].value - tree.mean) * share_without(covers, leaf, a, b);
    for (const Run& row : covers[a].runs[leaf])
      for (const Run& column : covers[b].runs[leaf]) {
        cells[row.from * width + column.from] += adds;
        cells[row.from * width + column.to] -= adds;
        cells[row.to * width + column.from] -= adds;
        cells[row.to * width + column.to] += adds;
      }
  }
  double variance = 0;
  for (std::size_t i = 0; i < rows.means.size(); ++i) {
    double along = 0, sum = 0;
    for (std::size_t k = 0; k < columns.means.size(); ++k) {
      double& cell = cells[i * width + k];
      along += cell;
      cell = along + (i > 0 ? cells[(i - 1) * width + k] : 0);
      const double rest = cell - rows.means[i] - columns.means[k];
      sum += columns.weights[k] * rest * rest;
    }
    variance += rows.weights[i] * sum;
  }
  return variance;
}

}  // namespace

Decomposition decompose(std::span<const Feature> features, std::span<const Leaf> leaves, bool pairs) {
  Decomposition tree;
  std::vector<Cover> covers;
  for (std::size_t f = 0; f < features.size(); ++f) {
    tree.marginals.push_back(steps_of(features[f], leaves, f));
    covers.push_back(cover_of(features[f], tree.marginals[f], leaves, f));
  }
  std::vector<double> shares;
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    shares.push_back(share_without(covers, leaf, features.size(), features.size()));
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
      const double adds = (leaves[leaf].value - tree.mean) * share_without(covers, leaf, f, f);
      for (const Run& run : covers[f].runs[leaf]) marginal.means[run.from] += adds, marginal.means[run.to] -= adds;
    }
    sum_along(marginal.means);
    tree.alone.push_back(variance_of(marginal));
  }
  for (std::size_t a = 0; pairs && a < features.size(); ++a)
    for (std::size_t b = a + 1; b < features.size(); ++b)
      tree.together.push_back(variance_together(tree, covers, leaves, a, b));
  return tree;
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
