// What a store, or a capsule, holds of one trial: the stream of its events that counts. Made of the attempts' events,
// read by Comparator (compare.h) and by whoever looks for where two records part. Pure: no process, no file, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "protocol/event.h"
#include "sweep/study/study.h"

namespace sweep {

/// Metrics by step; a program that comes to a step again gives another line of it (metric_lines.h).
using MetricLines = std::map<std::uint64_t, std::vector<std::map<std::string, double>>>;

/// Adds a metric event; returns which line of its step it is.
std::size_t add_line(MetricLines& all, const protocol::MetricValues& values);
/// A line of a step, or nullptr.
const std::map<std::string, double>* find_line(const MetricLines& all, std::uint64_t step, std::size_t occurrence);

/// By step, what a program of the user's says of its state in events named `fingerprint`: each value as canonical JSON.
using SentFingerprints = std::map<std::uint64_t, std::map<std::string, std::string>>;

/// The step and the values of such an event; nothing where it is another one, or not of that form.
std::optional<std::pair<std::uint64_t, std::map<std::string, std::string>>> sent_fingerprint(
    const protocol::Event& event);

/// The choices of such an event, by operation; none where it is another one, or not of that form.
std::map<std::string, core::Json> said_algorithms(const protocol::Event& event);

/// The stream of events of a trial that counts: the last attempt's, continued backwards from the step that its
/// `started` names in resumed_from. Ordered by what happened, not by attempt.
struct TrialRecord {
  std::string trainer;                              ///< identity, as the last attempt said it
  core::Json environment = core::Json::object();    ///< as the last attempt said it
  std::string numerics = "portable-1";              ///< set by the caller
  std::optional<protocol::Outcome> outcome;         ///< of the trial; set by the caller, nothing while it goes on
  std::map<std::uint64_t, protocol::Trace> traces;  ///< by first step; they do not overlap
  MetricLines metrics;
  SentFingerprints sent;
  std::map<std::string, core::Json> algorithms;  ///< by operation, what fast-1 chose for it
  std::optional<protocol::Finished> finished;
  bool printed = false;  ///< its metrics were read from what the program prints
  bool cut = false;      ///< set by the caller: it was stopped because two of its attempts disagreed

  /// Requires: `said` by attempt, and in each as it came. Printed metrics that were overruled do not count.
  static TrialRecord from_attempts(const std::vector<TrainerSaid>& said);
  /// The trace that holds `step`, or nullptr.
  const protocol::Trace* trace_at(std::uint64_t step) const;
  /// The last step with fingerprints; 0 where there are none.
  std::uint64_t traced_until() const { return traces.empty() ? 0 : traces.rbegin()->second.to; }
  /// Whether the record goes to the trial's end, so that less than it is a difference.
  bool complete() const { return outcome && protocol::info(*outcome).determined && !cut; }
  /// Whether more than it is a difference, too. Not where the program died: how much of what it had done was out by
  /// then is no part of the result, so that less than it, at its end, is none either.
  bool closed() const { return complete() && outcome != protocol::Outcome::kFailed; }

 private:
  void add(const protocol::Event& event);
  void forget_after(std::uint64_t step);
};

}  // namespace sweep
