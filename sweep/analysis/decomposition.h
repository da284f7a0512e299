// The variance of one tree over the whole space, and what each feature explains of it. Inside of analysis/.
//
// Source: Hutter, Hoos, Leyton-Brown (ICML 2014), algorithm 2: the marginal of a feature at one of its values is the
// sum, over the leaves that hold the value, of prediction times the share that the leaf takes of all other features.
#pragma once

#include <span>
#include <vector>

#include "sweep/analysis/tree.h"

namespace sweep {

/// What a tree expects along one feature, all others varying: a step function.
struct Marginal {
  std::vector<double> bounds;   ///< ordered: where the steps begin, and the end of the line; else empty
  std::vector<double> weights;  ///< share of all draws of each step, or level
  std::vector<double> means;    ///< less the tree's mean
};

struct Decomposition {
  double mean = 0, variance = 0;
  std::vector<Marginal> marginals;  ///< one a feature
  std::vector<double> alone;        ///< variance that each feature explains alone
};

Decomposition decompose(std::span<const Feature> features, std::span<const Leaf> leaves);

/// The share of feature number `f` that the box takes.
double share_of(const Feature& feature, const Box& box, std::size_t f);

/// The mean of a marginal between two places of the line, the tree's mean left out. Requires: low < high.
double mean_between(const Feature& feature, const Marginal& marginal, double low, double high);

}  // namespace sweep
