// See tree.h. The trials of a node are a range of every order, which a split parts in two: nothing is sorted twice.
#include "sweep/analysis/tree.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "core/philox.h"

namespace sweep {
namespace {

using Indices = std::vector<std::uint32_t>;

constexpr double kLeastWeight = 1;    // of a leaf, in draws of the bootstrap
constexpr int kMostSplits = 64;       // above a leaf
constexpr double kLeastGain = 1e-12;  // of a draw: below it is rounding

struct Range {
  std::size_t begin, end;
};

// Draws of a bootstrap, or of a part of it.
struct Sum {
  double weight = 0, values = 0;
  Sum operator-(const Sum& part) const { return {weight - part.weight, values - part.values}; }
  void add(double w, double value) { weight += w, values += w * value; }
  double score() const { return values * values / weight; }
};

struct Split {
  std::size_t feature = 0;
  double score = 0;
  double cut = 0;                  // ordered: below it is left
  std::uint32_t last = 0;          // and so are all places up to this one
  std::vector<std::uint8_t> left;  // else: which levels are
};

class Grower {
 public:
  Grower(std::span<const Feature> features, std::span<const double> values, std::uint64_t seed, std::uint32_t number)
      : features_(features), values_(values), weights_(values.size()), is_left_(values.size()) {
    draw(seed, number);
    Indices drawn;
    for (std::uint32_t i = 0; i < values.size(); ++i)
      if (weights_[i] > 0) drawn.push_back(i);
    parted_.resize(drawn.size());
    for (const Feature& feature : features_) {
      orders_.push_back(drawn);
      if (feature.is_ordered)
        std::stable_sort(orders_.back().begin(), orders_.back().end(),
                         [&](std::uint32_t a, std::uint32_t b) { return feature.place[a] < feature.place[b]; });
      box_.stretches.push_back({feature.start(), 1});
      box_.sets.emplace_back(feature.levels.size(), std::uint8_t{1});
    }
  }

  Tree grow() {
    grow({0, parted_.size()}, 0);
    return std::move(tree_);
  }

 private:
  void draw(std::uint64_t seed, std::uint32_t number) {
    const std::uint64_t n = values_.size();
    for (std::uint64_t i = 0; i < n; ++i) {
      const core::Philox4 bits =
          core::random_bits(seed, core::Purpose::kForest, number, 0, static_cast<std::uint32_t>(i / 4));
      ++weights_[(bits.word[i % 4] * n) >> 32];
    }
  }

  // Returns the child, as a node has it.
  std::int32_t grow(Range range, int splits) {
    Sum all;
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t trial = orders_[0][i];
      all.add(weights_[trial], values_[trial]);
    }
    const std::optional<Split> split = splits < kMostSplits ? best_split(range, all) : std::nullopt;
    if (!split) {
      tree_.leaves.push_back({box_, all.values / all.weight});
      return ~static_cast<std::int32_t>(tree_.leaves.size() - 1);
    }
    const std::size_t middle = part(range, *split);
    const auto node = static_cast<std::int32_t>(tree_.nodes.size());
    tree_.nodes.push_back({split->feature, split->cut, split->left, 0, 0});
    const std::int32_t left = grow_inside(*split, true, {range.begin, middle}, splits + 1);
    const std::int32_t right = grow_inside(*split, false, {middle, range.end}, splits + 1);
    tree_.nodes[static_cast<std::size_t>(node)].left = left;
    tree_.nodes[static_cast<std::size_t>(node)].right = right;
    return node;
  }

  // On one side of a split: the box is narrower there.
  std::int32_t grow_inside(const Split& split, bool left, Range range, int splits) {
    Stretch& stretch = box_.stretches[split.feature];
    std::vector<std::uint8_t>& set = box_.sets[split.feature];
    const Stretch whole_stretch = stretch;
    const std::vector<std::uint8_t> whole_set = set;
    if (features_[split.feature].is_ordered) (left ? stretch.high : stretch.low) = split.cut;
    for (std::size_t level = 0; level < set.size(); ++level) set[level] &= (split.left[level] != 0) == left;
    const std::int32_t grown = grow(range, splits);
    stretch = whole_stretch;
    set = whole_set;
    return grown;
  }

