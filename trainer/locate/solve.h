// Searches for a single wrong bit or value: more candidates than could each be trained under, so that they are told
// apart by the fingerprint's own structure, or by thousands of steps of a small network. Callers: locate_verb.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trainer/locate/stepper.h"

namespace trainer {

/// What a search has found: the step's fingerprints are the recorded ones, and the state behind it is known.
struct Solution {
  std::string kind, text;
  core::Json detail;
  CheckpointState after;
};

/// A family that could not be searched, and why.
struct Untried {
  std::string kind, why;
};

/// How many steps a search may train: about a minute's work of one core.
std::uint64_t step_budget(Stepper& stepper);

/// One flipped bit: of a weight or state after the step's update; of a weight, gradient or moment that the update alone
/// has seen; or of a weight before the step, where the network is small enough. Requires: a window of one step.
std::vector<Solution> solve_flip(Stepper& stepper, const StepPrints& recorded, std::vector<Untried>& untried);

/// One value of one sample of the batch, or one label. Requires: a window of one step.
std::vector<Solution> solve_value(Stepper& stepper, const StepPrints& recorded, std::vector<Untried>& untried);

}  // namespace trainer
