// The samples of a trial as they were before they were normalised, and by what they were. Callers: the searches of this
// folder that ask whether they were other ones.
#pragma once

#include <span>
#include <vector>

#include "trainer/data/normalise.h"
#include "trainer/data/split.h"
#include "trainer/training/open_trial.h"

namespace trainer {

struct RawData {
  /// Requires: the trial's data set is still in memory (Workspace::For::kManyTrials), and no text.
  explicit RawData(OpenTrial& trial)
      : data(trial.data),
        train(split_dataset(data, trial.hyperparameters.split, trial.hyperparameters.validation_fraction,
                            trial.order.document.seed)
                  .train),
        counts(data),
        normalisation(fit_normalisation(data, counts, train)) {}

  /// Of the data set's training file, from samples of the training part.
  std::vector<std::uint32_t> rows(std::span<const std::uint32_t> samples) const {
    std::vector<std::uint32_t> list;
    for (const std::uint32_t sample : samples) list.push_back(train[sample]);
    return list;
  }
  float normalised_value(double value, int feature) const {
    const std::size_t group = static_cast<std::size_t>(feature) % normalisation.mean.size();
    return static_cast<float>((value - normalisation.mean[group]) / normalisation.deviation[group]);
  }

  const Dataset& data;
  std::vector<std::uint32_t> train;
  PixelCounts counts;
  Normalisation normalisation;
};

}  // namespace trainer
