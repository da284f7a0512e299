// Regression trees on bootstrap samples, as boxes: each leaf is a part of the space with one prediction, and the leaves
// of a tree cover the space once. Inside of analysis/.
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

/// The tree number `number` of the forest under `seed`. `values`: one a trial. Determinism: the same bits for the same
/// input; ties go to the first feature and the lowest cut.
std::vector<Leaf> grow_tree(std::span<const Feature> features, std::span<const double> values, std::uint64_t seed,
                            std::uint32_t number);

}  // namespace sweep
