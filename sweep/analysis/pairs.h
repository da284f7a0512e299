// What two features explain together of a forest's variance, beyond what each does alone. Inside of analysis/.
//
// Source: as forest.h. The marginal of two features is kept on a grid of places, each the middle of a cell: of a pair
// that takes work for each leaf and each cell, so only the pairs of a few features are looked at.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sweep/analysis/tree.h"

namespace sweep {

class Pairs {
 public:
  struct Pair {
    std::size_t first, second;
    double variance;
  };

  /// `chosen`: the numbers of the features whose pairs are looked at, ascending. Requires: the features outlive it.
  Pairs(std::span<const Feature> features, std::vector<std::size_t> chosen);
  /// `mean`: the tree's.
  void add(std::span<const Leaf> leaves, double mean);
  /// Of the mean of all trees.
  std::vector<Pair> explain() const;

 private:
  /// Sums of the trees' predictions, less their mean.
  struct Grid {
    std::size_t first, second;
    std::vector<double> cells;
  };
  struct Covered;

  std::size_t places(std::size_t feature) const;
  double weight_of_place(std::size_t feature, std::size_t place) const;
  std::vector<Covered> covered(std::span<const Leaf> leaves, double mean) const;
  void add_to(Grid& grid, const std::vector<Covered>& leaves) const;
  double variance_of(const Grid& grid) const;

  std::span<const Feature> features_;
  std::vector<std::size_t> chosen_;
  std::vector<Grid> grids_;
  double trees_ = 0;
};

}  // namespace sweep
