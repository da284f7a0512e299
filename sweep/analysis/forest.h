// The variance of the mean of many trees over the whole space, and what each feature explains of it. Inside of
// analysis/. What two do together says pairs.h.
//
// Source: as decomposition.h, of the forest's own function instead of each tree's: what single trees make up where
// trials are few (interactions above all) differs from tree to tree and averages out. What a feature explains alone is
// exact. What all features together leave is measured at kPoints drawn points: by the orthogonality of the parts the
// variance is the sum of the exact ones and of that rest, so that only the rest has an error of sampling.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "sweep/analysis/decomposition.h"

namespace sweep {

inline constexpr std::uint32_t kPoints = 8192;
/// Numbers of draws under Purpose::kForest that are no tree's bootstrap.
inline constexpr std::uint32_t kDrawOfRows = 0xffffff, kDrawOfPoints = 0xfffffe;

/// Shares of the forest's variance.
struct Explained {
  double variance = 0;        ///< of which they are
  std::vector<double> alone;  ///< one a feature
  double interactions = 0;    ///< what no feature explains alone

  double share(double part) const { return variance > 0 ? part / variance : 0; }
};

class Forest {
 public:
  /// Requires: the features outlive it.
  explicit Forest(std::span<const Feature> features);
  /// Requires: `decomposition` is the tree's.
  void add(Tree tree, const Decomposition& decomposition);
  /// `seed`: of the drawn points. All 0 where the forest is constant.
  Explained explain(std::uint64_t seed) const;

 private:
  struct Grown {
    std::vector<TreeNode> nodes;
    std::vector<double> values;  // of the leaves
  };

  Point draw_point(std::uint64_t seed, std::uint32_t number) const;
  double mean_square_rest(std::uint64_t seed, const std::vector<Marginal>& marginals) const;

  std::span<const Feature> features_;
  std::vector<Grown> trees_;
  double mean_ = 0;                                            // the sum of the trees' means
  std::vector<std::vector<std::pair<double, double>>> jumps_;  // ordered: where the sum of the marginals rises, by what
  std::vector<std::vector<double>> sums_;                      // else: the sum of the marginals of each level
};

}  // namespace sweep
