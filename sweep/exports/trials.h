// The trials of a sweep as exports need them: state, when it ran, and its metrics step by step, with the time at which
// each was recorded. Called by exports.cpp. Reads the store, one trial at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sweep/store/store.h"

namespace sweep {

struct MetricPoint {
  std::uint64_t step = 0;
  std::int64_t time_ms = 0;  ///< Unix time
  std::map<std::string, double> values;
};

struct ExportedTrial {
  TrialState state;
  std::string outcome;          ///< as in a report
  std::int64_t started_ms = 0;  ///< Unix time; 0 where it has not started. Of a result that was reused: of the run
  std::int64_t ended_ms = 0;    ///< 0 where it has not ended
  /// By step: what counts of its attempts; a program that came to a step again gives another point of it.
  std::vector<MetricPoint> points;
};

/// The value by which the table ranks the trial; nothing where it has no rank.
std::optional<double> ranked_value(const TrialState& trial);

/// Calls `visit` for each trial up to the end of the sweep, by index. Returns how many lie beyond it.
std::uint64_t read_exported_trials(const Store& store, const std::string& sweep,
                                   const std::function<void(const ExportedTrial&)>& visit);

}  // namespace sweep
