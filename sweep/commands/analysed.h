// The analysis of a recorded sweep: its ranked trials, read from the store where the study has forgotten them. Called
// by `sweep importance` and by the HTML report.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/trial_document.h"
#include "sweep/analysis/analysis.h"
#include "sweep/rank/rank.h"
#include "sweep/store/store.h"

namespace sweep {

/// The first 64 bits of the sweep's id: the same sweep draws the same trees and the same sample.
std::uint64_t seed_of_analysis(const SweepRecord& sweep);

/// `rows`: of the study, ranked by `metric`.
Analysis analysis_of(const Store& store, const SweepRecord& sweep, const Study& study, const std::vector<Row>& rows,
                     const std::optional<protocol::Metric>& metric, bool pairs);

}  // namespace sweep
