// Centres and scales the values of a data set by the mean and deviation of its training part. Callers: training/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/pixel_counts.h"

namespace trainer {

/// One entry a feature for tables, one a channel for images.
struct Normalisation {
  std::vector<double> mean;
  std::vector<double> deviation;  ///< population, at least an eighth of the range; 1 where all values are the same

  /// SHA-256 over the bits of both, as 64 hex digits.
  std::string digest() const;
};

/// From the given rows of the training part alone; `counts` are those of `data`. A column that is nearly always the
/// same (a pixel at the rim of a digit) has a deviation so small that its rare values would drown all others: it is
/// taken as an eighth of the range at least, so that no value of the training part ends farther than 8 from 0.
/// Bell-shaped columns are not touched. Requires: rows ascend. Determinism: double, in the order of `rows`; the mean
/// first, then the squares around it.
Normalisation fit_normalisation(const Dataset& data, const PixelCounts& counts, const std::vector<std::uint32_t>& rows);

/// What each byte becomes: mean.size() × 256.
std::vector<float> pixel_values(const Normalisation& normalisation);

/// Row by row: (value − mean) / deviation in double, rounded once. Shapes: rows × features.
std::vector<float> normalised(const Samples& samples, const Normalisation&, const std::vector<std::uint32_t>& rows);

}  // namespace trainer
