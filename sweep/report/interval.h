// How sure the mean of a configuration is, and whether two means can be told apart. Called by the table and the
// Markdown. Pure; for people, who see two digits of it: nothing ranks by it.
#pragma once

#include <optional>

#include "sweep/study/replicates.h"

namespace sweep {

/// Half the width of the 95 % confidence interval of the mean: s / √n times Student's t with n − 1 degrees of freedom.
/// Nothing where n < 2. Source: Student, "The probable error of a mean" (1908).
std::optional<double> half_width(const Spread& spread);

/// Whether Welch's t-test tells the two means apart, two-sided, at 5 %; nothing where one of them is of one value.
/// Values without any scatter are told apart where their means differ.
/// Source: Welch, "The generalization of 'Student's' problem when several different population variances are involved"
/// (1947).
std::optional<bool> tells_apart(const Spread& a, const Spread& b);

}  // namespace sweep
