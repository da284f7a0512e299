// See reused.h.
#include "sweep/dispatch/reused.h"

#include "sweep/dispatch/life.h"

namespace sweep {

std::optional<TrialReused> result_of(const Store& store, const TrialPlace& place, std::uint64_t index,
                                     const std::optional<protocol::Metric>& metric) {
  Study alone(Terms{.metric = metric, .alone = true});
  // What was recorded as the outcome was judged by the other sweep's metric; this is what the program said itself.
  protocol::Outcome said = protocol::Outcome::kCompleted;
  store.read_trial(place, /*with_trace=*/false, [&](const StoredEvent& stored) {
    StudyEvent event = stored.event;
    if (const auto* from_trainer = std::get_if<TrainerSaid>(&event))
      if (const auto* finished = std::get_if<protocol::Finished>(&from_trainer->event.body)) said = finished->outcome;
    std::visit([](auto& e) { e.index = 0; }, event);
    alone.apply(event);
  });
  const TrialState* trial = alone.find(0);
  if (trial == nullptr || trial->phase != Phase::kEnded) return std::nullopt;
  TrialReused reused;
  reused.index = index;
  reused.from_sweep = place.sweep;
  reused.from_index = place.index;
  std::optional<double> last;
  if (metric && trial->final_values->contains(metric->name)) last = trial->final_values->at(metric->name);
  const protocol::Outcome recorded = *trial->outcome;
  const bool was_judged = recorded == protocol::Outcome::kCompleted || recorded == protocol::Outcome::kNoMetric ||
                          recorded == protocol::Outcome::kDiverged;
  reused.outcome = was_judged ? judge_metric(said, metric, last) : recorded;
  if (reused.outcome == recorded) reused.detail = trial->detail;
  if (reused.outcome == protocol::Outcome::kNoMetric) reused.detail = no_metric_detail(*metric);
  if (reused.outcome == protocol::Outcome::kDiverged && said != protocol::Outcome::kDiverged)
    reused.detail = diverged_detail(*metric);
  reused.value = trial->value;
  reused.epoch = trial->epoch;
  reused.step = trial->step;
  reused.at_value = *trial->at_value;
  reused.final_values = *trial->final_values;
  reused.last_step = trial->last_step;
  reused.weights_sha256 = trial->weights_sha256;
  return reused;
}

}  // namespace sweep
