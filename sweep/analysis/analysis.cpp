// See analysis.h: the rows that are read, and what the trees of a forest say, averaged.
#include "sweep/analysis/analysis.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/philox.h"
#include "sweep/analysis/decomposition.h"
#include "sweep/analysis/effects.h"
#include "sweep/analysis/features.h"
#include "sweep/analysis/forest.h"
#include "sweep/analysis/pairs.h"
#include "sweep/analysis/spearman.h"

namespace sweep {
namespace {

// Numbers of the trees, one by one.
class Average {
 public:
  void add(double x) { numbers_.push_back(x); }
  double mean() const {
    double sum = 0;
    for (const double x : numbers_) sum += x;
    return numbers_.empty() ? 0 : sum / static_cast<double>(numbers_.size());
  }
  double deviation() const {
    if (numbers_.size() < 2) return 0;
    const double middle = mean();
    double sum = 0;
    for (const double x : numbers_) sum += (x - middle) * (x - middle);
    return std::sqrt(sum / static_cast<double>(numbers_.size() - 1));
  }

 private:
  std::vector<double> numbers_;
};

// Values of the metric as shares of the way from the smallest to the largest: no square of them overflows.
class Scale {
 public:
  explicit Scale(std::span<const Observation> observations) {
    const auto [least, most] =
        std::minmax_element(observations.begin(), observations.end(),
                            [](const Observation& a, const Observation& b) { return a.value < b.value; });
    least_ = least->value;
    half_range_ = most->value / 2 - least_ / 2;
  }
  bool is_point() const { return half_range_ == 0; }
  double share(double value) const { return (value / 2 - least_ / 2) / half_range_; }
  double value(double share) const { return 2 * (least_ / 2 + share * half_range_); }
  double length(double share) const { return 2 * (share * half_range_); }

 private:
  double least_ = 0, half_range_ = 0;
};

struct Work {
  std::vector<Feature> features;
  std::vector<std::vector<Part>> parts;            // of each feature
  std::vector<std::vector<Average>> expectations;  // of each part
  std::vector<Average> alone;                      // of each feature: its share of a tree's variance
  Explained forest;
  std::vector<double> values, means;  // of the trials, as shares; of the trees
};

void add_tree(Work& work, const Decomposition& tree) {
  for (std::size_t f = 0; f < work.features.size(); ++f)
    for (std::size_t i = 0; i < work.parts[f].size(); ++i)
      work.expectations[f][i].add(expected(work.features[f], work.parts[f][i], tree.mean, tree.marginals[f]));
  if (tree.variance <= 0) return;  // its sample had one value only
  for (std::size_t f = 0; f < tree.alone.size(); ++f) work.alone[f].add(tree.alone[f] / tree.variance);
}

std::optional<double> correlation(const Feature& feature, std::span<const Observation> observations) {
  std::vector<double> numbers, values;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const bool is_set = !(feature.unset && feature.place[i] == *feature.unset);
    if (!is_set) continue;
    if (!feature.numbers[i] && !feature.is_ordered) return std::nullopt;  // a choice of words
    if (!feature.numbers[i]) continue;
    numbers.push_back(*feature.numbers[i]);
    values.push_back(observations[i].value);
  }
  return spearman(numbers, values);
}

ParameterAnalysis parameter_of(const Work& work, std::size_t f, std::span<const Observation> observations,
                               const Scale& scale, bool maximize) {
  ParameterAnalysis parameter;
  parameter.name = work.features[f].name;
  parameter.importance = work.forest.alone[f];
  parameter.deviation = work.alone[f].deviation();
  parameter.spearman = correlation(work.features[f], observations);
  for (std::size_t i = 0; i < work.parts[f].size(); ++i) {
    Effect effect = work.parts[f][i].effect;
    effect.mean = scale.value(work.expectations[f][i].mean());
    effect.deviation = scale.length(work.expectations[f][i].deviation());
    parameter.effects.push_back(std::move(effect));
    const Effect& last = parameter.effects.back();
    if (last.trials == 0) continue;
    const auto& best = parameter.best_effect;
    if (!best || (maximize ? last.mean > parameter.effects[*best].mean : last.mean < parameter.effects[*best].mean))
      parameter.best_effect = i;
  }
  return parameter;
}

// The numbers of the features that explain most alone, ties by name; ascending.
std::vector<std::size_t> most_important(const Work& work, std::size_t most) {
  std::vector<std::size_t> chosen(work.features.size());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  const std::vector<double>& alone = work.forest.alone;
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) { return alone[a] > alone[b]; });
  chosen.resize(std::min(chosen.size(), most));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

