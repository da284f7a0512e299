// Spearman's rank correlation. Inside of analysis/.
#pragma once

#include <optional>
#include <span>

namespace sweep {

/// Pearson's correlation of the ranks, ties at the middle of theirs: -1 … 1; nothing where one side has one value only.
/// Requires: as many of one as of the other, at most 2^20, none a NaN. Determinism: ranks are whole numbers, only the
/// last division and root round.
std::optional<double> spearman(std::span<const double> first, std::span<const double> second);

}  // namespace sweep
