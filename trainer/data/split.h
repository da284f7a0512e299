// Which samples are trained on and which are held out. Callers: training/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "trainer/data/dataset.h"
#include "trainer/data/split_kind.h"

namespace trainer {

struct Split {
  std::vector<std::uint32_t> train;       ///< ascending
  std::vector<std::uint32_t> validation;  ///< ascending

  /// SHA-256 over both lists (each: its length, then its numbers, 4 bytes, lowest first), as 64 hex digits.
  std::string digest() const;
};

/// Holds out round(count · fraction) samples, chosen by a seeded permutation (purpose split): at least one where
/// fraction is above 0, and at least one remains. Determinism: a function of the arguments.
Split split_samples(std::uint32_t count, double fraction, std::uint64_t seed);

/// The same number in all, and of each class its share: its samples times the fraction rounded down, and one more for
/// those classes whose rounding took most, the lower class first among equals; no class loses its last sample. Which
/// ones of a class: the first in the permutation of split_samples(). Determinism: a function of the arguments.
Split stratified_split(const std::vector<std::int32_t>& labels, int classes, double fraction, std::uint64_t seed);

/// Splits the training part by the kind: tail takes the last round(count · fraction) samples, file those that are
/// listed, whatever the fraction; with fraction 0 nothing is held out, whatever the kind. Errors: UserError where the
/// data set has no classes to stratify, no file of indices, or one that does not fit it.
Split split_dataset(const Dataset&, SplitKind, double fraction, std::uint64_t seed);

}  // namespace trainer
