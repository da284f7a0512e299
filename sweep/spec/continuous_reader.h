// The keys of a continuous distribution → Continuous, with its limits. Called by parameter_reader.cpp.
#pragma once

#include <optional>

#include "sweep/spec/distributions.h"
#include "sweep/spec/reading.h"

namespace sweep {

/// The largest and smallest quantile of the standard normal distribution that a draw can ask for, 1 − 2^-53 and 2^-53,
/// lie within ± this.
inline constexpr double kFarthestNormal = 8.3;

/// Nothing where it has errors. Requires: the keys of `parameter` are those of the form.
std::optional<Continuous> read_continuous(Reading& reading, const Member& parameter, const DistributionForm& form);

/// 'max' is not greater than 'min'.
void refuse_order(Reading& reading, const Member& parameter);

}  // namespace sweep
