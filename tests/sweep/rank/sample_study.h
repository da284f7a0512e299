// Builds a Study out of events, as a store would give them: for the tests of rank/, report/ and commands/.
#pragma once

#include <cstdio>
#include <string>

#include "sweep/study/study.h"

namespace sample {

using sweep::Study;

inline protocol::Metric accuracy() { return {"val_accuracy", protocol::Goal::kMaximize, protocol::Reduce::kBest}; }
inline protocol::Metric loss() { return {"val_loss", protocol::Goal::kMinimize, protocol::Reduce::kBest}; }

/// Trial `index`, planned; its id is made of its index.
inline void plan(Study& study, std::uint64_t index, core::Json config = core::Json::object(),
                 std::optional<std::uint64_t> repeats = std::nullopt) {
  char id[17];
  std::snprintf(id, sizeof id, "7f3a9c00000000%02x", static_cast<unsigned>(repeats.value_or(index)));
  sweep::TrialPlanned planned;
  planned.index = index;
  planned.replicate = static_cast<std::uint32_t>(index % study.terms().repeats);
  planned.trial = id;
  planned.config = std::move(config);
  planned.seed = static_cast<std::uint32_t>(100 + index);
  planned.repeats_index = repeats;
  study.apply(planned);
}

inline std::uint32_t attempts(const Study& study, std::uint64_t index) {
  return static_cast<std::uint32_t>(study.find(index)->attempts.size());
}

/// The next attempt of a trial.
inline void start(Study& study, std::uint64_t index) {
  const std::uint32_t attempt = attempts(study, index);
  study.apply(sweep::AttemptOrdered{index, attempt, "cpu:0", "cpu", "", "next in order"});
  const protocol::Started started{1, "sweep-trainer/1:test", 0, {{"cpu", "test"}}};
  study.apply(sweep::TrainerSaid{index, attempt, {0, started, {}}});
}

/// One metric line of the attempt that runs. Lines are numbered by epoch; ten steps make an epoch.
inline void say(Study& study, std::uint64_t index, std::uint64_t epoch, std::map<std::string, double> values) {
  protocol::Event event;
  event.seq = epoch;
  event.body = protocol::MetricValues{10 * epoch, epoch, std::move(values)};
  study.apply(sweep::TrainerSaid{index, attempts(study, index) - 1, event});
}

inline void end(Study& study, std::uint64_t index, protocol::Outcome outcome, const std::string& detail = "") {
  sweep::AttemptEnded ended;
  ended.index = index;
  ended.attempt = attempts(study, index) - 1;
  ended.outcome = outcome;
  ended.detail = detail;
  ended.seconds = 1.5;
  study.apply(ended);
}

/// Plans, runs and ends a trial with one line of the study's metric; what is tried again is tried again.
inline void run(Study& study, std::uint64_t index, double value,
                protocol::Outcome outcome = protocol::Outcome::kCompleted, core::Json config = core::Json::object()) {
  plan(study, index, std::move(config));
  do {
    start(study, index);
    say(study, index, 1, {{study.metric()->name, value}});
    end(study, index, outcome);
  } while (study.find(index)->phase == sweep::Phase::kWaiting && !protocol::info(outcome).trial_goes_on);
}

}  // namespace sample
