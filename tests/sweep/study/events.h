// Short names for events, for the tests of the fold and of the decision.
#pragma once

#include <string>

#include "sweep/study/printed.h"
#include "sweep/study/study.h"

namespace events {

inline sweep::TrialPlanned planned(std::uint64_t index, const std::string& id = {}) {
  return {index, 0, id.empty() ? "trial" + std::to_string(index) : id, core::Json::object(), 7, std::nullopt};
}

inline sweep::TrialPlanned repeat(std::uint64_t index, std::uint64_t of) {
  sweep::TrialPlanned event = planned(index, "trial" + std::to_string(of));
  event.repeats_index = of;
  return event;
}

inline sweep::AttemptOrdered ordered(std::uint64_t index, std::uint32_t attempt = 0) {
  return {index, attempt, "cpu:0", "cpu", "", "next in order"};
}

inline sweep::TrainerSaid said(std::uint64_t index, std::uint32_t attempt, decltype(protocol::Event::body) body) {
  protocol::Event event;
  event.body = std::move(body);
  return {index, attempt, std::move(event)};
}

inline sweep::TrainerSaid started(std::uint64_t index, std::uint32_t attempt, std::uint64_t resumed_from) {
  return said(index, attempt, protocol::Started{1, "t", resumed_from, core::Json::object()});
}

inline sweep::TrainerSaid metric(std::uint64_t index, std::uint32_t attempt, std::uint64_t step, double value) {
  return said(index, attempt, protocol::MetricValues{step, step, {{"loss", value}, {"other", value + 1}}});
}

/// One step, one tensor.
inline sweep::TrainerSaid trace(std::uint64_t index, std::uint32_t attempt, std::uint64_t step, std::uint64_t weights) {
  return said(index, attempt, protocol::Trace{step, step, {"w"}, {weights}, {step}});
}

inline sweep::TrainerSaid checkpoint(std::uint64_t index, std::uint32_t attempt, std::uint64_t step) {
  return said(index, attempt, protocol::Checkpoint{step, "last", "last-" + std::to_string(step), "0"});
}

inline sweep::AttemptEnded ended(std::uint64_t index, std::uint32_t attempt, protocol::Outcome outcome) {
  return {index, attempt, outcome, "", 1.5, false};
}

inline sweep::AttemptEnded asked_again(std::uint64_t index, std::uint32_t attempt) {
  return {index, attempt, protocol::Outcome::kCancelled, "exit code 75", 1.5, true};
}

inline protocol::Metric loss(protocol::Reduce reduce = protocol::Reduce::kBest) {
  return {"loss", protocol::Goal::kMinimize, reduce};
}

template <class... Events>
sweep::Study fold(sweep::Terms terms, const Events&... all) {
  sweep::Study study(std::move(terms));
  (study.apply(all), ...);
  return study;
}

template <class... Events>
sweep::Study fold(protocol::Metric metric_of_sweep, const Events&... all) {
  return fold(sweep::Terms{.metric = std::move(metric_of_sweep)}, all...);
}

/// A metric that was read from what the program prints.
inline sweep::TrainerSaid printed(std::uint64_t index, std::uint32_t attempt, std::uint64_t step, double value) {
  sweep::TrainerSaid event = metric(index, attempt, step, value);
  event.event = sweep::marked_as_printed(std::move(event.event));
  return event;
}

/// Plans where it is new, runs and ends a trial with one value.
inline void run(sweep::Study& study, std::uint64_t index, double value,
                protocol::Outcome outcome = protocol::Outcome::kCompleted) {
  while (study.trials().size() <= index) study.apply(planned(study.trials().size()));
  study.apply(ordered(index));
  study.apply(metric(index, 0, 1, value));
  study.apply(ended(index, 0, outcome));
}

}  // namespace events
