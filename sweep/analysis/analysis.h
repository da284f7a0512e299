// What the metric of a sweep depends on: how much of its variance each parameter explains, what each of a parameter's
// values does, and which way it goes. Called by commands/ for report/, which prints it. Pure: no clock, no file.
//
// Source: Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (ICML 2014):
// functional ANOVA of a random forest, its marginals exact sums over the leaves. "All of a parameter's values" means
// as the sweep file draws them: a log_uniform counts by decades, an unlikely choice little.
// Determinism: our own arithmetic, sums in a fixed order, draws by Philox from options.seed: the same table gives the
// same bits. docs/analysis.md says how to read it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "sweep/rank/rank.h"
#include "sweep/spec/spec.h"

namespace sweep {

inline constexpr std::uint64_t kFewestTrials = 8;   ///< with a rank; of fewer nothing is said
inline constexpr std::uint64_t kMostTrials = 4000;  ///< of more a sample is analysed
inline constexpr std::uint32_t kTrees = 64;
inline constexpr std::size_t kMostPaired = 12;  ///< parameters whose pairs are looked at: the most important ones

/// One trial (with repeats one configuration) as far as an analysis reads it.
struct Observation {
  std::uint64_t index = 0;
  double value = 0;  ///< of the metric, finite
  const core::Json* config = nullptr;
};

struct AnalysisOptions {
  std::uint64_t seed = 0;
  bool maximize = false;  ///< the metric's goal
  bool pairs = false;     ///< interactions of two parameters as well
};

/// Some values of a parameter, and what they do to the metric.
struct Effect {
  core::Json from, to;   ///< the same where it is one value; both null where the parameter is not set
  double share = 0;      ///< of all that the sweep file draws
  double mean = 0;       ///< what the forest expects here, all other parameters varying; in units of the metric
  double deviation = 0;  ///< of that over the trees
  std::uint64_t trials = 0;
  std::optional<double> best;  ///< value of the best of these trials, and its index
  std::uint64_t best_index = 0;
};

struct ParameterAnalysis {
  std::string name;
  double importance = 0;           ///< share of the variance that it explains alone, 0 … 1
  double deviation = 0;            ///< of a single tree's over the trees
  std::optional<double> spearman;  ///< with the metric's value; of a parameter that has numbers, and not only one
  std::vector<Effect> effects;     ///< each choice, each of a few values, or eight equally likely ranges
  std::optional<std::size_t> best_effect;  ///< of those that have trials, the one with the best mean
};

struct PairAnalysis {
  std::string first, second;
  double importance = 0;  ///< share of the variance that the two explain together beyond what each does alone
};

struct Analysis {
  std::string nothing;  ///< why there is nothing to say, in words; then all below but the counts is empty
  /// With repeats a configuration counts once, here and in the effects.
  std::uint64_t ranked = 0;                   ///< trials that could be analysed
  std::uint64_t trials = 0;                   ///< that were
  std::uint64_t ranked_trials = 0;            ///< how many trials `ranked` stands for
  std::vector<ParameterAnalysis> parameters;  ///< those that vary: by importance, ties by name
  std::uint64_t paired = 0;                   ///< of how many of them, the first ones, the pairs were looked at
  std::vector<PairAnalysis> pairs;            ///< by importance, ties by name
  double interactions = 0;                    ///< what no parameter explains alone
};

/// A number that is drawn for a row by its index. Who wants a sample takes the rows with the smallest ones, so that two
/// samples under one seed have most of their rows in common.
std::uint64_t draw_of_row(const Row& row, std::uint64_t seed);

/// The ranked rows that an analysis reads, by index: all, or kMostTrials of them, drawn by `seed`.
std::vector<const Row*> analysed_rows(const std::vector<Row>& rows, std::uint64_t seed);

/// How many rows an analysis could read, and of how many trials they are: more with repeats.
struct RankedRows {
  std::uint64_t rows = 0, trials = 0;
};
RankedRows count_ranked(const std::vector<Row>& rows);

/// Requires: observations of distinct trials of the spec, by index. `ranked`: of how many they were drawn.
Analysis analyse(const Spec& spec, std::span<const Observation> observations, const RankedRows& ranked,
                 const AnalysisOptions& options);

}  // namespace sweep
