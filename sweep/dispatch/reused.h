// The result of a trial that another sweep of the store ran. Called by the loop, and where a sweep is judged by another
// metric. Starts nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/trial_document.h"
#include "sweep/store/store.h"
#include "sweep/study/study.h"

namespace sweep {

/// The result of a trial that ended in another sweep of the store, folded anew under `metric`; nothing where that trial
/// did not end with a result that may be reused.
std::optional<TrialReused> result_of(const Store& store, const TrialPlace& place, std::uint64_t index,
                                     const std::optional<protocol::Metric>& metric);

}  // namespace sweep
