// A regression tree on a bootstrap sample, as boxes: each leaf is a part of the space with one prediction, and the
// leaves cover the space once. Inside of analysis/.
//
// Source: Breiman, "Random forests" (Machine Learning 45, 2001); choices are split by their means' order, which finds
// the best of all ways (Breiman et al., "Classification and regression trees", 1984, section 4.2.2). Every split may
// use every parameter: trees differ by their samples alone.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sweep/analysis/features.h"

namespace sweep {

/// The part of the space that a leaf stands for: a stretch of each ordered feature, a set of levels of each other one.
struct Box {
  std::vector<Stretch> stretches;               ///< one a feature
  std::vector<std::vector<std::uint8_t>> sets;  ///< one a feature; of each level whether it is in
};

struct Leaf {
  Box box;
  double value = 0;
};

/// A split. Children: a node, or ~ of a leaf's number.
struct TreeNode {
  std::size_t feature = 0;
  double cut = 0;                 ///< ordered: what lies below is left
  std::vector<std::uint8_t> set;  ///< else: of each level whether it is left
  std::int32_t left = 0, right = 0;
};

struct Tree {
  std::vector<TreeNode> nodes;  ///< the first is the root; none where there is one leaf
  std::vector<Leaf> leaves;
};

/// Where a configuration stands, drawn or not: one of each a feature, of which one counts.
struct Point {
  std::vector<double> line;
  std::vector<std::uint32_t> level;
};

/// The tree number `number` of the forest under `seed`. `values`: one a trial. Determinism: the same bits for the same
/// input; ties go to the first feature and the lowest cut.
Tree grow_tree(std::span<const Feature> features, std::span<const double> values, std::uint64_t seed,
               std::uint32_t number);

/// The number of the leaf that holds the point.
std::size_t find_leaf(std::span<const Feature> features, std::span<const TreeNode> nodes, const Point& point);

}  // namespace sweep
