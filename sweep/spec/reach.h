// Where the values of a distribution lie, to hold them against a hyperparameter's range. Called by hyperparameters.cpp.
#pragma once

#include <optional>

#include "sweep/spec/spec.h"

namespace sweep {

/// The values that a distribution draws, but for one in a million at either end.
struct Reach {
  double low = 0, high = 0;
  bool whole = false;   ///< every value is an integer, if perhaps as a float
  bool bounds = false;  ///< low and high are 'min' and 'max' as they stand in the file
};

/// Nothing for constants and lists of values.
std::optional<Reach> reach_of(const Distribution& distribution);

}  // namespace sweep
