// See overview.h.
#include "sweep/dispatch/overview.h"

#include "sweep/dispatch/dispatcher.h"

namespace sweep {
namespace {

void count_trials(const Study& study, SweepOverview& overview) {
  for (const TrialState& trial : study.trials()) {
    if (trial.phase != Phase::kEnded) continue;
    if (!study.is_surplus(trial.index))
      ++overview.outcomes[trial.repeats_index ? "repeat" : std::string(protocol::name(*trial.outcome))];
    else if (!trial.repeats_index)
      ++overview.surplus;
  }
}

}  // namespace

SweepOverview overview_of(const Study& study, const SweepRecord& sweep) {
  SweepOverview overview{sweep.id,     sweep.name,   sweep.file,    sweep.method, sweep.seed,      sweep.metric,
                         sweep.target, std::nullopt, sweep.repeats, sweep.trials, sweep.created_ms};
  overview.max_failures = study.terms().max_failures;
  overview.planned = study.trials().size();
  overview.wanted = study.wanted(sweep.trials);
  overview.ended = study.ended();
  overview.running.assign(study.running().begin(), study.running().end());
  overview.bound = study.bound();
  overview.guarded = study.guard().has_value();
  if (const TrialState* best = study.best())
    overview.best = SweepOverview::Best{best->trial, best->index, *study.best_value()};
  count_trials(study, overview);
  return overview;
}

SweepOverview read_overview(const Store& store, const SweepRecord& sweep) {
  SweepOverview overview = overview_of(load_study(store, sweep.id, Load::kToRank), sweep);
  overview.active_ms = store.last_event_ms(sweep.id).value_or(sweep.created_ms);
  return overview;
}

std::vector<SweepOverview> read_overviews(const Store& store) {
  std::vector<SweepOverview> overviews;
  for (const SweepRecord& sweep : store.sweeps()) overviews.push_back(read_overview(store, sweep));
  return overviews;
}

}  // namespace sweep
