// `sweep-trainer trace`: what a step of a trial computes, tensor by tensor, so that two programs can be compared.
// Callers: main.cpp. JSON lines on standard output; docs/trial-protocol.md describes them.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/training/trial.h"

namespace trainer {

inline constexpr int kTraceVersion = 1;  ///< of names, digests and lines; --describe says it

/// One line for each step first … last, with the digest of everything that it computed.
/// Errors: as run_trial, and UserError for steps that the trial does not have.
int trace_steps(const TrialOrder& order, std::uint64_t first, std::uint64_t last);

/// One line for each tensor of a step, and one with its fingerprints as a record has them. Before the step's own
/// tensors stand the weights and moments that it begins with.
int trace_tensors(const TrialOrder& order, std::uint64_t step);

/// The bits of one of those tensors, 4 bytes an element, lowest first, into `file`. Errors: also UserError for a name
/// that the step does not have, EnvironmentError where the file cannot be written.
int trace_values(const TrialOrder& order, std::uint64_t step, const std::string& tensor, const std::string& file);

}  // namespace trainer
