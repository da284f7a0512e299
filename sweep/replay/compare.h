// Two records of one trial, compared bit for bit: metrics, every step's fingerprints, the final weights' digest. Called
// by replay/replay.h while the second one is being made, and by tests. Pure: no process, no file, no clock.
//
// How the events were cut into lines, in how many attempts they came, and checkpoints (they follow the clock) are no
// part of a comparison.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event.h"
#include "sweep/provenance/fields.h"
#include "sweep/replay/trial_record.h"
#include "sweep/replay/verdict.h"

namespace sweep {

/// Compares a stream of replayed events with a record as they arrive.
class Comparator {
 public:
  /// `all`: go on after the first difference.
  Comparator(TrialRecord recorded, bool all) : recorded_(std::move(recorded)), all_(all) {}

  /// False once nothing more needs to be replayed: the first difference is known (and `all` is off), no claim is
  /// possible, or the record goes no further. A difference counts as the first only when the fingerprints of every step
  /// before it have been seen.
  bool add(const protocol::Event& replayed);

  /// Several that arrived together, in order.
  bool add(const std::vector<protocol::Event>& replayed);

  /// The last replayed step with fingerprints.
  std::uint64_t traced_until() const { return traced_until_; }

  /// The verdict. `ended`: how the replay ended; nothing where it was stopped from outside. Requires: called once,
  /// last.
  Comparison finish(std::optional<protocol::Outcome> ended, const std::string& detail);

 private:
  void compare(const protocol::Event& replayed);
  void add_started(const protocol::Started& replayed);
  void add_trace(const protocol::Trace& replayed);
  void compare_step(std::uint64_t step, const protocol::Trace* recorded, const protocol::Trace& replayed);
  void add_metrics(const protocol::MetricValues& replayed);
  void add_finished(const protocol::Finished& replayed);
  void add_sent(std::uint64_t step, const std::map<std::string, std::string>& replayed);
  void add_algorithms(const protocol::Event& replayed);
  void forbid(std::string field, std::string recorded, std::string replayed);
  void find_missing(protocol::Outcome ended);
  void find_missing_metrics();
  void find_missing_sent();
  bool may_lack(std::uint64_t step, std::uint64_t last);
  void differ(Difference difference);

  TrialRecord recorded_;
  bool all_;
  std::uint64_t traced_until_ = 0;
  MetricLines replayed_metrics_;
  SentFingerprints replayed_sent_;
  std::vector<protocol::Event> printed_;  ///< not compared yet: an event of the program's own would overrule them
  bool replayed_finished_ = false;
  std::vector<FieldDifference> other_trial_;  ///< fields that follow from what the trial is, and differ all the same
  bool died_earlier_ = false;                 ///< than the recorded one, which died too
  bool past_record_ = false;                  ///< the record, which has no end, has been compared whole
  Comparison comparison_;
};

}  // namespace sweep