// Which features matter is known when all trees are there. They are grown again: that takes little time, and to keep
// their leaves much memory.
std::vector<PairAnalysis> pairs_of(const Work& work, std::uint64_t seed) {
  Pairs found(work.features, most_important(work, kMostPaired));
  for (std::uint32_t number = 0; number < kTrees; ++number)
    found.add(grow_tree(work.features, work.values, seed, number).leaves, work.means[number]);
  std::vector<PairAnalysis> pairs;
  for (const Pairs::Pair& pair : found.explain())
    pairs.push_back(
        {work.features[pair.first].name, work.features[pair.second].name, work.forest.share(pair.variance)});
  return pairs;
}

template <class Important>
void sort_by_importance(std::vector<Important>& items) {
  std::stable_sort(items.begin(), items.end(),
                   [](const Important& a, const Important& b) { return a.importance > b.importance; });
}

Work grow_forest(const Spec& spec, std::span<const Observation> observations, std::vector<Feature> features,
                 const Scale& scale, const AnalysisOptions& options) {
  Work work;
  work.features = std::move(features);
  work.alone.resize(work.features.size());
  for (const Feature& feature : work.features) {
    work.parts.push_back(parts_of(spec, feature, observations, options.maximize));
    work.expectations.emplace_back(work.parts.back().size());
  }
  for (const Observation& observation : observations) work.values.push_back(scale.share(observation.value));
  Forest forest(work.features);
  for (std::uint32_t number = 0; number < kTrees; ++number) {
    Tree tree = grow_tree(work.features, work.values, options.seed, number);
    const Decomposition decomposition = decompose(work.features, tree.leaves);
    add_tree(work, decomposition);
    work.means.push_back(decomposition.mean);
    forest.add(std::move(tree), decomposition);
  }
  work.forest = forest.explain(options.seed);
  return work;
}

}  // namespace

std::uint64_t draw_of_row(const Row& row, std::uint64_t seed) {
  const std::uint64_t index = row.trial->index;
  const core::Philox4 bits =
      core::random_bits(seed, core::Purpose::kForest, kDrawOfRows, static_cast<std::uint32_t>(index >> 32),
                        static_cast<std::uint32_t>(index));
  return (std::uint64_t{bits.word[0]} << 32) | bits.word[1];
}

std::vector<const Row*> analysed_rows(const std::vector<Row>& rows, std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, const Row*>> drawn;
  for (const Row& row : rows) {
    if (row.standing == Standing::kRanked) drawn.emplace_back(draw_of_row(row, seed), &row);
  }
  const auto by_index = [](const auto& a, const auto& b) { return a.second->trial->index < b.second->trial->index; };
  std::sort(drawn.begin(), drawn.end(), by_index);
  if (drawn.size() > kMostTrials) {
    std::stable_sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    drawn.resize(kMostTrials);
    std::sort(drawn.begin(), drawn.end(), by_index);
  }
  std::vector<const Row*> chosen;
  for (const auto& [bits, row] : drawn) chosen.push_back(row);
  return chosen;
}

RankedRows count_ranked(const std::vector<Row>& rows) {
  RankedRows ranked;
  for (const Row& row : rows) {
    if (row.standing != Standing::kRanked) continue;
    ++ranked.rows;
    ranked.trials += row.trials().size();
  }
  return ranked;
}

Analysis analyse(const Spec& spec, std::span<const Observation> observations, const RankedRows& ranked,
                 const AnalysisOptions& options) {
  Analysis analysis;
  analysis.ranked = ranked.rows;
  analysis.ranked_trials = ranked.trials;
  analysis.trials = observations.size();
  const auto nothing = [&](std::string why) {
    analysis.nothing = std::move(why);
    return analysis;
  };
  const std::string one = spec.repeats > 1 ? "configuration" : "trial";
  const std::size_t n = observations.size();
  if (n == 0) return nothing("no " + one + " has a rank");
  if (n < kFewestTrials)
    return nothing("only " + std::to_string(n) + " of the " + one + "s " + (n == 1 ? "has" : "have") +
                   " a rank, and it takes " + std::to_string(kFewestTrials));
  const Scale scale(observations);
  if (scale.is_point()) return nothing("all ranked " + one + "s have the same value");
  std::vector<Feature> features = features_of(spec, observations);
  if (features.empty()) return nothing("no parameter varies among the ranked " + one + "s");
  const Work work = grow_forest(spec, observations, std::move(features), scale, options);
  for (std::size_t f = 0; f < work.features.size(); ++f)
    analysis.parameters.push_back(parameter_of(work, f, observations, scale, options.maximize));
  if (options.pairs) {
    analysis.paired = std::min<std::uint64_t>(work.features.size(), kMostPaired);
    analysis.pairs = pairs_of(work, options.seed);
  }
  analysis.interactions = work.forest.interactions;
  sort_by_importance(analysis.parameters);
  sort_by_importance(analysis.pairs);
  return analysis;
}

}  // namespace sweep
