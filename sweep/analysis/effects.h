// The parts of a parameter of which an analysis speaks: its choices, its values where they are few, or eight
// ranges that are equally likely; and for a part that trials leave unset, that. Inside of analysis/.
#pragma once

#include <span>
#include <vector>

#include "sweep/analysis/decomposition.h"

namespace sweep {

/// A part, and where it lies: a level, or a stretch of the line.
struct Part {
  Effect effect;  ///< from, to and share; with trials, best and best_index
  std::uint32_t level = 0;
  Stretch stretch;
};

std::vector<Part> parts_of(const Spec& spec, const Feature& feature, std::span<const Observation> observations,
                           bool maximize);

/// What a tree expects of a part, its mean included.
double expected(const Feature& feature, const Part& part, double tree_mean, const Marginal& marginal);

}  // namespace sweep
