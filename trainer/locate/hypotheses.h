// The hypotheses, by family. Callers: locate_verb.cpp. Each family is a list made for the trial and the step at hand;
// none of them trains.
#pragma once

#include <vector>

#include "trainer/locate/hypothesis.h"
#include "trainer/locate/stepper.h"

namespace trainer {

/// Another seed: ±1, 0.
std::vector<Hypothesis> seed_hypotheses(Stepper& stepper);

/// Every number of the configuration one ulp up and down, as a double and as a float; the step's learning rate; other
/// numbers of epochs, where they give the step another rate.
std::vector<Hypothesis> setting_hypotheses(Stepper& stepper);

/// Denormals flushed, contraction, sums in another order, masks drawn for something else, statistics of something else:
/// of the ops that the step calls.
std::vector<Hypothesis> op_hypotheses(Stepper& stepper);

/// The samples normalised by mean and deviation an ulp away, or of other rows.
std::vector<Hypothesis> normalisation_hypotheses(Stepper& stepper);

/// Batches whose fingerprint is the recorded one: swapped, replaced, reversed samples, batches of another place.
std::vector<Hypothesis> batch_hypotheses(Stepper& stepper, std::uint64_t recorded);

}  // namespace trainer
