// `sweep-trainer locate`: which step of a record this machine does not reproduce, and what must have been otherwise for
// the record to be what it is. Callers: main.cpp; `sweep replay --locate` reads its lines. JSON lines on standard
// output; docs/trial-protocol.md describes them.
#pragma once

#include <cstdint>
#include <string>

#include "trainer/training/trial.h"

namespace trainer {

/// `record`: a file with the recorded events of the trial, a line each. `step`: where the record was seen to differ.
/// Errors: as run_trial; UserError where the record is of another network.
int locate(const TrialOrder& order, const std::string& record, std::uint64_t step);

}  // namespace trainer