  std::optional<Split> best_split(Range range, const Sum& all) {
    Split best;
    best.score = all.score() + kLeastGain * all.weight;
    const double before = best.score;
    for (std::size_t f = 0; f < features_.size(); ++f) {
      if (features_[f].is_ordered)
        try_cuts(range, all, f, best);
      else
        try_sets(range, all, f, best);
    }
    return best.score > before ? std::optional(std::move(best)) : std::nullopt;
  }

  static bool improves(const Sum& left, const Sum& all, double& score) {
    const Sum right = all - left;
    if (left.weight < kLeastWeight || right.weight < kLeastWeight) return false;
    const double now = left.score() + right.score();
    if (!(now > score)) return false;
    score = now;
    return true;
  }

  void try_cuts(Range range, const Sum& all, std::size_t f, Split& best) const {
    const Feature& feature = features_[f];
    const Indices& order = orders_[f];
    Sum left;
    for (std::size_t i = range.begin; i + 1 < range.end; ++i) {
      left.add(weights_[order[i]], values_[order[i]]);
      const std::uint32_t here = feature.place[order[i]], next = feature.place[order[i + 1]];
      if (here == next || !improves(left, all, best.score)) continue;
      best.feature = f;
      best.cut = feature.cut(here, next);
      best.last = here;
    }
  }

  // A level that no trial here has goes where more of them go.
  void try_sets(Range range, const Sum& all, std::size_t f, Split& best) {
    const Feature& feature = features_[f];
    std::vector<Sum> sums(feature.levels.size());
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t trial = orders_[f][i];
      sums[feature.place[trial]].add(weights_[trial], values_[trial]);
    }
    Indices seen;
    for (std::uint32_t level = 0; level < sums.size(); ++level)
      if (sums[level].weight > 0) seen.push_back(level);
    const auto mean = [&](std::uint32_t level) { return sums[level].values / sums[level].weight; };
    std::stable_sort(seen.begin(), seen.end(), [&](std::uint32_t a, std::uint32_t b) { return mean(a) < mean(b); });
    Sum left;
    for (std::size_t i = 0; i + 1 < seen.size(); ++i) {
      left.weight += sums[seen[i]].weight, left.values += sums[seen[i]].values;
      if (!improves(left, all, best.score)) continue;
      best.feature = f;
      best.left.assign(sums.size(), left.weight * 2 >= all.weight);
      for (std::size_t k = 0; k < seen.size(); ++k) best.left[seen[k]] = k <= i;
    }
  }

  std::size_t part(Range range, const Split& split) {
    const Feature& feature = features_[split.feature];
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::uint32_t trial = orders_[0][i], place = feature.place[trial];
      is_left_[trial] = feature.is_ordered ? place <= split.last : split.left[place];
    }
    std::size_t middle = range.begin;
    for (Indices& order : orders_) {
      std::size_t left = range.begin, right = 0;
      for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::uint32_t trial = order[i];
        if (is_left_[trial])
          order[left++] = trial;
        else
          parted_[right++] = trial;
      }
      std::copy_n(parted_.begin(), right, order.begin() + static_cast<std::ptrdiff_t>(left));
      middle = left;
    }
    return middle;
  }

  std::span<const Feature> features_;
  std::span<const double> values_;
  std::vector<double> weights_;  // how often each trial was drawn
  std::vector<Indices> orders_;  // one a feature: the drawn trials, an ordered feature's by place
  std::vector<std::uint8_t> is_left_;
  Indices parted_;
  Box box_;
  Tree tree_;
};

}  // namespace

Tree grow_tree(std::span<const Feature> features, std::span<const double> values, std::uint64_t seed,
               std::uint32_t number) {
  return Grower(features, values, seed, number).grow();
}

std::size_t find_leaf(std::span<const Feature> features, std::span<const TreeNode> nodes, const Point& point) {
  std::int32_t at = nodes.empty() ? ~0 : 0;
  while (at >= 0) {
    const TreeNode& node = nodes[static_cast<std::size_t>(at)];
    const bool is_left = features[node.feature].is_ordered ? point.line[node.feature] < node.cut
                                                           : node.set[point.level[node.feature]] != 0;
    at = is_left ? node.left : node.right;
  }
  return static_cast<std::size_t>(~at);
}

}  // namespace sweep
