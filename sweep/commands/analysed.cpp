// See analysed.h.
#include "sweep/commands/analysed.h"

#include <algorithm>
#include <charconv>
#include <deque>

#include "sweep/dispatch/dispatcher.h"
#include "sweep/dispatch/prepare.h"

namespace sweep {

std::uint64_t seed_of_analysis(const SweepRecord& sweep) {
  std::uint64_t seed = 0;
  const std::size_t digits = std::min<std::size_t>(sweep.id.size(), 16);
  std::from_chars(sweep.id.data(), sweep.id.data() + digits, seed, 16);
  return seed;
}

Analysis analysis_of(const Store& store, const SweepRecord& sweep, const Study& study, const std::vector<Row>& rows,
                     const std::optional<protocol::Metric>& metric, bool pairs) {
  const AnalysisOptions options{seed_of_analysis(sweep), metric && metric->goal == protocol::Goal::kMaximize, pairs};
  std::vector<Observation> observations;
  std::deque<core::Json> configs;  // of forgotten trials
  for (const Row* row : analysed_rows(rows, options.seed)) {
    const TrialState& trial = *row->trial;
    const core::Json* config = &trial.config;
    if (trial.is_forgotten) config = &configs.emplace_back(load_trial(store, sweep.id, study, trial.index).config);
    observations.push_back({trial.index, *row->value(), config});
  }
  return analyse(recorded_spec(sweep), observations, count_ranked(rows), options);
}

}  // namespace sweep
