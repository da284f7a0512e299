// Events of attempts of a small trial, recorded and replayed, for the tests of what a replay's verdict says.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sweep/replay/compare.h"

namespace streams {

using protocol::Event;
using protocol::MetricValues;
using protocol::Outcome;
using protocol::Trace;
using namespace sweep;

// A trial of `epochs` epochs of four steps, two tensors; the same numbers for the same step every time.
inline Trace trace(std::uint64_t from, std::uint64_t to) {
  Trace t{from, to, {"fc1.weight", "fc1.bias"}, {}, {}};
  for (std::uint64_t step = from; step <= to; ++step) {
    t.weights.push_back(1000 + step);
    t.weights.push_back(2000 + step);
    t.batch.push_back(3000 + step);
  }
  return t;
}

inline MetricValues metrics(std::uint64_t step) {
  return {step, step / 4, {{"val_loss", 1.0 / static_cast<double>(step)}, {"val_accuracy", 0.5}}};
}

// Events of one attempt, numbered.
struct Stream {
  std::vector<Event> events;

  template <class Body>
  Stream& say(Body body) {
    events.push_back({events.size(), std::move(body), {}});
    return *this;
  }
  Stream& start(std::uint64_t from = 0) {
    return say(protocol::Started{1, "sweep-trainer/1:abc", from, {{"cpu", "A"}}});
  }
  Stream& epoch(std::uint64_t number) { return say(trace(4 * number - 3, 4 * number)).say(metrics(4 * number)); }
  Stream& finish(std::uint64_t step, const std::string& digest = "d1ge57") {
    return say(protocol::Finished{Outcome::kCompleted, digest, step});
  }
};

inline Stream whole() { return Stream().start().epoch(1).epoch(2).epoch(3).finish(12); }

inline std::vector<TrainerSaid> attempts(const std::vector<Stream>& streams) {
  std::vector<TrainerSaid> said;
  for (std::uint32_t attempt = 0; attempt < streams.size(); ++attempt)
    for (const Event& event : streams[attempt].events) said.push_back({0, attempt, event});
  return said;
}

inline TrialRecord record(const std::vector<Stream>& streams, std::optional<Outcome> outcome = Outcome::kCompleted) {
  TrialRecord made = TrialRecord::from_attempts(attempts(streams));
  made.outcome = outcome;
  return made;
}

inline Comparison compare(TrialRecord recorded, const Stream& replayed, bool all = false,
                          std::optional<Outcome> ended = Outcome::kCompleted) {
  Comparator comparator(std::move(recorded), all);
  for (const Event& event : replayed.events)
    if (!comparator.add(event)) return comparator.finish(Outcome::kCancelled, "");
  return comparator.finish(ended, "");
}

inline std::string texts(const Comparison& comparison) {
  std::string text(name(comparison.verdict));
  for (const std::string& reason : comparison.reasons) text += "\n" + reason;
  for (const Difference& difference : comparison.differences) text += "\n" + difference.text();
  return text;
}

template <class Body>
Body& body(Stream& stream, std::size_t event) {
  return std::get<Body>(stream.events[event].body);
}

}  // namespace streams
