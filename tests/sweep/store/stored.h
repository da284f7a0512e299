// A sweep and a story of its events for tests of the store, and the lines of what a store gives back.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "sweep/store/event_text.h"
#include "sweep/store/store.h"
#include "tests/sweep/study/events.h"

inline sweep::SweepRecord record(const std::string& id = "a1b2c3d4e5f60718") {
  sweep::SweepRecord sweep;
  sweep.id = id;
  sweep.name = "quick";
  sweep.file = "quick.json";
  sweep.text = "{}";
  sweep.overrides = core::Json::object();
  sweep.identity = {{"trainer", "t"}};
  sweep.method = "random";
  sweep.seed = std::numeric_limits<std::uint64_t>::max();
  sweep.metric = events::loss();
  sweep.trials = 2;
  return sweep;
}

inline std::vector<sweep::StudyEvent> story() {
  sweep::TrialReused reused;
  reused.index = 1;
  reused.from_sweep = "b";
  reused.from_index = 4;
  reused.value = 0.1;
  reused.final_values = {{"loss", std::numeric_limits<double>::infinity()}};
  return {events::planned(0),
          events::planned(1),
          events::ordered(0),
          events::started(0, 0, 0),
          events::trace(0, 0, 1, 99),
          events::metric(0, 0, 1, 0.1),
          events::checkpoint(0, 0, 1),
          events::said(0, 0, protocol::OtherEvent{"mood"}),
          events::ended(0, 0, protocol::Outcome::kCompleted),
          reused};
}

inline std::vector<std::string> lines(const sweep::Store& store, const std::string& sweep, sweep::Traces traces) {
  std::vector<std::string> result;
  store.read_events(sweep, traces, [&](const sweep::StoredEvent& stored) {
    const sweep::EventText text = sweep::to_text(stored.event);
    result.push_back(text.kind + " " + std::to_string(text.index) + " " + text.line);
  });
  return result;
}

inline std::vector<std::string> lines(const std::vector<sweep::StudyEvent>& events) {
  std::vector<std::string> result;
  for (const sweep::StudyEvent& event : events) {
    const sweep::EventText text = sweep::to_text(event);
    result.push_back(text.kind + " " + std::to_string(text.index) + " " + text.line);
  }
  return result;
}
