// What a trainer says in `started` of itself, of the machine and of what it is about to train. Callers: trial.cpp. What
// each field means for a comparison stands in the table of sweep/provenance/fields.h and in docs/reproducibility.md.
#pragma once

#include "core/json.h"
#include "protocol/trial_document.h"
#include "trainer/training/workspace.h"

namespace trainer {

/// MXCSR of this thread.
unsigned float_state();

struct Surroundings {
  Device& device;
  const Dataset& data;
  const PreparedData& prepared;
  std::size_t weights;
  unsigned float_state_at_start;
};

/// Requires: called on the thread that trains, with its floating-point state set; the document has a data set and a
/// configuration that was checked.
core::Json environment(const protocol::TrialDocument& document, const Surroundings& about);

/// Where its canonical JSON is longer than that, says the longest of its facts by the length and the SHA-256 of their
/// canonical JSON, as {"bytes", "sha256"}, one after the other until it is not: a thousand columns by name, the names
/// of classes. Whatever fits stays as it is.
void shorten(core::Json& environment, std::size_t most_bytes);

}  // namespace trainer
