// Which samples are trained on and which are held out. Callers: training/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

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

}  // namespace trainer
