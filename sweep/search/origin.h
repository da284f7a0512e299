// Where a trial's configuration comes from: which draw it is, which point of the grid, which quantile each parameter
// was asked for. For `sweep show`, which says it in words. Pure: the answer of trials.h, taken apart; a test puts it
// together again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/search/trials.h"

namespace sweep {

struct ParameterOrigin {
  enum class How {
    kOnly,      ///< it has one value
    kDigit,     ///< value number `digit` of the `count` that a grid has here, from 0
    kQuantile,  ///< the value below which a share `quantile` of all draws lies
  };
  std::string name;
  std::string distribution;  ///< as a file writes it
  How how = How::kOnly;
  std::uint64_t digit = 0;
  std::string count;  ///< in digits: it may be more than 64 bits hold
  double quantile = 0;
};

struct TrialOrigin {
  std::uint64_t draw = 0;               ///< which configuration: index / repeats
  std::uint32_t replicate = 0;          ///< which run of it
  std::optional<std::uint64_t> place;   ///< the number of its point in the grid's written order; nothing of a draw
  std::vector<ParameterOrigin> origin;  ///< by name
};

/// Requires: index < plan.count().
TrialOrigin origin_of(const TrialPlan& plan, std::uint64_t index);

}  // namespace sweep
